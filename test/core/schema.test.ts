import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { UserError } from '../../src/core/errors.ts';
import { checkValues, parseValues, schemaFields, schemaTable } from '../../src/core/schema.ts';

const schema = z.object({
  env: z.string().describe('the game'),
  gamma: z.number().min(0).max(1).default(0.99).describe('discount'),
  learningRate: z.number().positive().max(1).default(2.5e-3).describe('of Adam'),
  numEnvs: z.int().min(1).default(64).describe('environments'),
  width: z.number().int().min(1).max(5).multipleOf(2).optional(),
  backend: z.enum(['auto', 'wasm']).default('auto').describe('tensor | backend'),
  threads: z.union([z.literal('auto'), z.int().min(1)]).default('auto'),
  limit: z.number().nullable().default(null),
  anneal: z.boolean().default(true),
  reset: z.array(z.string()).default(['heads/value']),
  seeds: z.array(z.int()).default([]),
  rates: z.array(z.string().refine((text) => text.includes('='), 'write stage=rate')).default([]),
});

test('fields say what a schema declares', () => {
  const ranges = Object.fromEntries(schemaFields(schema).map(({ name, range }) => [name, range]));
  expect(ranges).toEqual({
    env: 'text',
    gamma: 'number from 0 to 1',
    learningRate: 'number above 0, at most 1',
    numEnvs: 'whole number of at least 1',
    width: 'whole number from 1 to 5, a multiple of 2',
    backend: 'auto, wasm',
    threads: 'auto or whole number of at least 1',
    limit: 'number or none',
    anneal: 'true or false',
    reset: 'text',
    seeds: 'whole number',
    rates: 'text',
  });
  const [env, gamma] = schemaFields(schema);
  expect(env).toMatchObject({ required: true, default: undefined, list: false, description: 'the game' });
  expect(gamma).toMatchObject({ required: false, default: 0.99, description: 'discount' });
});

describe('values from text', () => {
  it('have the types of the schema, and its defaults', () => {
    const given = { env: '7', learningRate: '1e-3', numEnvs: '1_024', threads: '4', limit: 'none', anneal: '0' };
    expect(parseValues(schema, { ...given, seeds: '1,2, 3', reset: ['a', 'b,c'] })).toEqual({
      env: '7',
      gamma: 0.99,
      learningRate: 0.001,
      numEnvs: 1024,
      backend: 'auto',
      threads: 4,
      limit: null,
      anneal: false,
      reset: ['a', 'b', 'c'],
      seeds: [1, 2, 3],
      rates: [],
    });
    expect(parseValues(schema, { env: 'x', reset: 'none', threads: 'auto' })).toMatchObject({
      reset: [],
      threads: 'auto',
    });
  });

  test.each<[Record<string, string>, string]>([
    [{ gamma: '2' }, '--gamma: "2" is not valid; valid: number from 0 to 1'],
    [{ gamma: 'much' }, '--gamma: "much" is not valid; valid: number from 0 to 1'],
    [{ gamma: '' }, '--gamma: "" is not valid; valid: number from 0 to 1'],
    [{ learningRate: '0' }, '--learningRate: "0" is not valid; valid: number above 0, at most 1'],
    [{ numEnvs: '1.5' }, '--numEnvs: "1.5" is not valid; valid: whole number of at least 1'],
    [{ numEnvs: '0x10' }, '--numEnvs: "0x10" is not valid; valid: whole number of at least 1'],
    [{ numEnvs: 'Infinity' }, '--numEnvs: "Infinity" is not valid; valid: whole number of at least 1'],
    [{ backend: 'cuda' }, '--backend: "cuda" is not valid; valid: auto, wasm'],
    [{ threads: 'all' }, '--threads: "all" is not valid; valid: auto or whole number of at least 1'],
    [{ anneal: 'maybe' }, '--anneal: "maybe" is not valid; valid: true or false'],
    [{ seeds: '1,x' }, '--seeds: "x" is not valid; valid: whole number'],
    [{ rates: 'stem=1,trunk' }, '--rates: "trunk" is not valid; write stage=rate'],
    [{ gama: '1' }, 'unknown option "--gama" (did you mean "--gamma"?); valid: --env, --gamma, '],
  ])('%j is refused: %s', (given, message) => {
    const read = (): unknown => parseValues(schema, { env: 'breakout', ...given }, (name) => `--${name}`);
    expect(read).toThrow(UserError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^[^\n]+$/);
  });

  test.each<[Record<string, unknown>, string]>([
    [{ numEnvs: '2' }, 'numEnvs: the text "2" is not valid; valid: whole number of at least 1'],
    [{ numEnvs: 'many' }, 'numEnvs: "many" is not valid; valid: whole number of at least 1'],
    [{ numEnvs: 0 }, 'numEnvs: "0" is not valid; valid: whole number of at least 1'],
    [{ numEnvs: [2] }, 'numEnvs: the list [2] is not valid; valid: whole number of at least 1'],
    [{ numEnvs: null }, 'numEnvs: null is not valid; valid: whole number of at least 1'],
    [{ anneal: 1 }, 'anneal: the number 1 is not valid; valid: true or false'],
    [{ reset: 'stem' }, 'reset: "stem" is not valid; valid: list of: text'],
    [{ reset: { stem: 1 } }, 'reset: {"stem":1} is not valid; valid: list of: text'],
    [{ reset: ['stem', true] }, 'reset: the boolean true is not valid; valid: text'],
  ])('that are none are refused with their type: %j', (given, message) => {
    expect(() => checkValues(schema, { env: 'breakout', ...given })).toThrow(new UserError(message));
  });

  it('names what is missing', () => {
    expect(() => checkValues(schema, {})).toThrow('env is missing; valid: text');
  });

  it('passes on what a check over several options says', () => {
    const pair = z
      .object({ low: z.number(), high: z.number() })
      .refine((v) => v.low < v.high, 'low must be below high');
    expect(() => checkValues(pair, { low: 2, high: 1 })).toThrow(new UserError('low must be below high'));
  });
});

test.each([
  ['number', z.number()],
  ['number of at least 2', z.number().min(2)],
  ['number of at most 2', z.number().max(2)],
  ['number of at least 0, below 1', z.number().min(0).lt(1)],
  ['number above 0, below 1', z.number().gt(0).lt(1)],
  ['whole number, a multiple of 8', z.int().multipleOf(8)],
])('a range in words: %s', (words, number) => {
  expect(schemaFields(z.object({ number }))[0].range).toBe(words);
});

test('the table of a schema is Markdown with a row for each option', () => {
  const lines = schemaTable(schema.pick({ env: true, backend: true, reset: true })).split('\n');
  expect(lines).toEqual([
    '| option | default | values | meaning |',
    '| --- | --- | --- | --- |',
    '| `env` |  | text | the game |',
    '| `backend` | `auto` | auto, wasm | tensor \\| backend |',
    '| `reset` | `heads/value` | list of: text |  |',
    '',
  ]);
});
