import * as z from 'zod';
import { dense, flatten, layerNorm, relu, tanh } from './layers.ts';
import { defineNet } from './net.ts';

/** Dense layers, on features or on flattened planes: what PPO papers use for classic control. */
export const mlp = defineNet({
  id: 'mlp',
  summary: 'dense layers',
  reads: ['planes', 'features'],
  schema: z.object({
    units: z.int().min(1).max(2048).default(64).describe('units of each dense layer'),
    depth: z.int().min(1).max(8).default(2).describe('number of dense layers'),
    activation: z.enum(['tanh', 'relu']).default('tanh').describe('activation of each layer'),
    norm: z.boolean().default(false).describe('normalise each layer before its activation'),
  }),
  layers: ({ units, depth, activation, norm }) => [
    flatten(),
    ...Array.from({ length: depth }, (_, i) => {
      const stage = i === 0 ? 'stem' : `trunk/${i - 1}`;
      return [
        dense({ stage, output: { kind: 'unit', size: units } }),
        ...(norm ? [layerNorm({ stage })] : []),
        activation === 'tanh' ? tanh() : relu(),
      ];
    }).flat(),
  ],
});
