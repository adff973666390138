import { beforeAll, describe, expect, it, test } from 'vitest';
import { actorMimic, actorMimicLoss } from '../../src/agents/actor-mimic.ts';
import type { Teacher } from '../../src/agents/algorithm.ts';
import { softmaxRows } from '../../src/agents/lesson.ts';
import { ppoHeads } from '../../src/agents/ppo.ts';
import { qActing, qHeads } from '../../src/agents/q-learning.ts';
import { createRng } from '../../src/core/rng.ts';
import type { Game } from '../../src/core/game.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import type { EnvSpec } from '../../src/envs/env-id.ts';
import { mix } from '../../src/envs/mix.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { expectClose } from '../engine/compare.ts';
import { buildLearner, type Options } from './build-agent.ts';
import { byHand, byTf } from './loss-gradients.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine('wasm');
});

describe('the loss', () => {
  // In Python, with soft(r, m) = [m exp(x) / Σ m exp(y)] and the numbers below:
  // ce = -sum(p log q where p > 0) / 2, q = soft(z, m); gradients 3 (q - p) / 2; entropy = -sum(p log p) / 2
  // value: .5 * sum((v - r)²) / 2, gradients (v - r) / 2
  const outputs = { policy: Float32Array.of(1, -2, 0.5, 4, 0, 3, -1, 9), value: Float32Array.of(1, -0.5) };
  const lesson = {
    head: 'policy',
    temperature: 1,
    probabilities: Float32Array.of(0.5, 0.25, 0.25, 0, 0, 0.1, 0.9, 0),
    legal: Float32Array.of(1, 1, 1, 0, 0, 1, 1, 0),
  };
  const loss = actorMimicLoss(3, lesson, Float32Array.of(2, 0.5));
  const policy = [
    0.15562334422293855, -0.3299116686456389, 0.1742883244227003, 0, 0, 1.3230206850568627, -1.3230206850568627, 0,
  ];

  test.each(['tfjs', 'hand'])('has the value and slopes that Python gives, over legal actions alone (by %s)', (how) => {
    const got = how === 'hand' ? byHand(loss, outputs) : byTf(engine.tf, loss, outputs, 2);
    expect(got.loss).toBeCloseTo(7.996620245390139, 5);
    expectClose(got.diagnostics, [0.682401872115683, 0.5, 2.4988734151300465], 1e-6);
    expectClose(got.gradients.policy, Float32Array.from(policy), 1e-6);
    expectClose(got.gradients.value, Float32Array.of(-0.5, -0.5), 1e-6);
  });

  it('is the same by tfjs and by hand on any numbers', () => {
    const [rows, actions] = [9, 5];
    const rng = createRng(1, 'mimic');
    const draws = (count: number): Float32Array => Float32Array.from({ length: count }, () => 4 * rng.float() - 2);
    const legal = Float32Array.from({ length: rows * actions }, (_, i) => (i % 3 === 1 ? 0 : 1));
    const probabilities = softmaxRows(draws(rows * actions), actions, 1, legal);
    const any = { policy: draws(rows * actions), value: draws(rows) };
    const mimicked = actorMimicLoss(0.7, { head: 'policy', temperature: 1, probabilities, legal }, draws(rows));
    const [tf, hand] = [byTf(engine.tf, mimicked, any, rows), byHand(mimicked, any)];
    expectClose([hand.loss, ...hand.diagnostics], [tf.loss, ...tf.diagnostics], 1e-5);
    for (const head of ['policy', 'value']) expectClose(hand.gradients[head], tf.gradients[head], 1e-5, head);
    legal.forEach((isLegal, i) => expect(isLegal || hand.gradients.policy[i]).toBe(isLegal && 1));
  });
});

const SIX = [0, 1, 2, 3, 4, 5];
const NET = { netConfig: { units: 32 } };

/** Teachers of a mix's two games that are sure of what they do, and each other's opposite in what they look at. */
const teachers = (
  { observation, actionSet }: Pick<EnvSpec, 'observation' | 'actionSet'>,
  sharpness = 5000,
): Teacher[] =>
  SIX.slice(0, 2).map((game) => {
    const actions = SIX.map((action) => 6 * game + action);
    const heads = ppoHeads(actions.map((action) => actionSet[action]));
    const net = buildPolicyNet({ net: 'mlp', ...NET, observation, heads });
    const params = net.init(game);
    params['heads/policy/kernel'] = params['heads/policy/kernel'].map((value) => sharpness * value);
    return { net, params, actions };
  });
const two: Options = {
  game: mix as Game,
  envOptions: { freeway: false, seaquest: false, 'space-invaders': false },
  net: 'mlp',
  ...NET,
  algorithm: actorMimic,
  config: { numEnvs: 16, numSteps: 32, learningRate: 5e-3 },
  totalTimesteps: 40 * 512,
};

test('a student comes to do as the teacher of each game does', () => {
  const { agent, spec } = buildLearner(engine, { ...two, teachers });
  for (let i = 0; i < 40; i++) agent.update();
  const env = createVecEnv(spec, 32, 'agreement');
  env.reset();
  const [best, sampled] = [agent.player('greedy', 0), agent.player('sampled', 0)];
  const [chosen, taken] = [new Int32Array(32), new Int32Array(32)];
  /** Of each game: how often the teacher would take each action, and how often the student agrees. */
  const seen = SIX.slice(0, 2).map(() => ({ wanted: new Array<number>(6).fill(0), agreed: 0 }));
  const masters = teachers(spec);
  for (let t = 0; t < 100; t++) {
    best.act(env, chosen);
    for (let e = 0; e < 32; e++) {
      const game = masters.findIndex(({ actions }) => env.legal[12 * e + actions[0]] === 1);
      const { net, params, actions } = masters[game];
      const { policy } = net.infer(params, env.obs.subarray(e * env.obsSize, (e + 1) * env.obsSize));
      const action = policy.indexOf(Math.max(...policy));
      seen[game].wanted[action]++;
      if (actions[action] === chosen[e]) seen[game].agreed++;
    }
    sampled.act(env, taken);
    env.step(taken);
  }
  agent.dispose();
  for (const { wanted, agreed } of seen) {
    const states = wanted.reduce((sum, count) => sum + count);
    expect(states).toBeGreaterThan(500);
    expect(agreed / states).toBeGreaterThan(0.75);
    // More than who always did the same could.
    expect(agreed).toBeGreaterThan(1.2 * Math.max(...wanted));
  }
});

test('the clear path learns the same', () => {
  const losses = [engine, { ...engine, fused: undefined }].map((path) => {
    const { agent } = buildLearner(path, { ...two, teachers });
    const reports = Array.from({ length: 4 }, () => agent.update().metrics.distillLoss);
    agent.dispose();
    return reports;
  });
  expectClose(losses[0], losses[1], 1e-3);
});

test('a teacher may act by action values: through a softmax at the temperature', () => {
  const valued = (temperature: number): number => {
    const { agent } = buildLearner(engine, {
      ...two,
      config: { ...two.config, distillTemperature: temperature },
      teachers: (spec) =>
        teachers(spec).map(({ actions }) => {
          const heads = qHeads(
            actions.map((action) => spec.actionSet[action]),
            false,
          );
          const net = buildPolicyNet({
            net: 'mlp',
            ...NET,
            observation: spec.observation,
            heads,
            acting: qActing(false, 0),
          });
          return { net, params: net.init(3), actions };
        }),
    });
    for (let i = 0; i < 10; i++) agent.update();
    const { distillLoss } = agent.update().metrics;
    agent.dispose();
    return distillLoss;
  };
  // Of six actions: nearly even odds cost ln 6, sharp ones can be learned.
  expect(valued(100)).toBeCloseTo(Math.log(6), 1);
  expect(valued(0.01)).toBeLessThan(1.5);
});

test('a teacher that remembers is refused', () => {
  const forgetful = (spec: EnvSpec): Teacher[] =>
    teachers(spec).map((teacher) => {
      const net = buildPolicyNet({ ...teacher.net.spec, net: 'gru', netConfig: {} });
      return { ...teacher, net, params: net.init(0) };
    });
  expect(() => buildLearner(engine, { ...two, teachers: forgetful })).toThrow(
    'actor-mimic looks at single observations: it is not for "gru", which remembers',
  );
});
