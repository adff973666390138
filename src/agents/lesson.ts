import * as z from 'zod';
import { UserError } from '../core/errors.ts';
import type { HeadValues } from '../engine/fused/net.ts';
import { type ActingRule, SOFTMAX_POLICY } from '../nets/acting.ts';
import type { PolicyNet } from '../nets/policy-net.ts';
import { categorical } from './categorical.ts';
import type { Loss } from './learner.ts';

/** What every way of learning from a teacher takes. */
export const lessonOptions = z.object({
  distillCoef: z.number().min(0).max(1000).default(1).describe("weight of the teacher's cross-entropy at the start"),
  distillTemperature: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .describe('of the softmax that makes probabilities of action values; logits are used as they are'),
});

/** Targets for what a head says of `B` observations, taken as a distribution over actions: softmax(scores / temperature). */
export interface Lesson {
  readonly head: string;
  readonly temperature: number;
  /** `[B, actions]` */
  readonly probabilities: Float32Array;
  /** `[B, actions]`: 1 for the actions that the net's distribution is over. Default: all. */
  readonly legal?: Float32Array | null;
}

/** The mean over `B` samples of −Σ p log π, p the lesson's probabilities, π the net's. */
export const crossEntropy = (lesson: Lesson, rows: number): Loss => ({
  tensors(tf, outputs) {
    const scores = outputs[lesson.head];
    const legal = lesson.legal ? tf.tensor(lesson.legal, scores.shape) : null;
    const policy = categorical(tf, tf.div(scores, lesson.temperature), legal);
    const wanted = tf.tensor(lesson.probabilities, scores.shape);
    return { loss: tf.neg(tf.mean(policy.logProb(wanted))), diagnostics: [] };
  },
  gradients(outputs, gradients) {
    for (const values of Object.values(gradients)) values.fill(0);
    return { loss: addGradients(lesson, rows, 1, outputs, gradients), diagnostics: [] };
  },
});

/**
 * A loss with a lesson beside it: loss + weight · cross-entropy. Two more diagnostics are what was the loss, and the
 * cross-entropy.
 */
export const withLesson = (loss: Loss, lesson: Lesson, rows: number, weight: number): Loss => ({
  tensors(tf, outputs) {
    const own = loss.tensors(tf, outputs);
    const { loss: taught } = crossEntropy(lesson, rows).tensors(tf, outputs);
    return {
      loss: tf.add(own.loss, tf.mul(weight, taught)),
      diagnostics: [...own.diagnostics, own.loss, taught],
    };
  },
  gradients(outputs, gradients) {
    const own = loss.gradients(outputs, gradients);
    const taught = addGradients(lesson, rows, weight, outputs, gradients);
    return { loss: own.loss + weight * taught, diagnostics: [...own.diagnostics, own.loss, taught] };
  },
});

/** Adds weight · ∂ cross-entropy / ∂ score = weight · (π − p) / (temperature · B); returns the cross-entropy. */
function addGradients(
  { head, temperature, probabilities, legal }: Lesson,
  rows: number,
  weight: number,
  { [head]: scores }: HeadValues,
  { [head]: gradients }: HeadValues,
): number {
  const actions = probabilities.length / rows;
  const policy = softmaxRows(scores, actions, temperature, legal);
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    // An action that can't be taken any more costs as much as it can in single precision, not infinitely much.
    if (probabilities[i] > 0) sum -= probabilities[i] * Math.log(Math.max(policy[i], LEAST));
    gradients[i] += (weight * (policy[i] - probabilities[i])) / (temperature * rows);
  }
  return sum / rows;
}

const LEAST = 1e-38;

/** softmax(scores / temperature) of each row of `scores [rows, actions]`, over those that are `legal` alone. */
export function softmaxRows(
  scores: Float32Array,
  actions: number,
  temperature: number,
  legal: Float32Array | null = null,
): Float32Array {
  const out = new Float32Array(scores.length);
  const exps = new Float64Array(actions);
  for (let from = 0; from < scores.length; from += actions) {
    const isLegal = (a: number): boolean => legal === null || legal[from + a] === 1;
    let max = -Infinity;
    for (let a = 0; a < actions; a++) if (isLegal(a) && scores[from + a] > max) max = scores[from + a];
    let sum = 0;
    for (let a = 0; a < actions; a++) {
      exps[a] = isLegal(a) ? Math.exp((scores[from + a] - max) / temperature) : 0;
      sum += exps[a];
    }
    for (let a = 0; a < actions; a++) out[from + a] = exps[a] / sum;
  }
  return out;
}

/** The head by which a net acts, and the temperature that makes probabilities of it: logits are used as they are. */
export function actionHead({ spec }: PolicyNet, temperature: number): { head: string; temperature: number } {
  const rule: ActingRule = spec.acting ?? SOFTMAX_POLICY;
  return { head: rule.head, temperature: rule.kind === 'softmax' ? 1 : temperature };
}

/** @throws UserError where a net remembers earlier steps: what is learned from are single observations */
export function refuseMemory(method: string, ...nets: readonly PolicyNet[]): void {
  const remembering = nets.find(({ carrySize }) => carrySize > 0);
  if (!remembering) return;
  throw new UserError(
    `${method} looks at single observations: it is not for "${remembering.spec.net}", which remembers`,
  );
}
