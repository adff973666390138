import * as z from 'zod';
import { dense, flatten, tanh } from './layers.ts';
import { defineNet } from './net.ts';

/** Dense layers with tanh, on features or on flattened planes: what PPO papers use for classic control. */
export const mlp = defineNet({
  id: 'mlp',
  summary: 'dense layers with tanh',
  reads: ['planes', 'features'],
  schema: z.object({
    units: z.int().min(1).max(2048).default(64).describe('units of each dense layer'),
    depth: z.int().min(1).max(8).default(2).describe('number of dense layers'),
  }),
  layers: ({ units, depth }) => [
    flatten(),
    ...Array.from({ length: depth }, (_, i) => [
      dense({ stage: i === 0 ? 'stem' : `trunk/${i - 1}`, output: { kind: 'unit', size: units } }),
      tanh(),
    ]).flat(),
  ],
});
