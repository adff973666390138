import { beforeAll, describe, expect, test } from 'vitest';
import { createLearner, type Learner } from '../../src/agents/learner.ts';
import { ppo, ppoLoss, type PpoBatch, type PpoConfig, ppoHeads } from '../../src/agents/ppo.ts';
import type { Named, ObservationSpec } from '../../src/core/game.ts';
import { createRng } from '../../src/core/rng.ts';
import { type Params, tensorShape } from '../../src/core/tensors.ts';
import { createFusedNet } from '../../src/engine/fused/net.ts';
import { createThreadedNet } from '../../src/engine/fused-threads.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { buildPolicyNet, type PolicyNet } from '../../src/nets/policy-net.ts';
import { expectClose } from '../engine/compare.ts';
import { kernelVariant } from '../engine/kernel-variant.ts';

const named = (count: number): Named[] => Array.from({ length: count }, (_, i) => ({ name: `${i}`, roles: ['self'] }));
const planes = (height: number, width: number, channels: number): ObservationSpec => ({
  kind: 'planes',
  height,
  width,
  channels: named(channels),
});
const features = (count: number): ObservationSpec => ({
  kind: 'features',
  features: named(count).map((name, i) => ({ ...name, scale: 1 + i })),
});

/** Nets of all kinds, with sizes that no kernel likes. */
const NETS: [string, string, Record<string, unknown>, ObservationSpec, number][] = [
  ['conv on a MinAtar board', 'conv', {}, planes(10, 10, 4), 6],
  ['conv with few filters on an odd board', 'conv', { filters: 4, units: 33 }, planes(7, 5, 3), 3],
  ['conv with many filters', 'conv', { filters: 20, units: 100 }, planes(6, 9, 10), 17],
  ['conv with norms', 'conv', { norm: true }, planes(10, 10, 4), 6],
  ['conv with odd norms', 'conv', { filters: 12, units: 50, norm: true }, planes(6, 5, 3), 4],
  ['fastconv', 'fastconv', {}, planes(10, 10, 7), 6],
  ['fastconv with strides', 'fastconv', { filters: 16, size: 4, stride: 2 }, planes(10, 9, 3), 6],
  [
    'fastconv with strides and norms on an odd board',
    'fastconv',
    { stride: 3, units: 30, norm: true },
    planes(7, 4, 2),
    3,
  ],
  ['mlp on planes', 'mlp', {}, planes(10, 10, 7), 6],
  ['mlp of one narrow layer on planes', 'mlp', { units: 5, depth: 1 }, planes(3, 3, 1), 2],
  ['mlp on features', 'mlp', {}, features(4), 2],
  ['deep odd mlp on features', 'mlp', { units: 37, depth: 3 }, features(7), 5],
  ['mlp with relu and norms', 'mlp', { activation: 'relu', norm: true }, features(3), 4],
  ['mlp with norms on planes', 'mlp', { norm: true, units: 40 }, planes(4, 4, 3), 4],
];

const greatest = (values: Float32Array): number => values.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-12);

/** Within `tolerance` of the greatest value of any tensor. */
function expectSame(got: Params, expected: Params, tolerance: number, what: string): void {
  const scale = Math.max(...Object.values(expected).map(greatest));
  for (const [name, values] of Object.entries(expected)) {
    expectClose(
      got[name].map((value) => value / scale),
      values.map((value) => value / scale),
      tolerance,
      `${what} of ${name}`,
    );
  }
}

interface Case {
  net: PolicyNet;
  clear: Learner;
  fused: Learner;
  obs: Uint8Array | Float32Array;
  batch(size: number): { indices: Int32Array; batch: PpoBatch };
}

const STORE = 100;
const MINIBATCH = 70;
const config = ppo.schema.parse({}) as PpoConfig;

/** The fused path against its clear twin, on one variant of the kernels. */
export function learnerSuite(variant: 'relaxed' | 'simd'): void {
  describe.each(NETS)('the fused path: %s', (_name, netId, netConfig, observation, numActions) => {
    let engine: Engine;
    beforeAll(async () => {
      const [alone, shared] = [await kernelVariant(variant), await kernelVariant(variant, true)];
      expect([alone.variant, shared.variant].every((name) => name.includes(variant))).toBe(true);
      const fused: Engine['fused'] = (size) =>
        size.lanes === 1 ? createFusedNet(alone.module, size) : createThreadedNet(shared.module, size);
      engine = { ...(await loadEngine('wasm')), fused };
    });

    function make(threads = 1): Case {
      const net = buildPolicyNet({ net: netId, netConfig, observation, heads: ppoHeads(named(numActions)) });
      expect(net.fused).not.toBeNull();
      const rng = createRng(3, netId, numActions);
      // Not the fresh policy head, whose logits are nearly equal, and biases that are not zero.
      const params = Object.fromEntries(
        net.tensors.map((spec) => {
          const shape = tensorShape(spec);
          const size = shape.reduce((a, b) => a * b, 1);
          const bound = shape.length === 1 ? 0.2 : Math.sqrt((3 * (shape.at(-1) as number)) / size);
          return [spec.name, Float32Array.from({ length: size }, () => (2 * rng.float() - 1) * bound)];
        }),
      );
      const options = { net, params, store: STORE, minibatch: MINIBATCH, rows: 40, threads };
      const clear = createLearner({ engine: { ...engine, fused: undefined }, ...options });
      const fused = createLearner({ engine, ...options });
      const binary = observation.kind === 'planes';
      for (let i = 0; i < clear.store.length; i++) {
        clear.store[i] = fused.store[i] = binary ? Number(rng.float() < 0.2) : 4 * rng.float() - 2;
      }
      const batch = (size: number) => ({
        indices: Int32Array.from({ length: size }, () => rng.int(0, STORE)),
        batch: {
          actions: Int32Array.from({ length: size }, () => rng.int(0, numActions)),
          legal: null,
          logProbs: Float32Array.from({ length: size }, () => Math.log(1 / numActions) + rng.float() - 0.5),
          advantages: Float32Array.from({ length: size }, () => 2 * rng.float() - 1),
          returns: Float32Array.from({ length: size }, () => 2 * rng.float() - 1),
        },
      });
      return { net, clear, fused, obs: clear.store, batch };
    }

    test.each([1, 2, 31, 40, 100])('gives the same outputs for %i observations', (rows) => {
      const { clear, fused, obs } = make();
      const size = obs.length / STORE;
      const expected = clear.outputs(obs.slice(0, rows * size), rows);
      const outputs = fused.outputs(obs.slice(0, rows * size), rows);
      for (const head of Object.keys(expected)) expectClose(outputs[head], expected[head], 1e-5, head);
    });

    test('sees the same features', () => {
      const { clear, fused } = make();
      const indices = Int32Array.from({ length: STORE }, (_, i) => (7 * i) % STORE);
      expectClose(fused.features(indices), clear.features(indices), 1e-5);
    });

    test('is the same to the last bit on three threads', async () => {
      const [one, three] = [make(1), make(3)].map(({ fused, batch }) => ({ fused, batch }));
      for (let step = 0; step < 30; step++) {
        const { indices, batch } = one.batch(MINIBATCH);
        const reports = [one, three].map(({ fused }) =>
          fused.minimize(indices, ppoLoss(config, batch), () => 1e-3, 0.5),
        );
        expect(reports[1]).toEqual(reports[0]);
        // The threads start while this one works alone: let them come.
        await new Promise((resolve) => setTimeout(resolve, step < 20 ? 20 : 0));
      }
      expect(three.fused.save()).toEqual(one.fused.save());
      three.fused.dispose();
    });

    test.each([1, 33, MINIBATCH])('makes the same Adam steps on %i samples', (size) => {
      const { net, clear, fused, batch } = make();
      for (let step = 0; step < 4; step++) {
        const { indices, batch: values } = batch(size);
        const [a, b] = [clear, fused].map((learner) =>
          learner.minimize(indices, ppoLoss(config, values), () => 1e-3, 0.5),
        );
        expectClose([b.loss], [a.loss], 1e-5, 'loss');
        expectClose([b.gradNorm], [a.gradNorm], 1e-5, 'gradNorm');
        expectClose(b.diagnostics, a.diagnostics, 1e-5, 'diagnostics');
        const [clearState, fusedState] = [clear.save(), fused.save()];
        // The first moment is a mean of gradients, so this holds them too.
        expectSame(fusedState.m, clearState.m, 1e-5, 'm');
        // Squares differ twice as much.
        expectSame(fusedState.v, clearState.v, 2e-5, 'v');
        for (const { name } of net.tensors) expectClose(fusedState.params[name], clearState.params[name], 1e-4, name);
        expect(fusedState.steps).toEqual(clearState.steps);
      }
    });
  });
}
