import { gatherRows } from '../agents/arrays.ts';
import { categorical } from '../agents/categorical.ts';
import { createObserver, type Learner, type Loss } from '../agents/learner.ts';
import { UserError } from '../core/errors.ts';
import { type ActingRule, SOFTMAX_POLICY } from '../nets/acting.ts';
import type { PolicyNet } from '../nets/policy-net.ts';
import type { LearnerContext } from './method.ts';

/** Targets for what a head says of `B` observations, taken as a distribution over actions: softmax(scores / temperature). */
export interface Lesson {
  readonly head: string;
  readonly temperature: number;
  /** `[B, actions]` */
  readonly probabilities: Float32Array;
}

/** The mean over `B` samples of −Σ p log π, p the lesson's probabilities, π the net's. */
export const crossEntropy = (lesson: Lesson, rows: number): Loss => ({
  tensors(tf, outputs) {
    const scores = outputs[lesson.head];
    const policy = categorical(tf, tf.div(scores, lesson.temperature), null);
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

type HeadValues = Parameters<Loss['gradients']>[0];

/** Adds weight · ∂ cross-entropy / ∂ score = weight · (π − p) / (temperature · B); returns the cross-entropy. */
function addGradients(
  { head, temperature, probabilities }: Lesson,
  rows: number,
  weight: number,
  { [head]: scores }: HeadValues,
  { [head]: gradients }: HeadValues,
): number {
  const actions = probabilities.length / rows;
  const policy = softmaxRows(scores, actions, temperature);
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    // An action that can't be taken any more costs as much as it can in single precision, not infinitely much.
    if (probabilities[i] > 0) sum -= probabilities[i] * Math.log(Math.max(policy[i], LEAST));
    gradients[i] += (weight * (policy[i] - probabilities[i])) / (temperature * rows);
  }
  return sum / rows;
}

const LEAST = 1e-38;

/** softmax(scores / temperature) of each row of `scores [rows, actions]`. */
export function softmaxRows(scores: Float32Array, actions: number, temperature: number): Float32Array {
  const out = new Float32Array(scores.length);
  for (let from = 0; from < scores.length; from += actions) {
    let [max, sum] = [-Infinity, 0];
    for (let i = from; i < from + actions; i++) max = Math.max(max, scores[i]);
    for (let i = from; i < from + actions; i++) sum += out[i] = Math.exp((scores[i] - max) / temperature);
    for (let i = from; i < from + actions; i++) out[i] /= sum;
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

/**
 * The learner with the source's policy as a teacher beside its loss: coefficient · cross-entropy of what the teacher would
 * do against what the student would do, on the observations of each minibatch. Both by the head that they act by,
 * action values through a softmax at the temperature. Logs `distillCoef` and `distillLoss`.
 * @throws UserError where the teacher can't see the target, or one of the two nets remembers
 */
export function taught(
  method: string,
  inner: Learner,
  { options, teacher: findTeacher }: LearnerContext,
  { coefficient, temperature }: { coefficient: () => number; temperature: number },
): Learner {
  const { engine, net, minibatch } = options;
  const teacher = findTeacher();
  refuseMemory(method, net, teacher.net);
  const [student, source] = [net, teacher.net].map((each) => actionHead(each, temperature));
  const observer = createObserver({ engine, net: teacher.net, params: teacher.params, rows: minibatch });
  const obsSize = net.obsShape.reduce((product, side) => product * side, 1);
  const looked = inner.store.slice(0, minibatch * obsSize);
  const lessons: number[] = [];

  function lessonOf(indices: Int32Array): Lesson {
    const rows = indices.length;
    const obs = gatherRows(inner.store, indices, obsSize, looked).subarray(0, rows * obsSize);
    const scores = observer.outputs(obs, rows)[source.head];
    return { ...student, probabilities: softmaxRows(scores, scores.length / rows, source.temperature) };
  }

  return {
    ...inner,
    minimize(indices, loss, ...rest) {
      const weight = coefficient();
      if (weight === 0) return inner.minimize(indices, loss, ...rest);
      const report = inner.minimize(indices, withLesson(loss, lessonOf(indices), indices.length, weight), ...rest);
      const [own, lesson] = report.diagnostics.slice(-2);
      lessons.push(lesson);
      return { ...report, loss: own, diagnostics: report.diagnostics.slice(0, -2) };
    },
    metrics() {
      const made = lessons.splice(0);
      const distillLoss = made.reduce((sum, value) => sum + value, 0) / made.length;
      return { ...inner.metrics?.(), distillCoef: coefficient(), ...(made.length > 0 && { distillLoss }) };
    },
    dispose() {
      observer.dispose();
      inner.dispose();
    },
  };
}
