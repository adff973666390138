import { gatherRows } from '../agents/arrays.ts';
import { createObserver, type Learner } from '../agents/learner.ts';
import { actionHead, type Lesson, refuseMemory, softmaxRows, withLesson } from '../agents/lesson.ts';
import type { LearnerContext, Method } from './method.ts';

/** The teacher must see the target, and neither of the two nets remember. */
export const checkTeacher =
  (method: string): Method['check'] =>
  (net, { teacher }) =>
    refuseMemory(method, net, teacher().net);

/**
 * The learner with the source's policy as a teacher beside its loss: coefficient · cross-entropy of what the teacher would
 * do against what the student would do, on the observations of each minibatch. Both by the head that they act by,
 * action values through a softmax at the temperature. Logs `distillCoef` and `distillLoss`.
 */
export function taught(
  inner: Learner,
  { options, teacher: findTeacher }: LearnerContext,
  { coefficient, temperature }: { coefficient: () => number; temperature: number },
): Learner {
  const { engine, net, minibatch } = options;
  const teacher = findTeacher();
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
