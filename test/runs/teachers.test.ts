import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { ppoHeads } from '../../src/agents/ppo.ts';
import { StoppedError, UserError } from '../../src/core/errors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { findEnv } from '../../src/envs/index.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/runs/checkpoint.ts';
import {
  resolveTraining,
  resolveTransfer,
  type ResolvedBackend,
  type RunConfig,
  runId,
} from '../../src/runs/config.ts';
import { readMetrics } from '../../src/runs/metrics-log.ts';
import { trainRun } from '../../src/runs/run.ts';
import { readSource, sha256 } from '../../src/runs/source.ts';
import type { SourceCheckpoint } from '../../src/runs/training.ts';
import { type DistillRequest, resolveDistillation, teacherOf } from '../../src/runs/teachers.ts';
import type { TransferPlan } from '../../src/transfer/plan.ts';
import { outcome, stopAfter, TINY } from './tiny-run.ts';

let folder: string;
let backend: ResolvedBackend;
const inside = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-teachers-'));
  const { backend: name, kernels } = await loadEngine('wasm');
  backend = { backend: name, kernels };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A policy of a game that is sure of what it does, for no good reason. */
function policyOf(env: string, seed = 1): SourceCheckpoint {
  const { observation, actionSet } = findEnv(env);
  const net = buildPolicyNet({ net: 'mlp', netConfig: { units: 16 }, observation, heads: ppoHeads(actionSet) });
  const params = net.init(seed);
  params['heads/policy/kernel'] = params['heads/policy/kernel'].map((value) => 5000 * value);
  const info = { env, gameRevision: 1, algorithm: 'ppo', step: 0, seed };
  return { name: `${env}.safetensors`, bytes: encodeCheckpoint(net, params, info) };
}
const BREAKOUT = policyOf('breakout?observation=canonical');
const ASTERIX = policyOf('asterix?actions=minimal&observation=canonical');

const request = {
  ...TINY,
  algorithmConfig: { ...TINY.algorithmConfig, learningRate: 0.01 },
  env: 'mix',
  net: 'mlp',
  totalTimesteps: 8 * 128,
  evaluations: 4,
};
const distillation = (teachers: readonly SourceCheckpoint[], more: Partial<DistillRequest> = {}): RunConfig =>
  resolveDistillation(
    { ...request, ...more },
    teachers.map(({ name, bytes }) => ({
      name,
      id: `sha256:${sha256(bytes)}`,
      checkpoint: decodeCheckpoint(bytes, name),
    })),
    backend,
  );

describe('a distillation', () => {
  it('plays the games of its teachers, whose hashes and order alone are its identity', () => {
    const config = distillation([BREAKOUT, ASTERIX]);
    expect(config.env).toBe('mix?freeway=false&seaquest=false&space-invaders=false');
    expect(config.algorithm).toBe('actor-mimic');
    expect(config.teachers).toEqual([
      { source: `sha256:${sha256(BREAKOUT.bytes)}`, sourceInfo: { ...decodeCheckpoint(BREAKOUT.bytes).info } },
      { source: `sha256:${sha256(ASTERIX.bytes)}`, sourceInfo: { ...decodeCheckpoint(ASTERIX.bytes).info } },
    ]);
    expect(distillation([ASTERIX, { ...BREAKOUT, name: 'elsewhere' }])).toEqual(config);
    const other = policyOf('breakout?observation=canonical', 2);
    expect(runId(distillation([other, ASTERIX]))).not.toBe(runId(config));
  });

  it('keeps what else its mix is asked to be', () => {
    const { env } = distillation([BREAKOUT], { env: 'mix?seaquest=false&sticky=0' });
    expect(env).toBe('mix?asterix=false&freeway=false&seaquest=false&space-invaders=false&sticky=0');
  });

  it('leaves no trace in other trainings', () => {
    expect(resolveTraining({ env: 'mix' }, backend)).not.toHaveProperty('teachers');
    expect(() => resolveTraining({ env: 'mix', algorithm: 'actor-mimic' }, backend)).toThrow(
      new UserError('actor-mimic learns from teachers: ngplus distill TEACHER TEACHER'),
    );
  });

  it.each<[why: string, teachers: () => SourceCheckpoint[], env: string, message: string]>([
    ['no teachers', () => [], 'mix', 'a distillation needs teachers: checkpoints or run folders'],
    [
      'a game that no mix has',
      () => [BREAKOUT, policyOf('cartpole')],
      'mix',
      'cartpole.safetensors plays cartpole, which no mix has; games with teachers: breakout, asterix, freeway, ' +
        'seaquest, space-invaders',
    ],
    [
      'planes of its own',
      () => [policyOf('breakout')],
      'mix',
      'breakout.safetensors does not see canonical planes: train it on breakout?observation=canonical',
    ],
    [
      'two of one game',
      () => [BREAKOUT, ASTERIX, policyOf('breakout?observation=canonical&paddleWidth=2')],
      'mix',
      'breakout?observation=canonical.safetensors and breakout?observation=canonical&paddleWidth=2.safetensors both ' +
        'play breakout: one teacher for each game',
    ],
    [
      'a game that is switched off',
      () => [BREAKOUT, ASTERIX],
      'mix?breakout=false',
      "breakout?observation=canonical.safetensors can't teach on mix?breakout=false&freeway=false&seaquest=false&" +
        'space-invaders=false, which has no action "breakout:noop"',
    ],
    [
      'actions that all games share',
      () => [BREAKOUT],
      'mix?heads=shared',
      "breakout?observation=canonical.safetensors can't teach on mix?asterix=false&freeway=false&seaquest=false&" +
        'space-invaders=false&heads=shared, which has no action "breakout:noop"',
    ],
    ['another game', () => [BREAKOUT], 'breakout', 'teachers are distilled on the game mix, not on breakout'],
  ])('refuses %s', (_why, teachers, env, message) => {
    expect(() => distillation(teachers(), { env })).toThrow(new UserError(message));
  });
});

test('a teacher has the rows of its game, also where it does not know all its actions', () => {
  const env = findEnv('mix?freeway=false&seaquest=false&space-invaders=false');
  const rows = ({ bytes, name }: SourceCheckpoint) => teacherOf(decodeCheckpoint(bytes, name), name, env).actions;
  expect(rows(BREAKOUT)).toEqual([0, 1, 2, 3, 4, 5]);
  // noop, left, up, right and down of noop, left, up, right, down, fire.
  expect(rows(ASTERIX)).toEqual([6, 7, 8, 9, 10]);
});

describe('its run', () => {
  const teachers = [BREAKOUT, ASTERIX];

  it('goes on after a stop to the same bits, and its checkpoint is a source', async () => {
    const config = distillation(teachers);
    await trainRun(inside('through'), config, null, { teachers });
    for (const part of [1, 3, 1]) {
      const stopped = trainRun(inside('parts'), config, null, stopAfter(part, { teachers: [ASTERIX, BREAKOUT] }));
      await expect(stopped).rejects.toThrow(StoppedError);
    }
    await trainRun(inside('parts'), config, null, { teachers });
    expect(outcome(inside('parts'))).toEqual(outcome(inside('through')));
    const losses = readMetrics(inside('through/metrics.jsonl')).map((row) => Number(row.distillLoss));
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]);

    const source = readSource(inside('through'));
    const { info, params } = decodeCheckpoint(source.bytes, source.name);
    expect(info).toMatchObject({ env: config.env, algorithm: 'actor-mimic', step: 1024 });
    const { algorithmConfig, ...training } = request;
    const transfer = resolveTransfer(
      { ...training, algorithmConfig, env: 'freeway?observation=canonical', totalTimesteps: 128, reset: ['heads'] },
      { id: 'sha256:ab', info },
      backend,
    );
    await trainRun(inside('target'), transfer, source);
    const { entries } = JSON.parse(readFileSync(inside('target/transfer.json'), 'utf8')) as TransferPlan;
    const origins = Object.fromEntries(entries.map(({ tensor, origin }) => [tensor, origin]));
    expect(origins).toMatchObject({ 'stem/kernel': 'copied', 'trunk/0/kernel': 'copied', 'heads/value/bias': 'fresh' });
    const start = decodeCheckpoint(readFileSync(inside('target/checkpoints/000000000000.safetensors'))).params;
    expect(start['trunk/0/kernel']).toEqual(params['trunk/0/kernel']);
  });

  it('leaves nothing behind where a teacher remembers', async () => {
    const { observation, actionSet } = findEnv('breakout?observation=canonical');
    const net = buildPolicyNet({ net: 'gru', netConfig: {}, observation, heads: ppoHeads(actionSet) });
    const info = { env: 'breakout?observation=canonical', gameRevision: 1, algorithm: 'ppo', step: 0, seed: 1 };
    const remembering = { name: 'gru', bytes: encodeCheckpoint(net, net.init(1), info) };
    const config = distillation([remembering]);
    await expect(trainRun(inside('gru'), config, null, { teachers: [remembering] })).rejects.toThrow(
      'actor-mimic looks at single observations: it is not for "gru", which remembers',
    );
    expect(() => readSource(inside('gru'))).toThrow(/holds no checkpoint|there is no checkpoint/);
  });
});
