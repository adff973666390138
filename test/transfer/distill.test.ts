import { beforeAll, describe, expect, test } from 'vitest';
import { createLearner, createObserver, type Loss } from '../../src/agents/learner.ts';
import { softmaxRows } from '../../src/agents/lesson.ts';
import { ppoHeads } from '../../src/agents/ppo.ts';
import type { Named } from '../../src/core/game.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { taught } from '../../src/transfer/distill.ts';
import type { LearnerContext } from '../../src/transfer/method.ts';
import { lessonLeft } from '../../src/transfer/qdagger.ts';

const ACTIONS = 3;
const named = (count: number): Named[] => Array.from({ length: count }, (_, i) => ({ name: `${i}`, roles: ['self'] }));

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine('wasm');
});

describe('a taught learner', () => {
  const observation = { kind: 'features', features: [{ name: 'x', roles: ['self'], scale: 1 }] } as const;
  const heads = ppoHeads(named(ACTIONS));
  const netOf = (net: string) => buildPolicyNet({ net, netConfig: { units: 8 }, observation, heads });
  /** Nothing else to learn. */
  const flat: Loss = {
    tensors: (tf, { policy, value }) => ({ loss: tf.mul(0, tf.add(tf.sum(policy), tf.sum(value))), diagnostics: [] }),
    gradients(_outputs, gradients) {
      for (const values of Object.values(gradients)) values.fill(0);
      return { loss: 0, diagnostics: [] };
    },
  };

  test.each([true, false])('comes to act as its teacher does (fused: %s), and reports what is its own', (isFused) => {
    const net = netOf('mlp');
    const path = isFused ? engine : { ...engine, fused: undefined };
    const options = { engine: path, net, params: net.init(1), store: 32, minibatch: 32, rows: 32, threads: 1 };
    const params = net.init(2);
    params['heads/policy/kernel'] = params['heads/policy/kernel'].map((value) => 200 * value);
    const inner = createLearner(options);
    const context = { options, teacher: () => ({ net, params }) } as unknown as LearnerContext;
    let coefficient = 1;
    const learner = taught(inner, context, { coefficient: () => coefficient, temperature: 1 });
    for (let i = 0; i < 32; i++) learner.store[i] = i / 16 - 1;
    const indices = Int32Array.from({ length: 32 }, (_, i) => (5 * i) % 32);
    const report = learner.minimize(indices, flat, () => 0.01, 1);
    expect(report.loss).toBeCloseTo(0, 12);
    expect(report.diagnostics).toEqual([]);
    const { distillLoss: first } = learner.metrics?.() ?? {};
    for (let i = 0; i < 300; i++) learner.minimize(indices, flat, () => 0.01, 1);
    learner.metrics?.();
    learner.minimize(indices, flat, () => 0.01, 1);
    const last = learner.metrics?.() ?? {};
    const teacher = createObserver({ engine: path, net, params, rows: 32 });
    const obs = learner.store.slice();
    const [wanted, got] = [teacher, learner].map((who) => softmaxRows(who.outputs(obs, 32).policy, ACTIONS, 1));
    const entropy = -wanted.reduce((sum, p) => sum + p * Math.log(p), 0) / 32;
    expect(last.distillCoef).toBe(1);
    expect(first).toBeGreaterThan(entropy + 0.1);
    expect(last.distillLoss).toBeLessThan(entropy + 0.02);
    expect(Math.max(...wanted.map((p, i) => Math.abs(p - got[i])))).toBeLessThan(0.1);

    coefficient = 0;
    learner.minimize(indices, flat, () => 0.01, 1);
    expect(learner.metrics?.()).toEqual({ distillCoef: 0 });
    learner.dispose();
    teacher.dispose();
  });
});

// Agarwal et al. 2022, equation 2, with random play at 0: 1 − student / teacher, not below 0.
test.each([
  [0, 0, 10, 1],
  [2.5, 0, 10, 0.75],
  [12, 0, 10, 0],
  [-5, 0, 10, 1],
  [-150, -200, -100, 0.5],
  [3, 5, 5, 0],
  [3, 5, 4, 0],
])(
  'a student at %f between random play at %f and a teacher at %f has %f to learn',
  (student, random, teacher, left) => {
    expect(lessonLeft(student, random, teacher)).toBe(left);
  },
);
