import { beforeAll, describe, expect, it, test } from 'vitest';
import {
  actionHead,
  crossEntropy,
  type Lesson,
  refuseMemory,
  softmaxRows,
  withLesson,
} from '../../src/agents/lesson.ts';
import { ppo, ppoHeads, ppoLoss, type PpoConfig } from '../../src/agents/ppo.ts';
import { qActing, qHeads } from '../../src/agents/q-learning.ts';
import { UserError } from '../../src/core/errors.ts';
import type { Named } from '../../src/core/game.ts';
import { createRng } from '../../src/core/rng.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { expectClose } from '../engine/compare.ts';
import { byHand, byTf } from './loss-gradients.ts';

const ACTIONS = 3;
const named = (count: number): Named[] => Array.from({ length: count }, (_, i) => ({ name: `${i}`, roles: ['self'] }));
const observation = { kind: 'features', features: [{ name: 'x', roles: ['self'], scale: 1 }] } as const;

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine('wasm');
});

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
    const got = how === 'hand' ? byHand(loss, outputs) : byTf(engine.tf, loss, { policy }, 2);
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
  const [tf, hand, alone] = [byTf(engine.tf, both, outputs, rows), byHand(both, outputs), byHand(own, outputs)];
  expectClose([hand.loss, ...hand.diagnostics], [tf.loss, ...tf.diagnostics], 1e-5);
  for (const name of ['policy', 'value']) expectClose(hand.gradients[name], tf.gradients[name], 1e-5, name);
  expect(hand.diagnostics.slice(0, -1)).toEqual([...alone.diagnostics, alone.loss]);
  expect(hand.loss).toBeCloseTo(alone.loss + 0.7 * (hand.diagnostics.at(-1) as number), 6);
  expect(hand.gradients.value).toEqual(alone.gradients.value);
});

test('action values take the temperature, logits do not', () => {
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

test('nets that remember are refused', () => {
  const [mlp, gru] = ['mlp', 'gru'].map((net) =>
    buildPolicyNet({ net, netConfig: {}, observation, heads: ppoHeads(named(2)) }),
  );
  expect(() => refuseMemory('kickstart', mlp, gru)).toThrow(
    new UserError('kickstart looks at single observations: it is not for "gru", which remembers'),
  );
});
