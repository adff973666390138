import { beforeAll, describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { NotFiniteError, UserError } from '../../src/core/errors.ts';
import { defineGame, type Game } from '../../src/core/game.ts';
import { axisSize } from '../../src/core/tensors.ts';
import type { VecEnv } from '../../src/core/vec-env.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { breakout } from '../../src/envs/breakout.ts';
import { cartpole } from '../../src/envs/cartpole.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { expectClose } from '../engine/compare.ts';
import { tag } from '../envs/two-player-games.ts';
import catchGame from '../learning/catch.ts';
import { buildLearner, type Options } from './build-agent.ts';

const SMALL_NET = { filters: 4, units: 16 };
const cases: [string, Options][] = [
  ['catch, with masks', { game: catchGame as Game, netConfig: SMALL_NET }],
  ['breakout, planes', { game: breakout as Game, netConfig: SMALL_NET }],
  // The pole falls in some episodes, the time limit cuts the others.
  ['cartpole, features', { game: cartpole as Game, envOptions: { maxSteps: 15 }, netConfig: { units: 8 } }],
];

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine('wasm');
});

/** Updates, and what there is to compare of them. */
const updates = ({ agent }: ReturnType<typeof buildLearner>, count: number) =>
  Array.from({ length: count }, () => agent.update());

test.each(cases)('an update on wasm is one on cpu, but for rounding (%s)', async (_name, options) => {
  const report = (on: Engine) => {
    const learner = buildLearner(on, options);
    const [first] = updates(learner, 1);
    const params = learner.agent.params();
    learner.agent.dispose();
    return { first, params };
  };
  const expected = report(await loadEngine('cpu'));
  engine = await loadEngine('wasm');
  const got = report(engine);
  expect(got.first.episodeReturns).toEqual(expected.first.episodeReturns);
  const metrics = Object.keys(expected.first.metrics);
  expectClose(
    metrics.map((name) => got.first.metrics[name]),
    metrics.map((name) => expected.first.metrics[name]),
    1e-4,
  );
  for (const [name, values] of Object.entries(expected.params)) expectClose(got.params[name], values, 1e-4, name);
});

it('never chooses an illegal action, nor plays on in an ended episode', () => {
  let steps = 0;
  const watched = (env: VecEnv): VecEnv => {
    const step = (actions: Int32Array): void => {
      const count = env.actions.length;
      for (let e = 0; e < env.numEnvs; e++) expect(env.legal[e * count + actions[e]]).toBe(1);
      steps += env.numEnvs;
      env.step(actions);
    };
    return new Proxy(env, { get: (target, key) => (key === 'step' ? step : Reflect.get(target, key)) });
  };
  // The narrowest board: in every state one of the three actions is illegal. Sticky actions are on.
  const options = { game: catchGame as Game, envOptions: { width: 3, sticky: 0.3 }, netConfig: SMALL_NET };
  const learner = buildLearner(engine, { ...options, wrap: watched });
  updates(learner, 5);
  expect(steps).toBe(5 * learner.agent.stepsPerUpdate);
  for (const mode of ['greedy', 'sampled'] as const) {
    const env = createVecEnv(learner.spec, 8, 3);
    const player = learner.agent.player(mode, 3);
    const actions = new Int32Array(8);
    env.reset();
    for (let t = 0; t < 100; t++) {
      player.act(env, actions);
      for (let e = 0; e < 8; e++) expect(env.legal[e * 3 + actions[e]]).toBe(1);
      env.step(actions);
    }
  }
  learner.agent.dispose();
});

describe('the learning rate', () => {
  it('falls linearly towards 0 at the end of the training, where it is annealed', () => {
    const learner = buildLearner(engine, {
      game: catchGame as Game,
      netConfig: SMALL_NET,
      config: { learningRate: 0.01 },
      totalTimesteps: 4 * 128,
    });
    const rates = updates(learner, 4).map(({ metrics }) => metrics.learningRate);
    expect(rates.map((rate) => Math.round(rate * 1e6) / 1e6)).toEqual([0.01, 0.0075, 0.005, 0.0025]);
    learner.agent.dispose();
  });

  it('stays where it is not', () => {
    const config = { learningRate: 0.01, annealLearningRate: false };
    const learner = buildLearner(engine, {
      game: catchGame as Game,
      netConfig: SMALL_NET,
      config,
      totalTimesteps: 512,
    });
    expect(updates(learner, 3).map(({ metrics }) => metrics.learningRate)).toEqual([0.01, 0.01, 0.01]);
    learner.agent.dispose();
  });

  it('scales by tensor and step: frozen tensors stay to the last bit', () => {
    const learner = buildLearner(engine, {
      game: breakout as Game,
      netConfig: SMALL_NET,
      // The stem is frozen for two updates, the dense layer for ever.
      learningRateScale: (name, step) => {
        if (name.startsWith('trunk')) return 0;
        return name.startsWith('stem') && step < 256 ? 0 : 1;
      },
    });
    const start = learner.agent.params();
    updates(learner, 2);
    const frozen = learner.agent.params();
    for (const name of ['stem/kernel', 'stem/bias', 'trunk/0/kernel', 'trunk/0/bias']) {
      expect(frozen[name], name).toEqual(start[name]);
    }
    expect(frozen['heads/policy/kernel']).not.toEqual(start['heads/policy/kernel']);
    updates(learner, 1);
    const thawed = learner.agent.params();
    expect(thawed['stem/kernel']).not.toEqual(start['stem/kernel']);
    expect(thawed['trunk/0/kernel']).toEqual(start['trunk/0/kernel']);
    learner.agent.dispose();
  });
});

describe('what is learnt from', () => {
  const firstReport = (config: Options['config'], envOptions: Record<string, unknown>) => {
    const learner = buildLearner(engine, { game: cartpole as Game, envOptions, config, netConfig: { units: 4 } });
    const [report] = updates(learner, 1);
    learner.agent.dispose();
    return report;
  };

  it('reports every episode that ended, whole', () => {
    const report = firstReport({ numSteps: 128 }, { maxSteps: 20 });
    const steps = report.episodeLengths.reduce((a, b) => a + b, 0);
    expect(steps).toBeGreaterThan(8 * (128 - 20));
    expect(steps).toBeLessThanOrEqual(8 * 128);
    expect(Math.max(...report.episodeLengths)).toBe(20);
    expect(Math.min(...report.episodeLengths)).toBeLessThan(20);
    expect(report.episodeReturns).toEqual(report.episodeLengths);
  });

  it('is scaled by the deviation of returns, which goes into the checkpoint', () => {
    const scaleOf = (scaleRewards: boolean) => {
      const learner = buildLearner(engine, {
        game: cartpole as Game,
        config: { scaleRewards },
        netConfig: { units: 4 },
      });
      updates(learner, 3);
      const normalizers = learner.agent.normalizers();
      learner.agent.dispose();
      return normalizers['normalizers/value'];
    };
    expect(scaleOf(false)).toBeUndefined();
    // Discounted returns of cartpole's points grow to 10 and more within a few dozen steps.
    expect(scaleOf(true)[0]).toBeGreaterThan(3);
    expect(scaleOf(true)[0]).toBeLessThan(30);
  });

  it('counts clipping and divergence from the policy that collected: none in the first minibatch', () => {
    const config = { updateEpochs: 1, numMinibatches: 1, learningRate: 0.5 };
    const { metrics } = firstReport(config, {});
    expect(metrics.clipFraction).toBe(0);
    expect(Math.abs(metrics.approxKl)).toBeLessThan(1e-6);
    expect(metrics.entropy).toBeCloseTo(Math.log(2), 3);
    // The mean of normalised advantages.
    expect(Math.abs(metrics.policyLoss)).toBeLessThan(1e-6);
    expect(firstReport({ ...config, updateEpochs: 4 }, {}).metrics.clipFraction).toBeGreaterThan(0.1);
  });
});

/** Nothing to do: the first step gives nothing, each further one a point; `ends` makes the second the last. */
const waiting = defineGame({
  id: 'waiting',
  revision: 1,
  summary: 'A point for every step but the first.',
  players: 1,
  variants: z.object({ ends: z.boolean().default(false).describe('end after two steps') }),
  actions: ['noop', 'fire'].map((name) => ({ name, roles: [name] })),
  observation: () => ({ kind: 'features', features: [{ name: 'waited', roles: ['gauge'], scale: 1 }] }),
  create: ({ ends }) => ({ ends, waited: 0 }),
  reset(state) {
    state.waited = 0;
  },
  step(state, _actions, _rng, rewards) {
    rewards[0] = state.waited;
    const isLast = state.ends && state.waited === 1;
    state.waited = 1;
    return isLast;
  },
  observe(state, _player, out, offset) {
    out[offset] = state.waited;
  },
});

// With γ = 1/2 and points for ever the later value is 1 / (1 − γ) = 2 and the first γ · 2 = 1, whatever cuts an episode;
// where the rules end it after the one point, they are 1 and γ.
test.each([
  ['a time limit', { maxSteps: 2 }, 1, 2],
  ['a time limit in mid-rollout', { maxSteps: 5 }, 1, 2],
  ['the rules', { ends: true }, 0.5, 1],
])('episodes that %s ends have their due values', (_what, envOptions, first, later) => {
  const learner = buildLearner(engine, {
    game: waiting as Game,
    envOptions,
    netConfig: { units: 8 },
    config: {
      scaleRewards: false,
      gamma: 0.5,
      gaeLambda: 0.8,
      learningRate: 0.01,
      numEnvs: 2,
      numSteps: 8,
      numMinibatches: 1,
    },
    totalTimesteps: 16 * 250,
  });
  updates(learner, 250);
  const valueOf = (waited: number): number => learner.net.infer(learner.agent.params(), [waited]).value[0];
  expect(Math.abs(valueOf(0) - first)).toBeLessThan(0.15);
  expect(Math.abs(valueOf(1) - later)).toBeLessThan(0.15);
  learner.agent.dispose();
});

describe('what PPO cannot do is refused', () => {
  it('a game of two players', () => {
    const start = () => buildLearner(engine, { game: tag as Game, net: 'mlp' });
    expect(start).toThrow(new UserError('ppo plays games of one player; tag has 2'));
  });

  it('minibatches that do not divide the rollout', () => {
    const start = () => buildLearner(engine, { game: breakout as Game, config: { numMinibatches: 3 } });
    expect(start).toThrow(new UserError('numMinibatches 3 does not divide numEnvs × numSteps = 128'));
  });
});

test('training that diverges stops and keeps the parameters of before', () => {
  const learner = buildLearner(engine, {
    game: cartpole as Game,
    config: { learningRate: 1, annealLearningRate: false },
    netConfig: { units: 4 },
    // A learning rate that makes the parameters overflow.
    learningRateScale: () => 1e30,
  });
  let before = learner.agent.params();
  const diverge = (): void => {
    for (let i = 0; i < 50; i++) {
      before = learner.agent.params();
      learner.agent.update();
    }
  };
  expect(diverge).toThrow(NotFiniteError);
  for (const spec of learner.net.tensors) {
    expect(learner.agent.params()[spec.name].length).toBe(spec.axes.map(axisSize).reduce((a, b) => a * b, 1));
    expect(before[spec.name].every(Number.isFinite)).toBe(true);
  }
  learner.agent.dispose();
});
