import { type FusedLayer, type Plan, planMatrix } from './layer.ts';

/** Feature observations, each times its factor: the input of the first dense layer. */
export function featuresLayer(plan: Plan, factors: readonly number[]): FusedLayer {
  const out = planMatrix(plan, factors.length, 'none');
  const address = plan.layout.floats(factors.length);
  return {
    out,
    shares: [],
    constants: [{ address, values: Float32Array.from(factors) }],
    forward({ k }, from, to, { obs, indices }) {
      const y = out.address + from * out.stride * 4;
      k.scaleRows(to - from, factors.length, obs, indices + from * 4, address, y, out.stride * 4);
    },
    backward() {},
  };
}
