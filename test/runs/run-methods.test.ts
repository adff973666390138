import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { StoppedError } from '../../src/core/errors.ts';
import type { Params } from '../../src/core/tensors.ts';
import { decodeCheckpoint } from '../../src/runs/checkpoint.ts';
import { resolveTransfer, type RunConfig, type TransferRequest } from '../../src/runs/config.ts';
import { readMetrics } from '../../src/runs/metrics-log.ts';
import { trainRun } from '../../src/runs/run.ts';
import { policyNetOf } from '../../src/runs/run-net.ts';
import { readSource } from '../../src/runs/source.ts';
import { findMethod, registerMethod } from '../../src/transfer/index.ts';
import type { LearnerContext } from '../../src/transfer/method.ts';
import { outcome, stopAfter, TINY, tinyConfig } from './tiny-run.ts';

let folder: string;
const inside = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-methods-'));
  await trainRun(inside('source'), await tinyConfig({ seed: 1, totalTimesteps: 512, evaluations: 1 }), null);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A transfer of 8 updates from cartpole to acrobot. */
function transferConfig(method: string, request: Partial<TransferRequest> = {}): RunConfig {
  const { info } = decodeCheckpoint(readSource(inside('source')).bytes);
  const training = { ...TINY, env: 'acrobot?maxSteps=50', seed: 2, totalTimesteps: 8 * 128, evaluations: 4, method };
  return resolveTransfer({ ...training, ...request }, { id: 'sha256:ab', info }, { backend: 'wasm', kernels: 'x' });
}

const DQN = { algorithm: 'dqn', algorithmConfig: { numEnvs: 2, learningStarts: 64 } };
const PQN = { numEnvs: 8, numSteps: 16, numMinibatches: 2 };

let runs = 0;
/** Trains in a folder of its own. */
async function train(config: RunConfig): Promise<string> {
  const name = inside(`run-${runs++}`);
  await trainRun(name, config, readSource(inside('source')));
  return name;
}
const paramsAt = (run: string, step: number): Params =>
  decodeCheckpoint(readFileSync(`${run}/checkpoints/${String(step).padStart(12, '0')}.safetensors`)).params;
const distance = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.map((value, i) => value - b[i]));

test.each<[method: string, methodConfig: Record<string, unknown>, request: Partial<TransferRequest>]>([
  ['l2-sp+frozen-then-full', { l2SpStrength: 20, unfreezeAt: 0.3 }, {}],
  ['shrink-and-perturb', { l2Init: 20 }, {}],
  ['kickstart', { distillUntil: 0.6 }, {}],
  ['ewc', { ewcStrength: 5, ewcSamples: 64 }, {}],
  ['jsrl+kickstart', { rollInEpisodes: 2 }, { env: 'cartpole', totalTimesteps: 2048 }],
  ['jsrl', { rollInEpisodes: 2 }, { ...DQN, env: 'cartpole' }],
  ['qdagger+discriminative', { teacherEpisodes: 3 }, { algorithm: 'pqn', algorithmConfig: { ...PQN } }],
  ['kickstart+l2-sp', {}, DQN],
])('%s goes on after a stop to the same bits', async (method, methodConfig, request) => {
  const config = transferConfig(method, { methodConfig, ...request });
  const through = await train(config);
  const parts = inside(`parts-${runs++}`);
  for (const part of [1, 3, 1]) {
    await expect(trainRun(parts, config, readSource(inside('source')), stopAfter(part))).rejects.toThrow(StoppedError);
  }
  await trainRun(parts, config, readSource(inside('source')));
  expect(outcome(parts)).toEqual(outcome(through));
});

describe('l2-sp', () => {
  it('keeps what came from the source, and leaves alone what is fresh', async () => {
    const [free, held] = [
      await train(transferConfig('full')),
      await train(transferConfig('l2-sp', { methodConfig: { l2SpStrength: 1e4 } })),
    ];
    const moved = (run: string, name: string): number => distance(paramsAt(run, 0)[name], paramsAt(run, 1024)[name]);
    expect(moved(held, 'trunk/0/kernel')).toBeLessThan(0.05 * moved(free, 'trunk/0/kernel'));
    expect(moved(held, 'trunk/0/kernel')).toBeGreaterThan(0);
    expect(moved(held, 'heads/value/kernel')).toBeGreaterThan(0.3 * moved(free, 'heads/value/kernel'));
  });

  it('without strength is full, to the last bit', async () => {
    const full = await train(transferConfig('full'));
    const slack = await train(transferConfig('l2-sp', { methodConfig: { l2SpStrength: 0 } }));
    expect(paramsAt(slack, 1024)).toEqual(paramsAt(full, 1024));
  });
});

describe('ewc', () => {
  it('holds what the policy of the source depends on, and leaves alone what it does not', async () => {
    const methodConfig = { ewcStrength: 100, ewcSamples: 256 };
    const [free, held] = [await train(transferConfig('full')), await train(transferConfig('ewc', { methodConfig }))];
    const moved = (run: string, name: string): number => distance(paramsAt(run, 0)[name], paramsAt(run, 1024)[name]);
    expect(moved(held, 'heads/policy/bias')).toBeLessThan(0.5 * moved(free, 'heads/policy/bias'));
    expect(moved(held, 'heads/value/kernel')).toBeGreaterThan(0.3 * moved(free, 'heads/value/kernel'));
  });

  it('of a source that nothing comes from is full', async () => {
    const nothing = { reset: ['stem', 'trunk', 'heads'] };
    const run = await train(transferConfig('ewc', { ...nothing, methodConfig: { ewcSamples: 16 } }));
    expect(paramsAt(run, 1024)).toEqual(paramsAt(await train(transferConfig('full', nothing)), 1024));
  });
});

describe('shrink-and-perturb', () => {
  it('begins between the source and fresh values; what is fresh is fresh', async () => {
    const config = transferConfig('shrink-and-perturb', { methodConfig: { shrink: 0.25, perturb: 0.5 } });
    const [start, full] = [paramsAt(await train(config), 0), paramsAt(await train(transferConfig('full')), 0)];
    const fresh = policyNetOf(config).init(2);
    const mixed = full['trunk/0/kernel'].map((value, i) => 0.25 * value + 0.5 * fresh['trunk/0/kernel'][i]);
    expect(start['trunk/0/kernel']).toEqual(mixed);
    expect(start['heads/value/kernel']).toEqual(fresh['heads/value/kernel']);
    // Acrobot's noop has no action of cartpole to come from: left, noop, right.
    expect(start['heads/policy/kernel'][1]).toBe(fresh['heads/policy/kernel'][1]);
    expect(start['heads/policy/kernel'][0]).not.toBe(full['heads/policy/kernel'][0]);
  });

  it('holds all values where it began, fresh ones too, by its pull', async () => {
    const run = await train(transferConfig('shrink-and-perturb', { methodConfig: { l2Init: 1e6 } }));
    for (const name of ['trunk/0/kernel', 'heads/value/kernel']) {
      expect(distance(paramsAt(run, 0)[name], paramsAt(run, 1024)[name])).toBeLessThan(1e-3);
    }
  });
});

it('methods that begin elsewhere and are pulled are joined: pulled to where they begin together', async () => {
  const run = await train(transferConfig('shrink-and-perturb+l2-sp', { methodConfig: { l2SpStrength: 1e6 } }));
  const [start, end] = [0, 1024].map((step) => paramsAt(run, step)['trunk/0/kernel']);
  expect(distance(start, end)).toBeLessThan(1e-3);
});

describe('a teacher', () => {
  const logged = (run: string, name: string) => readMetrics(`${run}/metrics.jsonl`).map((row) => row[name]);

  it('fades by the clock (kickstart)', async () => {
    const run = await train(transferConfig('kickstart', { methodConfig: { distillCoef: 2, distillUntil: 0.5 } }));
    // Of 8 updates, those that begin at step 0, 128, 256 and 384 are taught; logged is what is left behind each.
    expect(logged(run, 'distillCoef')).toEqual([1.5, 1, 0.5, 0, 0, 0, 0, 0]);
    expect(logged(run, 'distillLoss').map((loss) => loss !== undefined)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('stays for a while (kickstart, constant)', async () => {
    const methodConfig = { distillUntil: 0.25, distillDecay: 'constant' };
    const run = await train(transferConfig('kickstart', { methodConfig }));
    expect(logged(run, 'distillCoef')).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('without weight changes nothing, to the last bit', async () => {
    const [full, none] = [transferConfig('full'), transferConfig('kickstart', { methodConfig: { distillCoef: 0 } })];
    expect(paramsAt(await train(none), 1024)).toEqual(paramsAt(await train(full), 1024));
  });

  it('goes by returns (qdagger): none of this game is better than chance, so it teaches nothing', async () => {
    // In 50 steps of acrobot from a resting state all get -50.
    const run = await train(transferConfig('qdagger', { methodConfig: { teacherEpisodes: 5 } }));
    expect(logged(run, 'distillCoef')).toEqual(Array.from({ length: 8 }, () => 0));
  });

  it('goes by returns (qdagger): it teaches its own game until it is reached', async () => {
    const run = await train(transferConfig('qdagger', { env: 'cartpole', reset: ['heads'] }));
    const coefficients = logged(run, 'distillCoef').map(Number);
    expect(coefficients[0]).toBeGreaterThan(0.5);
    expect(coefficients.at(-1)).toBeLessThan(coefficients[0]);
  });

  it('is refused where it can not see the game, or the student remembers', async () => {
    const blind = transferConfig('kickstart', { env: 'breakout' });
    await expect(train(blind)).rejects.toThrow(
      "a policy of cartpole can't see breakout: it reads features, not planes",
    );
    const remembering = transferConfig('kickstart', { net: 'gru', algorithmConfig: TINY.algorithmConfig });
    await expect(train(remembering)).rejects.toThrow(/^kickstart looks at single observations: it is not for "gru"/);
  });
});

describe('jsrl', () => {
  it('counts the steps of the teacher, begins at step 0 and evaluates without it', async () => {
    const run = await train(transferConfig('jsrl', { env: 'cartpole', methodConfig: { rollInUntil: 1 } }));
    const { result } = outcome(run);
    const full = outcome(await train(transferConfig('full', { env: 'cartpole' })));
    expect(result.evaluations[0]).toEqual(full.result.evaluations[0]);
    expect(result.updates).toBeLessThan(8);
    expect(result.step).toBeGreaterThan(128 * result.updates);
    expect(result.step).toBeGreaterThanOrEqual(1024);
  });

  it('without roll-ins is full, to the last bit', async () => {
    const none = await train(transferConfig('jsrl', { methodConfig: { rollIn: 0 } }));
    expect(outcome(none).weights).toEqual(outcome(await train(transferConfig('full'))).weights);
  });
});

describe('what a method may look at', () => {
  let seen: LearnerContext | undefined;
  beforeAll(() => {
    registerMethod({
      ...findMethod('full'),
      id: 'onlooker',
      start: (_config, { params }) =>
        Object.fromEntries(Object.entries(params).map(([name, values]) => [name, values.map((x) => 2 * x)])),
      learner(_config, inner, context) {
        seen = context;
        return inner;
      },
    });
  });
  async function look(request: Partial<TransferRequest> = {}): Promise<LearnerContext> {
    await train(transferConfig('onlooker', { totalTimesteps: 512, evaluations: 1, ...request }));
    return seen!;
  }
  const source = () => decodeCheckpoint(readSource(inside('source')).bytes).params;
  const sorted = (values: Float32Array): Float32Array => values.toSorted();

  it('is where the transfer leads, where training begins, and both games', async () => {
    const { boundary, start, teacher, source: own, toTarget, step, recentReturn, span } = await look();
    expect(boundary.params['trunk/0/kernel']).toEqual(source()['trunk/0/kernel']);
    expect(start['trunk/0/kernel']).toEqual(source()['trunk/0/kernel'].map((value) => 2 * value));
    expect(boundary.fresh['heads/value/kernel']).toEqual(boundary.params['heads/value/kernel']);
    expect([...boundary.taken['heads/policy/bias']]).toEqual([1, 0, 1]);
    expect(boundary.taken['heads/value/bias'][0]).toBe(0);
    // The teacher keeps its critic, and knows nothing of the action in the middle.
    expect(teacher().params['heads/value/kernel']).toEqual(source()['heads/value/kernel']);
    expect(teacher().params['heads/policy/bias'][1]).toBe(0);
    expect(teacher().envs(3)).toMatchObject({ id: 'acrobot?maxSteps=50', numEnvs: 3 });
    expect(own().envs(2)).toMatchObject({ id: 'cartpole', numEnvs: 2 });
    expect(own().params).toEqual(source());
    expect(toTarget(source())['heads/value/kernel'].every((value) => value === 0)).toBe(true);
    expect(toTarget(source())['trunk/0/kernel']).toEqual(source()['trunk/0/kernel']);
    expect(step()).toBe(512);
    expect(recentReturn()).toBe(-50);
    expect(span.stages).toEqual(['stem', 'trunk/0', 'heads/policy', 'heads/value']);
  });

  it('is worthless in a control', async () => {
    const { boundary, teacher, toTarget } = await look({ control: 'shuffled' });
    const kernel = source()['trunk/0/kernel'];
    for (const params of [boundary.params, teacher().params, toTarget(source())]) {
      expect(sorted(params['trunk/0/kernel'])).toEqual(sorted(kernel));
      expect(params['trunk/0/kernel']).not.toEqual(kernel);
    }
    // What belongs to a value goes with it.
    expect(toTarget(source())['trunk/0/kernel']).toEqual(boundary.params['trunk/0/kernel']);
    const random = await look({ control: 'random-trunk' });
    expect(sorted(random.teacher().params['trunk/0/kernel'])).not.toEqual(sorted(kernel));
    expect(sorted(random.toTarget(source())['trunk/0/kernel'])).toEqual(sorted(kernel));
  });
});
