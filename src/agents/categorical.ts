import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Rng } from '../core/rng.ts';
import type { Tf } from '../engine/types.ts';

/** Added to the logits of illegal actions: their probability becomes 0 without making a NaN. */
const ILLEGAL = -1e9;

/** A distribution over discrete actions, from logits `[batch, actions]` with illegal actions masked out. */
export function categorical(tf: Tf, logits: Tensor, legal: Tensor | null) {
  const masked = legal ? tf.add(logits, tf.mul(tf.sub(1, legal), ILLEGAL)) : logits;
  const logProbs = tf.logSoftmax(masked as Tensor2D);
  return {
    /** `[batch]`: log-probability of the actions given as one-hot rows. */
    logProb: (oneHot: Tensor): Tensor => tf.sum(tf.mul(logProbs, oneHot), -1),
    /** `[batch]`: −Σ p log p; illegal actions add 0. */
    entropy: (): Tensor => tf.neg(tf.sum(tf.mul(tf.exp(logProbs), logProbs), -1)),
  };
}

/** Samples row `row` of `logits [rows, actions]` by inverse CDF with the uniform `u`. */
export function sampleRow(
  logits: Float32Array,
  row: number,
  actions: number,
  legal: Uint8Array,
  rng: Rng,
): { action: number; logProb: number } {
  const from = row * actions;
  let max = -Infinity;
  for (let a = 0; a < actions; a++) if (legal[from + a] && logits[from + a] > max) max = logits[from + a];
  let sum = 0;
  for (let a = 0; a < actions; a++) if (legal[from + a]) sum += Math.exp(logits[from + a] - max);
  let rest = rng.float() * sum;
  let action = -1;
  for (let a = 0; a < actions; a++) {
    if (!legal[from + a]) continue;
    action = a;
    rest -= Math.exp(logits[from + a] - max);
    if (rest < 0) break;
  }
  return { action, logProb: logits[from + action] - max - Math.log(sum) };
}

/** The most probable legal action of row `row`. */
export function greedyRow(logits: Float32Array, row: number, actions: number, legal: Uint8Array): number {
  const from = row * actions;
  let best = -1;
  for (let a = 0; a < actions; a++) {
    if (legal[from + a] && (best < 0 || logits[from + a] > logits[from + best])) best = a;
  }
  return best;
}
