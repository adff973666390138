import * as z from 'zod';
import { defineMethod, isHead } from './method.ts';

/** Heads first, then everything: fresh heads do not wreck the copied trunk (Howard & Ruder 2018, “gradual unfreezing”). */
export const frozenThenFull = defineMethod({
  id: 'frozen-then-full',
  summary: 'the heads learn first, then every layer',
  schema: z.object({
    unfreezeAt: z.number().min(0).max(1).default(0.2).describe('share of the training after which all layers learn'),
  }),
  scale: ({ unfreezeAt }, stage, step, { totalTimesteps }) =>
    isHead(stage) || step >= unfreezeAt * totalTimesteps ? 1 : 0,
  describe: ({ unfreezeAt }, stage, { totalTimesteps }) =>
    isHead(stage) ? 'learning rate x 1' : `frozen until step ${Math.ceil(unfreezeAt * totalTimesteps)}`,
});
