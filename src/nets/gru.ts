import * as z from 'zod';
import { dense, flatten, relu } from './layers.ts';
import { defineNet } from './net.ts';
import { gruLayer } from './recurrent.ts';

/** One dense layer, then a gated recurrent unit: for games that do not show everything at once. */
export const gru = defineNet({
  id: 'gru',
  summary: 'one dense layer, then a gated recurrent unit that remembers the episode',
  reads: ['planes', 'features'],
  schema: z.object({
    units: z.int().min(1).max(1024).default(128).describe('units of the dense layer, and of the recurrent one'),
  }),
  layers: ({ units }) => [
    flatten(),
    dense({ stage: 'stem', output: { kind: 'unit', size: units } }),
    relu(),
    gruLayer({ stage: 'trunk/0', units }),
  ],
});
