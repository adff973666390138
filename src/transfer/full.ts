import * as z from 'zod';
import { defineMethod } from './method.ts';

/** Full fine-tuning: every layer learns from the first step (Yosinski et al. 2014, “fine-tuned”). */
export const full = defineMethod({
  id: 'full',
  summary: 'every layer learns from the first step',
  schema: z.object({}),
  scale: () => 1,
  describe: () => 'learning rate x 1',
});
