import * as z from 'zod';
import { defineMethod, depthOf } from './method.ts';

/** Each layer learns slower than the one above it (Howard & Ruder 2018, “discriminative fine-tuning”). */
export const discriminative = defineMethod({
  id: 'discriminative',
  summary: 'every layer learns, each slower than the one above it',
  schema: z.object({
    rateDecay: z.number().min(1).max(100).default(2.6).describe('how many times slower than the layer above'),
  }),
  scale: ({ rateDecay }, stage, _step, span) => rateDecay ** -depthOf(stage, span),
  describe: ({ rateDecay }, stage, span) =>
    `learning rate x ${Number((rateDecay ** -depthOf(stage, span)).toPrecision(3))}`,
});
