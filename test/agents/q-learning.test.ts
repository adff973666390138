import { beforeAll, describe, expect, it, test } from 'vitest';
import { epsilonAt, qHeads, qLoss } from '../../src/agents/q-learning.ts';
import {
  nStepTarget,
  packBits,
  prioritizedSampler,
  SumTree,
  uniformSampler,
  unpackBits,
} from '../../src/agents/replay.ts';
import { createRng } from '../../src/core/rng.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { expectClose } from '../engine/compare.ts';

const ACTIONS = 4;
const BATCH = 9;

describe('the loss of action values', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadEngine('wasm');
  });

  const draws = (count: number, seed: number) => {
    const rng = createRng(seed, 'q');
    return Float32Array.from({ length: count }, () => 6 * rng.float() - 3);
  };

  test.each([
    [false, false, false],
    [false, true, true],
    [true, false, true],
    [true, true, false],
  ])('is the same by tfjs and by hand (dueling %s, Huber %s, weights %s)', (dueling, huber, weighted) => {
    const { tf } = engine;
    const actions = Int32Array.from({ length: BATCH }, (_, i) => i % ACTIONS);
    const batch = { actions, targets: draws(BATCH, 1), weights: weighted ? draws(BATCH, 2).map(Math.abs) : null };
    const names = qHeads([], dueling).map(({ name }) => name);
    const outputs = Object.fromEntries(
      names.map((name, i) => [name, draws(BATCH * (name === 'value' ? 1 : ACTIONS), 3 + i)]),
    );
    const [byHand, byTf] = [new Float32Array(BATCH), new Float32Array(BATCH)];
    const gradients = Object.fromEntries(names.map((name) => [name, new Float32Array(outputs[name].length)]));
    const got = qLoss({ dueling, huber, errors: byHand }, batch).gradients(outputs, gradients);
    tf.tidy(() => {
      const inputs = names.map((name) => tf.tensor2d(outputs[name], [BATCH, outputs[name].length / BATCH]));
      let mean = 0;
      const { value, grads } = tf.valueAndGrads((...heads) => {
        const named = Object.fromEntries(names.map((name, i) => [name, heads[i]]));
        const { loss, diagnostics } = qLoss({ dueling, huber, errors: byTf }, batch).tensors(tf, named);
        mean = diagnostics[0].dataSync()[0];
        return loss;
      })(inputs);
      expectClose([got.loss, got.diagnostics[0]], [value.dataSync()[0], mean], 1e-5);
      names.forEach((name, i) => expectClose(gradients[name], grads[i].dataSync() as Float32Array, 1e-5, name));
    });
    expectClose(byHand, byTf, 1e-5);
    expect(Math.max(...byHand)).toBeGreaterThan(1);
  });

  it('is the mean of half squares', () => {
    const gradients = { q: new Float32Array(4) };
    const batch = { actions: Int32Array.of(1, 0), targets: Float32Array.of(1, 0), weights: null };
    const { loss } = qLoss({ dueling: false, huber: false }, batch).gradients(
      { q: Float32Array.of(9, 4, 2, 9) },
      gradients,
    );
    expect(loss).toBe((0.5 * 9 + 0.5 * 4) / 2);
    expect([...gradients.q]).toEqual([0, 1.5, 1, 0]);
  });
});

test('epsilon falls linearly, then stays', () => {
  const options = { epsilonStart: 1, epsilonFinal: 0.1, explorationFraction: 0.5 };
  expectClose(
    [0, 250, 500, 900].map((step) => epsilonAt(options, step, 1000)),
    [1, 0.55, 0.1, 0.1],
    1e-9,
  );
  expect(epsilonAt({ ...options, explorationFraction: 0 }, 0, 1000)).toBeCloseTo(0.1, 9);
});

describe('n-step targets', () => {
  const steps = {
    rewards: Float32Array.of(1, 2, 4, 8),
    terminated: Uint8Array.of(0, 0, 0, 0),
    truncated: Uint8Array.of(0, 0, 0, 0),
  };
  const target = (n: number, changes: Partial<typeof steps> = {}) =>
    nStepTarget({ ...steps, ...changes }, (k) => k, n, 0.5);

  it('add discounted rewards and look at the step after', () => {
    expect(target(1)).toEqual({ reward: 1, discount: 0.5, after: 1, isFinal: false });
    expect(target(3)).toEqual({ reward: 3, discount: 0.125, after: 3, isFinal: false });
  });

  it('stop at a terminal state, which is worth nothing', () => {
    expect(target(4, { terminated: Uint8Array.of(0, 1, 0, 0) })).toMatchObject({ reward: 2, discount: 0 });
  });

  it('stop where the episode was cut, and look at its last observation', () => {
    const cut = target(4, { truncated: Uint8Array.of(0, 1, 0, 0) });
    expect(cut).toEqual({ reward: 2, discount: 0.25, after: 1, isFinal: true });
  });
});

describe('samplers', () => {
  it('a sum tree finds the item whose share holds a point', () => {
    const tree = new SumTree(5);
    [1, 0, 2, 3, 4].forEach((priority, item) => tree.set(item, priority));
    expect(tree.total).toBe(10);
    expect([0, 0.9, 1, 2.9, 3, 5.9, 6, 9.9, 10].map((point) => tree.find(point))).toEqual([0, 0, 2, 2, 3, 3, 4, 4, 4]);
    const copy = new SumTree(5);
    copy.load(tree.save());
    expect(copy.total).toBe(10);
  });

  it('draw in proportion to priorities, with weights that make up for it', () => {
    const sampler = prioritizedSampler(4, 1, createRng(1));
    for (let item = 0; item < 4; item++) sampler.add(item);
    sampler.update(Int32Array.of(0, 1, 2, 3), Float32Array.of(1, 2, 3, 4));
    sampler.remove(1);
    const counts = [0, 0, 0, 0];
    const weightOf: number[] = [];
    for (let i = 0; i < 1000; i++) {
      const { items, weights } = sampler.draw(4, 1);
      items.forEach((item, j) => {
        counts[item]++;
        weightOf[item] = weights![j];
      });
    }
    expect(counts[1]).toBe(0);
    expectClose(
      counts.map((count) => count / 4000),
      [1 / 8, 0, 3 / 8, 4 / 8],
      0.03,
    );
    // 1 / priority; the greatest of a draw is 1.
    expect(weightOf[3] / weightOf[2]).toBeCloseTo(3 / 4, 3);
  });

  it('draw evenly from what is in the ring', () => {
    const sampler = uniformSampler(6, createRng(2));
    for (let item = 0; item < 6; item++) sampler.add(item);
    for (let item = 0; item < 4; item++) sampler.remove(item);
    for (let item = 0; item < 2; item++) sampler.add(item);
    const drawn = new Set(sampler.draw(400, 0).items);
    expect(drawn).toEqual(new Set([4, 5, 0, 1]));
    expect(sampler.count).toBe(4);
  });

  it('bits come back from bytes', () => {
    const rng = createRng(3);
    const values = Uint8Array.from({ length: 77 }, () => rng.int(0, 2));
    const out = new Uint8Array(77);
    unpackBits(packBits(values), out);
    expect(out).toEqual(values);
    expect(packBits(values)).toHaveLength(10);
  });
});
