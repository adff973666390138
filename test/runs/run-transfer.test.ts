import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoppedError, UserError } from '../../src/core/errors.ts';
import type { Params } from '../../src/core/tensors.ts';
import { decodeCheckpoint } from '../../src/runs/checkpoint.ts';
import { resolveTransfer, type RunConfig, type TransferRequest } from '../../src/runs/config.ts';
import { type RunHooks, trainRun } from '../../src/runs/run.ts';
import { readSource } from '../../src/runs/source.ts';
import type { TransferPlan } from '../../src/transfer/plan.ts';
import { outcome, stopAfter, TINY, tinyConfig } from './tiny-run.ts';

let folder: string;
const inside = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-transfer-'));
  await trainRun(inside('source'), await tinyConfig({ seed: 1, totalTimesteps: 512, evaluations: 1 }), null);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A transfer of 8 updates from cartpole to acrobot. */
const transferConfig = (request: Partial<TransferRequest> = {}): RunConfig => {
  const { info } = decodeCheckpoint(readSource(inside('source')).bytes);
  const training = { ...TINY, env: 'acrobot?maxSteps=50', seed: 2, totalTimesteps: 8 * 128, evaluations: 4 };
  return resolveTransfer({ ...training, ...request }, { id: 'sha256:ab', info }, { backend: 'wasm', kernels: 'x' });
};
const train = (name: string, config: RunConfig, hooks: RunHooks = {}) =>
  trainRun(inside(name), config, readSource(inside('source')), hooks);
const paramsAt = (name: string, step: number): Params =>
  decodeCheckpoint(readFileSync(inside(`${name}/checkpoints/${String(step).padStart(12, '0')}.safetensors`))).params;
const source = (): Params => decodeCheckpoint(readSource(inside('source')).bytes).params;
const planOf = (name: string): TransferPlan => JSON.parse(readFileSync(inside(`${name}/transfer.json`), 'utf8'));

const BODY = ['stem/kernel', 'stem/bias', 'trunk/0/kernel', 'trunk/0/bias'];
const HEADS = ['heads/policy/kernel', 'heads/policy/bias', 'heads/value/kernel', 'heads/value/bias'];

describe('a transfer run', () => {
  it('starts from the source by a plan that is stored, and learns with all layers (full)', async () => {
    await train('full', transferConfig());
    const plan = planOf('full');
    expect(plan).toMatchObject({
      source: 'cartpole',
      target: 'acrobot?maxSteps=50',
      method: 'full',
      alignment: 'role',
    });
    expect(plan.entries.map(({ tensor, origin }) => [tensor, origin])).toEqual([
      ['stem/kernel', 'mapped'],
      ['stem/bias', 'copied'],
      ['trunk/0/kernel', 'copied'],
      ['trunk/0/bias', 'copied'],
      ['heads/policy/kernel', 'mapped'],
      ['heads/policy/bias', 'mapped'],
      ['heads/value/kernel', 'fresh'],
      ['heads/value/bias', 'fresh'],
    ]);
    const start = paramsAt('full', 0);
    expect(start['trunk/0/kernel']).toEqual(source()['trunk/0/kernel']);
    expect(start['heads/value/kernel']).not.toEqual(source()['heads/value/kernel']);
    // left and right of cartpole's two actions are left and right of acrobot's three (left, noop, right).
    expect(start['heads/policy/bias'][0]).toBe(source()['heads/policy/bias'][0]);
    expect(start['heads/policy/bias'][2]).toBe(source()['heads/policy/bias'][1]);
    const end = paramsAt('full', 1024);
    for (const name of [...BODY, ...HEADS]) expect(end[name], name).not.toEqual(start[name]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['pqn', { numEnvs: 8, numSteps: 16, numMinibatches: 2 }],
    ['dqn', { numEnvs: 2, learningStarts: 64 }],
  ])('carries the trunk of PPO into %s, and back', async (algorithm, algorithmConfig) => {
    const netConfig = { units: 16, norm: false };
    await train(algorithm, transferConfig({ algorithm, algorithmConfig, netConfig }));
    const origins = new Map(planOf(algorithm).entries.map(({ tensor, origin }) => [tensor, origin]));
    expect(BODY.map((name) => origins.get(name))).toEqual(['mapped', 'copied', 'copied', 'copied']);
    expect(origins.get('heads/q/kernel')).toBe('fresh');
    expect(paramsAt(algorithm, 0)['trunk/0/kernel']).toEqual(source()['trunk/0/kernel']);

    const trained = readSource(inside(algorithm));
    const { info, params } = decodeCheckpoint(trained.bytes);
    const training = { ...TINY, env: 'cartpole', seed: 3, totalTimesteps: 128, evaluations: 1 };
    const config = resolveTransfer(training, { id: 'sha256:cd', info }, { backend: 'wasm', kernels: 'x' });
    await trainRun(inside(`${algorithm}-back`), config, trained);
    expect(paramsAt(`${algorithm}-back`, 0)['trunk/0/kernel']).toEqual(params['trunk/0/kernel']);
  });

  it('copies what both have where only one is normalised: norms are stages of their own', async () => {
    await train('normed', transferConfig({ netConfig: { units: 16, norm: true } }));
    const origins = new Map(planOf('normed').entries.map(({ stage, origin }) => [stage, origin]));
    expect(['stem/norm', 'trunk/0/norm'].map((stage) => origins.get(stage))).toEqual(['fresh', 'fresh']);
    expect(origins.get('trunk/0')).toBe('copied');
  });

  it('starts from shuffled values of the source where it is a control, and says so', async () => {
    await train('shuffled', transferConfig({ control: 'shuffled' }));
    const sorted = (values: Float32Array): Float32Array => values.toSorted();
    const [taken, start] = [source(), paramsAt('shuffled', 0)];
    expect(sorted(start['trunk/0/kernel'])).toEqual(sorted(taken['trunk/0/kernel']));
    expect(start['trunk/0/kernel']).not.toEqual(taken['trunk/0/kernel']);
    expect(planOf('shuffled').control).toBe('shuffled');
  });

  it('keeps the critic where nothing is reset', async () => {
    await train('critic', transferConfig({ reset: ['none'] }));
    expect(paramsAt('critic', 0)['heads/value/kernel']).toEqual(source()['heads/value/kernel']);
  });

  it('leaves stem and trunk alone to the last bit (head-only)', async () => {
    await train('head-only', transferConfig({ method: 'head-only' }));
    const [start, end] = [paramsAt('head-only', 0), paramsAt('head-only', 1024)];
    for (const name of BODY) expect(end[name], name).toEqual(start[name]);
    for (const name of HEADS) expect(end[name], name).not.toEqual(start[name]);
    expect(planOf('head-only').entries[0].training).toBe('frozen');
  });

  it('thaws them when it is time (frozen-then-full)', async () => {
    const config = transferConfig({ method: 'frozen-then-full', methodConfig: { unfreezeAt: 0.5 } });
    await train('thaw', config);
    const [start, middle, end] = [0, 512, 1024].map((step) => paramsAt('thaw', step));
    for (const name of BODY) {
      expect(middle[name], name).toEqual(start[name]);
      expect(end[name], name).not.toEqual(start[name]);
    }
    for (const name of HEADS) expect(middle[name], name).not.toEqual(start[name]);
    expect(planOf('thaw').entries[0].training).toBe('frozen until step 512');
  });

  it('scales the learning rate by stage: the longest prefix counts, 0 freezes', async () => {
    const stageLearningRates = ['heads=0.5', 'heads/value=0', 'stem=0.25'];
    await train('rates', transferConfig({ stageLearningRates }));
    const training = Object.fromEntries(planOf('rates').entries.map((entry) => [entry.tensor, entry.training]));
    expect(training).toMatchObject({
      'stem/kernel': 'learning rate x 0.25',
      'trunk/0/kernel': 'learning rate x 1',
      'heads/policy/kernel': 'learning rate x 0.5',
      'heads/value/kernel': 'frozen',
    });
    const [start, end] = [paramsAt('rates', 0), paramsAt('rates', 1024)];
    expect(end['heads/value/kernel']).toEqual(start['heads/value/kernel']);
    expect(end['heads/policy/kernel']).not.toEqual(start['heads/policy/kernel']);
  });

  it('says both, when a stage thaws and how it then learns', async () => {
    await train('both', transferConfig({ method: 'frozen-then-full', stageLearningRates: ['stem=0.5'] }));
    expect(planOf('both').entries[0].training).toBe('frozen until step 205, learning rate x 0.5');
  });

  it('says all that several methods do to a stage', async () => {
    const method = 'discriminative+gradual-unfreezing';
    await train('joined', transferConfig({ method, stageLearningRates: ['stem=0.5', 'heads/value=0'] }));
    const training = new Map(planOf('joined').entries.map((entry) => [entry.stage, entry.training]));
    expect([...training]).toEqual([
      ['stem', 'frozen until step 205, learning rate x 0.074'],
      ['trunk/0', 'frozen until step 103, learning rate x 0.385'],
      ['heads/policy', 'learning rate x 1'],
      ['heads/value', 'frozen'],
    ]);
    expect(planOf('joined').method).toBe(method);
  });

  // Adam's first step is learningRate · g / (|g| + ε) in every value: the rate shows in how far values move.
  it('moves values as far as the rate says', async () => {
    const one = { numEnvs: 8, numSteps: 16, numMinibatches: 1, updateEpochs: 1, annealLearningRate: false };
    const config = transferConfig({
      algorithmConfig: { ...one, learningRate: 0.01 },
      stageLearningRates: ['trunk=0.1'],
      totalTimesteps: 128,
      evaluations: 1,
    });
    await train('one', config);
    const [start, end] = [paramsAt('one', 0), paramsAt('one', 128)];
    const farthest = (name: string): number =>
      Math.max(...start[name].map((value, i) => Math.abs(end[name][i] - value)));
    expect(farthest('stem/kernel')).toBeGreaterThan(0.005);
    expect(farthest('stem/kernel')).toBeLessThanOrEqual(0.01001);
    expect(farthest('trunk/0/kernel')).toBeGreaterThan(0.0005);
    expect(farthest('trunk/0/kernel')).toBeLessThanOrEqual(0.001001);
  });

  it('goes on after a stop to the same bits', async () => {
    const config = transferConfig({ method: 'frozen-then-full', methodConfig: { unfreezeAt: 0.6 } });
    await train('through', config);
    for (const part of [1, 3, 1]) {
      await expect(train('parts', config, stopAfter(part))).rejects.toThrow(StoppedError);
    }
    await train('parts', config);
    expect(outcome(inside('parts'))).toEqual(outcome(inside('through')));
    expect(outcome(inside('parts')).files).toContain('transfer.json');
  });
});

describe('a transfer that cannot be', () => {
  it('is refused where everything is frozen', async () => {
    const config = transferConfig({ method: 'head-only', stageLearningRates: ['heads=0'] });
    await expect(train('frozen', config)).rejects.toThrow(new UserError('every tensor is frozen: nothing would learn'));
  });

  it('is refused where the source is cut off, and leaves nothing behind', async () => {
    const { name, bytes } = readSource(inside('source'));
    const start = trainRun(inside('cut'), transferConfig(), { name, bytes: bytes.subarray(0, 700) });
    await expect(start).rejects.toThrow(UserError);
    await expect(start).rejects.toThrow(name);
    expect(existsSync(inside('cut/config.json'))).toBe(false);
  });

  it('stops where training diverges: names the update, keeps the last good checkpoint', async () => {
    const wild = ['stem=1e30', 'trunk=1e30', 'heads=1e30'];
    const config = transferConfig({ stageLearningRates: wild, totalTimesteps: 50 * 128, evaluations: 50 });
    const start = train('wild', config);
    await expect(start).rejects.toMatchObject({ name: 'NotFiniteError' });
    await expect(start).rejects.toThrow(
      /^training diverged in update \d+ \(step \d+\): the .* is (NaN|Infinity); [^\n]+$/,
    );
    const { bytes, name } = readSource(inside('wild'));
    for (const values of Object.values(decodeCheckpoint(bytes, name).params)) {
      expect(values.every(Number.isFinite)).toBe(true);
    }
  });
});

describe('the source of a transfer', () => {
  it('is a checkpoint, or the newest one of a run folder', () => {
    const file = inside('source/checkpoints/000000000512.safetensors');
    expect(readSource(inside('source')).name).toBe(file);
    expect(readSource(file).bytes).toEqual(readFileSync(file));
  });

  it('is refused where there is none', () => {
    expect(() => readSource(inside('nowhere'))).toThrow(
      new UserError(`there is no checkpoint or run folder "${inside('nowhere')}"`),
    );
    expect(() => readSource(tmpdir())).toThrow(`"${tmpdir()}" holds no checkpoint (checkpoints/*.safetensors)`);
  });
});
