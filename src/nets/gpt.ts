import * as z from 'zod';
import { causalBlock } from './attention.ts';
import { dense, flatten, layerNorm } from './layers.ts';
import { defineNet } from './net.ts';

/** A causal transformer over the last frames (GPT, Radford et al. 2019), each frame one token. */
export const gpt = defineNet({
  id: 'gpt',
  summary: 'a causal transformer over the last frames, each frame one token',
  reads: ['planes', 'features'],
  schema: z.object({
    units: z.int().min(1).max(512).default(64).describe('size of a token'),
    depth: z.int().min(1).max(8).default(2).describe('number of transformer blocks'),
    heads: z.int().min(1).max(16).default(4).describe('attention heads; divides units'),
    window: z.int().min(1).max(64).default(8).describe('frames that a block looks back at, the present one included'),
  }),
  layers: ({ units, depth, heads, window }) => [
    flatten(),
    dense({ stage: 'stem', output: { kind: 'unit', size: units } }),
    ...Array.from({ length: depth }, (_, i) => causalBlock({ stage: `trunk/${i}`, heads, window })),
    layerNorm({ stage: `trunk/${depth - 1}` }),
  ],
});
