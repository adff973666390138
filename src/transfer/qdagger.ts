import * as z from 'zod';
import { createObserver } from '../agents/learner.ts';
import { lessonOptions } from '../agents/lesson.ts';
import { netPlayer } from '../agents/net-player.ts';
import { randomPlayer } from '../agents/random-player.ts';
import { mean } from '../stats/curve.ts';
import { checkTeacher, taught } from './distill.ts';
import { defineMethod, type LearnerContext } from './method.ts';
import { playEpisodes } from './play-episodes.ts';

/**
 * The source's policy teaches as long as it is better: its weight falls with how far the student's recent training return is
 * on the way from random play to the teacher's (Agarwal et al. 2022, “QDagger”; there the way begins at 0).
 */
export const qdagger = defineMethod({
  id: 'qdagger',
  summary: "every layer learns, also to do as the source's policy would, as long as that plays better",
  schema: lessonOptions.extend({
    teacherEpisodes: z.int().min(1).max(1000).default(20).describe('episodes that measure the teacher and random play'),
  }),
  scale: () => 1,
  describe: (_config, stage) =>
    stage === 'heads/value' ? 'learning rate x 1' : 'taught while the source plays better',
  check: checkTeacher('qdagger'),
  learner({ distillCoef, distillTemperature, teacherEpisodes }, inner, context) {
    const [random, best] = yardstick(context, teacherEpisodes);
    return taught(inner, context, {
      coefficient: () => distillCoef * lessonLeft(context.recentReturn() ?? random, random, best),
      temperature: distillTemperature,
    });
  },
});

/** How much of the way from random play to the teacher the student has before it, from 1 to 0. A teacher no better teaches nothing. */
export const lessonLeft = (student: number, random: number, teacher: number): number =>
  teacher > random ? Math.min(1, Math.max(0, (teacher - student) / (teacher - random))) : 0;

/** What random play and the teacher get of the target, before any training there. */
function yardstick({ teacher: findTeacher, options, seed }: LearnerContext, episodes: number): [number, number] {
  const teacher = findTeacher();
  const { net, params } = teacher;
  const observer = createObserver({ engine: options.engine, net, params, rows: episodes });
  const own = netPlayer(net, observer.outputs, 'sampled', `${seed}/teacher`);
  const returns = [randomPlayer(seed), own].map((player) => mean(playEpisodes(teacher, player, episodes).returns));
  observer.dispose();
  return [returns[0], returns[1]];
}
