import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainDataProblem, restorePlainData } from '../../src/envs/plain-data.ts';

const leaf = fc.oneof(
  fc.double(),
  fc.boolean(),
  fc.string(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 4 }),
  fc.float64Array({ maxLength: 4 }),
);
const name = fc.string().filter((key) => key !== '__proto__');
const { state } = fc.letrec<{ value: unknown; state: Record<string, unknown> }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('state')),
  state: fc.dictionary(name, tie('value'), { maxKeys: 5, noNullPrototype: true }),
}));

describe('restorePlainData', () => {
  it('makes any state equal to any other, without sharing anything', () => {
    fc.assert(
      fc.property(state, state, (target, source) => {
        const expected = structuredClone(source);
        restorePlainData(target, source);
        expect(target).toEqual(expected);
        const shared = (value: unknown, other: unknown): boolean =>
          typeof value === 'object' &&
          value !== null &&
          (value === other || Object.entries(value).some(([key, item]) => shared(item, (other as any)[key])));
        expect(shared(source, target)).toBe(false);
      }),
    );
  });

  it('keeps the objects and arrays that fit', () => {
    const target = { board: new Uint8Array(3), list: [{ x: 1 }], nested: { a: 1 } };
    const { board, list, nested } = target;
    const item = list[0];
    restorePlainData(target, { board: Uint8Array.of(1, 2, 3), list: [{ x: 5 }, { x: 6 }], nested: { a: 2 } });
    expect(target).toEqual({ board: Uint8Array.of(1, 2, 3), list: [{ x: 5 }, { x: 6 }], nested: { a: 2 } });
    expect([target.board === board, target.list === list, target.list[0] === item, target.nested === nested]).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
});

describe('plainDataProblem', () => {
  it('lets plain data pass', () => {
    fc.assert(fc.property(state, (value) => plainDataProblem(value) === undefined));
  });

  it.each([
    [{ board: { cells: new Map() } }, 'state.board.cells is a Map'],
    [{ list: [1, () => 1] }, 'state.list[1] is a function'],
    [{ seen: new Set() }, 'state.seen is a Set'],
    [{ at: new Date(0) }, 'state.at is a Date'],
    [{ x: undefined }, 'state.x is undefined'],
    [{ x: 1n }, 'state.x is a bigint'],
    [new (class Board {})(), 'state is a Board'],
  ])('names what is not: %o', (value, problem) => {
    expect(plainDataProblem(value)).toBe(problem);
  });
});
