import * as z from 'zod';

/** Episodes that wait to be played, of recordings and of minds each: a class that asks at once, and no more. */
export const MOST_WAITING = 100;

/** An agent of the library, as one of its checkpoints has it. */
export const checkpointQuery = z.strictObject({
  id: z.string().min(1).max(300),
  /** The checkpoint; left out: the newest. */
  step: z.coerce.number().int().min(0).optional(),
});

/** One of its episodes. */
export const episodeQuery = checkpointQuery.extend({
  seed: z.coerce.number().int().min(0).max(0xffff_ffff).default(0),
  mode: z.enum(['sampled', 'greedy']).default('sampled'),
  maxSteps: z.coerce.number().int().min(1).max(5000).default(1000),
});
