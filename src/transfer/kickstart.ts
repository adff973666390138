import * as z from 'zod';
import { lessonOptions } from '../agents/lesson.ts';
import { checkTeacher, taught } from './distill.ts';
import { defineMethod } from './method.ts';

/**
 * The source's policy teaches beside the game: its cross-entropy joins the loss and fades (kickstarting, Schmitt et al. 2018), or
 * stays for a while (policy distillation on the student's own steps, Rusu et al. 2016; Czarnecki et al. 2019).
 */
export const kickstart = defineMethod({
  id: 'kickstart',
  summary: "every layer learns, at first also to do as the source's policy would",
  schema: lessonOptions.extend({
    distillUntil: z.number().min(0).max(1).default(0.5).describe('share of the training for which it teaches'),
    distillDecay: z.enum(['linear', 'constant']).default('linear').describe('how the weight goes until then'),
  }),
  scale: () => 1,
  describe: ({ distillUntil }, stage, { totalTimesteps }) =>
    stage === 'heads/value' ? 'learning rate x 1' : `taught until step ${Math.ceil(distillUntil * totalTimesteps)}`,
  check: checkTeacher('kickstart'),
  learner({ distillCoef, distillUntil, distillDecay, distillTemperature }, inner, context) {
    const end = distillUntil * context.span.totalTimesteps;
    const left = (): number => (context.step() < end ? 1 - context.step() / end : 0);
    const share = distillDecay === 'linear' ? left : () => (left() > 0 ? 1 : 0);
    return taught(inner, context, {
      coefficient: () => distillCoef * share(),
      temperature: distillTemperature,
    });
  },
});
