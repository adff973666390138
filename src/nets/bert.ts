import * as z from 'zod';
import { bidirectionalBlock, embedCells, meanTokens } from './attention.ts';
import { dense, layerNorm, relu } from './layers.ts';
import { defineNet } from './net.ts';

/** A bidirectional transformer over the board's cells as tokens (BERT, Devlin et al. 2019). */
export const bert = defineNet({
  id: 'bert',
  summary: 'a bidirectional transformer over the board, each cell one token',
  reads: ['planes'],
  schema: z.object({
    units: z.int().min(1).max(256).default(32).describe('size of a token'),
    depth: z.int().min(1).max(8).default(2).describe('number of transformer blocks'),
    heads: z.int().min(1).max(16).default(2).describe('attention heads; divides units'),
    outputs: z.int().min(1).max(1024).default(128).describe('units of the dense layer behind the blocks'),
  }),
  layers: ({ units, depth, heads, outputs }) => [
    embedCells({ stage: 'stem', units }),
    ...Array.from({ length: depth }, (_, i) => bidirectionalBlock({ stage: `trunk/${i}`, heads })),
    layerNorm({ stage: `trunk/${depth - 1}` }),
    meanTokens(),
    dense({ stage: `trunk/${depth}`, output: { kind: 'unit', size: outputs } }),
    relu(),
  ],
});
