import * as z from 'zod';
import { defineMethod, depthOf, layersBelowHeads, type TrainingSpan } from './method.ts';

/** The step from which a stage learns. */
function thaw(unfrozenBy: number, stage: string, span: TrainingSpan): number {
  const share = depthOf(stage, span) / Math.max(1, layersBelowHeads(span.stages).length);
  return Math.ceil(unfrozenBy * share * span.totalTimesteps);
}

/** The heads learn first, then layer by layer from the top down (Howard & Ruder 2018, “gradual unfreezing”). */
export const gradualUnfreezing = defineMethod({
  id: 'gradual-unfreezing',
  summary: 'the heads learn first, then one layer more at a time, from the top down',
  schema: z.object({
    unfrozenBy: z.number().min(0).max(1).default(0.2).describe('share of the training after which all layers learn'),
  }),
  scale: ({ unfrozenBy }, stage, step, span) => (step >= thaw(unfrozenBy, stage, span) ? 1 : 0),
  describe({ unfrozenBy }, stage, span) {
    const step = thaw(unfrozenBy, stage, span);
    return step === 0 ? 'learning rate x 1' : `frozen until step ${step}`;
  },
});
