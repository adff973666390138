import { describe, expect, it, test } from 'vitest';
import { createLearner, type Learner, type Loss } from '../../src/agents/learner.ts';
import { ppoHeads } from '../../src/agents/ppo.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { pull, pulled, times } from '../../src/transfer/pull.ts';

const floats = (...values: number[]): Float32Array => Float32Array.from(values);

describe('a pull', () => {
  // The minimum over x of ½ (x − θ)² / η + ½ s (x − a)² is (θ + η s a) / (1 + η s): by hand.
  it('is the proximal step of the penalty', () => {
    const params = { w: floats(3, 3, -2, 5) };
    const anchor = { w: floats(1, 1, 4, -7) };
    const strength = { w: floats(2, 6, 1, 0) };
    expect(pull(params, anchor, strength, () => 0.5)).toEqual({ w: floats(2, 1.5, 0, 5) });
  });

  it('of any strength goes no farther than the anchor, and leaves what is frozen', () => {
    const [params, anchor] = [
      { w: floats(3), b: floats(3) },
      { w: floats(1), b: floats(1) },
    ];
    const moved = pull(params, anchor, { w: floats(1e12), b: floats(1e12) }, (name) => (name === 'w' ? 1 : 0));
    expect(moved.w[0]).toBeCloseTo(1, 6);
    expect(moved.b[0]).toBe(3);
  });
});

/** A loss without a slope, so that Adam stays where it is. */
const flat: Loss = {
  tensors: (tf, { policy, value }) => ({
    loss: tf.mul(0, tf.add(tf.sum(policy), tf.sum(value))),
    diagnostics: [],
  }),
  gradients(_outputs, gradients) {
    for (const values of Object.values(gradients)) values.fill(0);
    return { loss: 0, diagnostics: [] };
  },
};

describe('a learner that is pulled', () => {
  const net = buildPolicyNet({
    net: 'mlp',
    netConfig: { units: 5 },
    observation: { kind: 'features', features: [{ name: 'x', roles: ['self'], scale: 1 }] },
    heads: ppoHeads([{ name: 'left', roles: ['left'] }]),
  });
  const [params, anchor] = [net.init(1), net.init(2)];

  async function learnerOn(isFused: boolean): Promise<Learner> {
    const engine = await loadEngine('wasm');
    const path = isFused ? engine : { ...engine, fused: undefined };
    return createLearner({ engine: path, net, params, store: 4, minibatch: 4, rows: 4, threads: 1 });
  }

  test.each([true, false])('goes to the anchor after each step (fused: %s)', async (isFused) => {
    const inner = await learnerOn(isFused);
    const strength = times(
      Object.fromEntries(Object.entries(params).map(([name, values]) => [name, values.map(() => 1)])),
      3,
    );
    const learner = pulled(inner, anchor, strength);
    const rate = (name: string): number => (name === 'stem/kernel' ? 0 : 0.1);
    learner.minimize(Int32Array.of(0, 1, 2, 3), flat, rate, 1);
    const once = pull(params, anchor, strength, rate);
    expect(learner.params()).toEqual(once);
    expect(learner.params()['stem/kernel']).toEqual(params['stem/kernel']);
    learner.minimize(Int32Array.of(0), flat, rate, 1);
    expect(learner.params()).toEqual(pull(once, anchor, strength, rate));
    // Both what acts and what learns has the new values, and Adam's slots are as they were.
    expect(learner.outputs(floats(0.5), 1).value[0]).toBeCloseTo(net.infer(learner.params(), [0.5]).value[0], 5);
    for (const slot of Object.values(learner.save().m)) expect(slot.every((value) => value === 0)).toBe(true);
    learner.dispose();
  });
});
