import type { Tensor } from '@tensorflow/tfjs';
import { logSoftmax } from '../engine/operations.ts';
import type { Tf } from '../engine/types.ts';

/** Added to the logits of illegal actions: their probability becomes 0 without making a NaN. */
const ILLEGAL = -1e9;

/** A distribution over discrete actions, from logits `[batch, actions]` with illegal actions masked out. */
export function categorical(tf: Tf, logits: Tensor, legal: Tensor | null) {
  const masked = legal ? tf.add(logits, tf.mul(tf.sub(1, legal), ILLEGAL)) : logits;
  const logProbs = logSoftmax(tf, masked);
  return {
    /** `[batch]`: log-probability of the actions given as one-hot rows. */
    logProb: (oneHot: Tensor): Tensor => tf.sum(tf.mul(logProbs, oneHot), -1),
    /** `[batch]`: −Σ p log p; illegal actions add 0. */
    entropy: (): Tensor => tf.neg(tf.sum(tf.mul(tf.exp(logProbs), logProbs), -1)),
  };
}
