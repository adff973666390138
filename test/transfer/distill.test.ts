import { beforeAll, describe, expect, it, test } from 'vitest';
import { createLearner, createObserver, type Loss } from '../../src/agents/learner.ts';
import { ppo, ppoHeads, ppoLoss, type PpoConfig } from '../../src/agents/ppo.ts';
import { qActing, qHeads } from '../../src/agents/q-learning.ts';
import { UserError } from '../../src/core/errors.ts';
import type { Named } from '../../src/core/game.ts';
import { createRng } from '../../src/core/rng.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import {
  actionHead,
  crossEntropy,
  type Lesson,
  refuseMemory,
  softmaxRows,
  taught,
  withLesson,
} from '../../src/transfer/distill.ts';
import type { LearnerContext } from '../../src/transfer/method.ts';
import { lessonLeft } from '../../src/transfer/qdagger.ts';
import { expectClose } from '../engine/compare.ts';

const ACTIONS = 3;
const named = (count: number): Named[] => Array.from({ length: count }, (_, i) => ({ name: `${i}`, roles: ['self'] }));

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine('wasm');
});

/** Value and gradients of a loss by head, as tfjs derives them. */
function byTf(loss: Loss, outputs: Record<string, Float32Array>, rows: number) {
  const { tf } = engine;
  const names = Object.keys(outputs);
  return tf.tidy(() => {
    let diagnostics: number[] = [];
    const { value, grads } = tf.valueAndGrads((...heads) => {
      const parts = loss.tensors(tf, Object.fromEntries(names.map((name, i) => [name, heads[i]])));
      diagnostics = parts.diagnostics.map((part) => part.dataSync()[0]);
      return parts.loss;
    })(names.map((name) => tf.tensor2d(outputs[name], [rows, outputs[name].length / rows])));
    const gradients = Object.fromEntries(names.map((name, i) => [name, grads[i].dataSync() as Float32Array]));
    return { loss: value.dataSync()[0], diagnostics, gradients };
  });
}

function byHand(loss: Loss, outputs: Record<string, Float32Array>) {
  const gradients = Object.fromEntries(
    Object.entries(outputs).map(([name, values]) => [name, new Float32Array(values.length).fill(9)]),
  );
  return { ...loss.gradients(outputs, gradients), gradients };
}

describe('the cross-entropy', () => {
  // In Python: soft = lambda r, t=1: [exp(x / t) / sum(exp(y / t) for y in r) for x in r]
  // z = [[1, -2, .5], [0, 3, -1]]; p = [soft(r) for r in [[2, 0, -1], [0, .5, 1]]]; q = [soft(r, 2) for r in z]
  // -sum(a * log(b) for P, Q in zip(p, q) for a, b in zip(P, Q)) / 2
  // [[(b - a) / 4 for a, b in zip(P, Q)] for P, Q in zip(p, q)]
  const policy = Float32Array.of(1, -2, 0.5, 0, 3, -1);
  const probabilities = softmaxRows(Float32Array.of(2, 0, -1, 0, 0.5, 1), ACTIONS, 1);
  const loss = crossEntropy({ head: 'policy', temperature: 2, probabilities }, 2);
  const expected = {
    loss: 1.237354790595774,
    gradients: [
      -0.08606925116703111, -0.0006844320835979259, 0.08675368325062904, -0.005518023900189933, 0.10723220964852388,
      -0.10171418574833392,
    ],
  };

  test.each(['tfjs', 'hand'])('has the value and slopes that Python gives (by %s)', (how) => {
    const outputs = { policy, value: Float32Array.of(5, 6) };
    const got = how === 'hand' ? byHand(loss, outputs) : byTf(loss, { policy }, 2);
    expect(got.loss).toBeCloseTo(expected.loss, 6);
    expectClose(got.gradients.policy, Float32Array.from(expected.gradients), 1e-6);
    if (how === 'hand') expect(got.gradients.value).toEqual(new Float32Array(2));
  });

  it('stays finite where the student is sure of something else', () => {
    const lesson = { head: 'policy', temperature: 1, probabilities: Float32Array.of(1, 0, 0) };
    const got = byHand(crossEntropy(lesson, 1), { policy: Float32Array.of(-2000, 0, 0) });
    expect(Number.isFinite(got.loss)).toBe(true);
    expect(got.gradients.policy[0]).toBe(-1);
  });
});

test("a lesson beside PPO's loss is the same by tfjs and by hand, and leaves the rest as it was", () => {
  const rows = 7;
  const rng = createRng(1, 'distill');
  const draws = (count: number): Float32Array => Float32Array.from({ length: count }, () => 4 * rng.float() - 2);
  const outputs = { policy: draws(rows * ACTIONS), value: draws(rows) };
  const own = ppoLoss(ppo.schema.parse({}) as PpoConfig, {
    actions: Int32Array.from({ length: rows }, (_, i) => i % ACTIONS),
    legal: null,
    logProbs: draws(rows),
    advantages: draws(rows),
    returns: draws(rows),
  });
  const lesson: Lesson = {
    head: 'policy',
    temperature: 1.5,
    probabilities: softmaxRows(draws(rows * ACTIONS), ACTIONS, 1),
  };
  const both = withLesson(own, lesson, rows, 0.7);
  const [tf, hand, alone] = [byTf(both, outputs, rows), byHand(both, outputs), byHand(own, outputs)];
  expectClose([hand.loss, ...hand.diagnostics], [tf.loss, ...tf.diagnostics], 1e-5);
  for (const name of ['policy', 'value']) expectClose(hand.gradients[name], tf.gradients[name], 1e-5, name);
  expect(hand.diagnostics.slice(0, -1)).toEqual([...alone.diagnostics, alone.loss]);
  expect(hand.loss).toBeCloseTo(alone.loss + 0.7 * (hand.diagnostics.at(-1) as number), 6);
  expect(hand.gradients.value).toEqual(alone.gradients.value);
});

test('action values take the temperature, logits do not', () => {
  const observation = { kind: 'features', features: [{ name: 'x', roles: ['self'], scale: 1 }] } as const;
  const netOf = (dueling: boolean) =>
    buildPolicyNet({
      net: 'mlp',
      netConfig: {},
      observation,
      heads: qHeads(named(2), dueling),
      acting: qActing(dueling, 0),
    });
  const policy = buildPolicyNet({ net: 'mlp', netConfig: {}, observation, heads: ppoHeads(named(2)) });
  expect(actionHead(policy, 0.1)).toEqual({ head: 'policy', temperature: 1 });
  expect(actionHead(netOf(false), 0.1)).toEqual({ head: 'q', temperature: 0.1 });
  // softmax(advantages) is softmax(values): they differ by the same in each row.
  expect(actionHead(netOf(true), 0.1)).toEqual({ head: 'advantage', temperature: 0.1 });
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
    const learner = taught('x', inner, context, { coefficient: () => coefficient, temperature: 1 });
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

  it('does not remember', () => {
    expect(() => refuseMemory('kickstart', netOf('mlp'), netOf('gru'))).toThrow(
      new UserError('kickstart looks at single observations: it is not for "gru", which remembers'),
    );
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
