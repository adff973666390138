import * as z from 'zod';
import { defineMethod, isHead, type TrainingSpan } from './method.ts';

const CRITIC = 'heads/value';

/** Does the stage learn from the first step? Where no policy stands beside the values, all heads are the critic. */
const isCritic = (stage: string, { stages }: TrainingSpan): boolean =>
  stages.includes('heads/policy') && stages.includes(CRITIC) ? stage === CRITIC : isHead(stage);

/** The critic learns alone first, of the policy as it came: a fresh critic's errors do not wreck it. */
export const criticWarmup = defineMethod({
  id: 'critic-warmup',
  summary: 'the value head learns first, under the policy as it came, then every layer',
  schema: z.object({
    warmUntil: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe('share of the training for which the critic learns alone'),
  }),
  scale: ({ warmUntil }, stage, step, span) =>
    isCritic(stage, span) || step >= warmUntil * span.totalTimesteps ? 1 : 0,
  describe: ({ warmUntil }, stage, span) =>
    isCritic(stage, span) ? 'learning rate x 1' : `frozen until step ${Math.ceil(warmUntil * span.totalTimesteps)}`,
});
