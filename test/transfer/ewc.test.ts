import { expect, test } from 'vitest';
import { softmaxRows } from '../../src/agents/lesson.ts';
import { ppoHeads } from '../../src/agents/ppo.ts';
import type { Named } from '../../src/core/game.ts';
import { createRng } from '../../src/core/rng.ts';
import type { Params } from '../../src/core/tensors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { diagonalFisher } from '../../src/transfer/ewc.ts';

const named = (count: number): Named[] => Array.from({ length: count }, (_, i) => ({ name: `${i}`, roles: ['self'] }));
const STATES = 4096;

// The Fisher information by its definition, Σ π(a) (∂ log π(a) / ∂ θ)², with slopes from differences of plain inference.
test.each([
  [true, false],
  [false, false],
  [true, true],
  [false, true],
])('the diagonal is that of the definition (fused: %s, one action of three illegal: %s)', async (isFused, isMasked) => {
  const engine = await loadEngine('wasm');
  const net = buildPolicyNet({
    net: 'mlp',
    netConfig: { units: 4, depth: 1 },
    observation: { kind: 'features', features: named(2).map((name) => ({ ...name, scale: 1 })) },
    heads: ppoHeads(named(3)),
  });
  const params = net.init(1);
  params['heads/policy/kernel'] = params['heads/policy/kernel'].map((value) => 100 * value);
  const rng = createRng(2, 'states');
  const states = Float32Array.from({ length: 2 * STATES }, () => 2 * rng.float() - 1);

  const legal = isMasked ? Float32Array.from({ length: 3 * STATES }, (_, i) => Number(i % 4 > 0)) : null;

  const logPolicy = (at: Params, i: number): number[] => {
    const { policy } = net.infer(at, states.subarray(2 * i, 2 * i + 2));
    return Array.from(softmaxRows(policy, 3, 1, legal && legal.subarray(3 * i, 3 * i + 3)), Math.log);
  };
  const nudged = (name: string, index: number, by: number): Params => ({
    ...params,
    [name]: params[name].map((value, i) => (i === index ? value + by : value)),
  });
  const byDefinition = (name: string, index: number): number => {
    const [up, down] = [nudged(name, index, 0.01), nudged(name, index, -0.01)];
    let sum = 0;
    // The samples that Adam's second moment remembers, the last ones most.
    for (let i = 0; i < STATES; i++) {
      const [here, above, below] = [params, up, down].map((at) => logPolicy(at, i));
      const information = here.reduce(
        (total, log, a) => (log > -Infinity ? total + Math.exp(log) * ((above[a] - below[a]) / 0.02) ** 2 : total),
        0,
      );
      sum += 0.001 * 0.999 ** (STATES - 1 - i) * information;
    }
    return sum;
  };

  const path = isFused ? engine : { ...engine, fused: undefined };
  const fisher = diagonalFisher({ net, params }, path, { observations: states, legal }, createRng(3, 'actions'));
  for (const [name, index] of [
    ['stem/kernel', 0],
    ['stem/kernel', 5],
    ['stem/bias', 2],
    ['heads/policy/kernel', 4],
    ['heads/policy/bias', 1],
  ] as const) {
    const ratio = fisher[name][index] / byDefinition(name, index);
    expect(ratio, `${name} ${index}`).toBeGreaterThan(0.8);
    expect(ratio, `${name} ${index}`).toBeLessThan(1.25);
  }
  expect(fisher['heads/value/kernel'].every((value) => value === 0)).toBe(true);
  expect(fisher['heads/value/bias'].every((value) => value === 0)).toBe(true);
});
