import * as z from 'zod';
import { defineMethod } from './method.ts';
import { pulled, times } from './pull.ts';

/** What came from the source is pulled back to where it began (Li, Grandvalet & Davoine 2018). */
export const l2Sp = defineMethod({
  id: 'l2-sp',
  summary: 'every layer learns, what came from the source is pulled back to where it began',
  schema: z.object({
    l2SpStrength: z.number().min(0).max(1e6).default(0.1).describe('strength α of the pull to the starting point'),
  }),
  scale: () => 1,
  describe: ({ l2SpStrength }) => `what came from the source pulled back by ${l2SpStrength}`,
  learner: ({ l2SpStrength }, inner, { boundary, start }) => pulled(inner, start, times(boundary.taken, l2SpStrength)),
});
