import type { Learner } from '../agents/learner.ts';
import type { Params } from '../core/tensors.ts';

/**
 * A learner whose every step is followed by one of the penalty Σ strength/2 (θ − anchor)², apart from the loss: Adam would
 * divide the penalty's gradient by its own size (Loshchilov & Hutter 2019). Frozen tensors stay.
 */
export const pulled = (inner: Learner, anchor: Params, strength: Params): Learner => ({
  ...inner,
  minimize(indices, loss, learningRate, ...rest) {
    const report = inner.minimize(indices, loss, learningRate, ...rest);
    inner.setParams(pull(inner.params(), anchor, strength, learningRate));
    return report;
  },
});

/** θ ← (θ + η·strength·anchor) / (1 + η·strength): the penalty's proximal step, which stays stable at any strength. */
export function pull(params: Params, anchor: Params, strength: Params, learningRate: (name: string) => number): Params {
  const moved = Object.entries(params).map(([name, values]): [string, Float32Array] => {
    const rate = learningRate(name);
    if (rate === 0) return [name, values];
    const step = (value: number, i: number): number => {
      const weight = rate * strength[name][i];
      return weight === 0 ? value : (value + weight * anchor[name][i]) / (1 + weight);
    };
    return [name, values.map(step)];
  });
  return Object.fromEntries(moved);
}

/** Each value times a factor. */
export const times = (params: Params, factor: number): Params =>
  Object.fromEntries(Object.entries(params).map(([name, values]) => [name, values.map((value) => factor * value)]));
