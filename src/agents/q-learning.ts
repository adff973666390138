import type { Tensor } from '@tensorflow/tfjs';
import type { Named } from '../core/game.ts';
import type { HeadValues } from '../engine/fused/net.ts';
import type { Tf } from '../engine/types.ts';
import type { ActingRule } from '../nets/acting.ts';
import type { HeadSpec } from '../nets/policy-net.ts';
import type { Loss } from './learner.ts';

// What algorithms that learn action values share. With dueling heads (Wang et al. 2016, equation 9)
// Q(s, a) = V(s) + A(s, a) − mean A(s, ·); else the head `q` holds Q.

export const qHeads = (actions: readonly Named[], dueling: boolean): HeadSpec[] =>
  dueling
    ? [
        { name: 'advantage', axis: { kind: 'action', labels: actions }, gain: 1 },
        { name: 'value', axis: { kind: 'value', size: 1 }, gain: 1 },
      ]
    : [{ name: 'q', axis: { kind: 'action', labels: actions }, gain: 1 }];

export const qActing = (dueling: boolean, epsilon: number): ActingRule =>
  dueling
    ? { kind: 'epsilon-greedy', head: 'advantage', baseline: 'value', epsilon }
    : { kind: 'epsilon-greedy', head: 'q', epsilon };

/** `[rows, actions]` */
export function actionValues(outputs: HeadValues, dueling: boolean): Float32Array {
  if (!dueling) return outputs.q;
  const { advantage, value } = outputs;
  const actions = advantage.length / value.length;
  const out = new Float32Array(advantage.length);
  for (let i = 0; i < value.length; i++) {
    let sum = 0;
    for (let a = 0; a < actions; a++) sum += advantage[i * actions + a];
    for (let a = 0; a < actions; a++) out[i * actions + a] = value[i] + advantage[i * actions + a] - sum / actions;
  }
  return out;
}

/** From `start` to `final` over the first `fraction` of the training, then constant. */
export function epsilonAt(
  { epsilonStart, epsilonFinal, explorationFraction }: { [key in keyof Exploration]: number },
  step: number,
  totalTimesteps: number,
): number {
  const done = explorationFraction === 0 ? 1 : Math.min(1, step / (explorationFraction * totalTimesteps));
  return epsilonStart + done * (epsilonFinal - epsilonStart);
}

interface Exploration {
  epsilonStart: number;
  epsilonFinal: number;
  explorationFraction: number;
}

/** A minibatch of `B` samples, without its observations. */
export interface QBatch {
  /** `[B]` each: the actions taken, and what their values should be. */
  readonly actions: Int32Array;
  readonly targets: Float32Array;
  /** `[B]`: how much each sample counts; null: all the same. */
  readonly weights: Float32Array | null;
}

export interface QLossOptions {
  readonly dueling: boolean;
  /** Errors beyond 1 count linearly (Huber), as in Mnih et al. 2015; else squared. */
  readonly huber: boolean;
  /** `[B]`: where given, takes `|Q(s, a) − target|`. */
  readonly errors?: Float32Array;
}

/** The mean of ½ error², or of Huber's loss. Diagnostics: `[mean Q(s, a)]`. */
export const qLoss = (options: QLossOptions, batch: QBatch): Loss => ({
  tensors: (tf, outputs) => clearLoss(tf, options, batch, outputs),
  gradients: (outputs, gradients) => lossGradients(options, batch, outputs, gradients),
});

function clearLoss(
  tf: Tf,
  { dueling, huber, errors }: QLossOptions,
  { actions, targets, weights }: QBatch,
  outputs: Record<string, Tensor>,
): { loss: Tensor; diagnostics: Tensor[] } {
  const head = outputs[dueling ? 'advantage' : 'q'];
  const q = dueling ? tf.add(outputs.value, tf.sub(head, tf.mean(head, 1, true))) : head;
  const oneHot = tf.cast(tf.oneHot(tf.tensor1d(actions, 'int32'), head.shape[1] as number), 'float32');
  const taken = tf.sum(tf.mul(q, oneHot), 1);
  const error = tf.sub(taken, tf.tensor1d(targets));
  const size = tf.abs(error);
  errors?.set(size.dataSync());
  const near = huber ? tf.minimum(size, 1) : size;
  const each = tf.add(tf.mul(0.5, tf.square(near)), tf.sub(size, near));
  return {
    loss: tf.mean(weights ? tf.mul(each, tf.tensor1d(weights)) : each),
    diagnostics: [tf.mean(taken)],
  };
}

/** The same, derived by hand: ∂ loss / ∂ Q(a) = weight · error / B, the error cut to ±1 for Huber's. */
function lossGradients(
  { dueling, huber, errors }: QLossOptions,
  { actions, targets, weights }: QBatch,
  outputs: HeadValues,
  gradients: HeadValues,
): { loss: number; diagnostics: number[] } {
  const size = actions.length;
  const q = actionValues(outputs, dueling);
  const numActions = q.length / size;
  const headGradients = gradients[dueling ? 'advantage' : 'q'].fill(0);
  let loss = 0;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const taken = i * numActions + actions[i];
    const error = q[taken] - targets[i];
    const magnitude = Math.abs(error);
    if (errors) errors[i] = magnitude;
    const weight = (weights ? weights[i] : 1) / size;
    const isFar = huber && magnitude > 1;
    loss += weight * (isFar ? magnitude - 0.5 : 0.5 * error * error);
    sum += q[taken];
    const slope = weight * (isFar ? Math.sign(error) : error);
    headGradients[taken] += slope;
    if (!dueling) continue;
    gradients.value[i] = slope;
    for (let a = 0; a < numActions; a++) headGradients[i * numActions + a] -= slope / numActions;
  }
  return { loss, diagnostics: [sum / size] };
}
