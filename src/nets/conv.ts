import * as z from 'zod';
import { conv2d, dense, flatten, layerNorm, relu } from './layers.ts';
import { defineNet } from './net.ts';

/** The net of the MinAtar paper (Young & Tian 2019): one 3x3 convolution, one dense layer. */
export const conv = defineNet({
  id: 'conv',
  summary: 'one 3x3 convolution, then one dense layer: the MinAtar paper’s net',
  reads: ['planes'],
  schema: z.object({
    filters: z.int().min(1).max(256).default(16).describe('filters of the 3x3 convolution'),
    units: z.int().min(1).max(2048).default(128).describe('units of the dense layer'),
    norm: z.boolean().default(false).describe('normalise each layer before its activation'),
  }),
  layers: ({ filters, units, norm }) => [
    conv2d({ stage: 'stem', filters, size: 3 }),
    ...(norm ? [layerNorm({ stage: 'stem' })] : []),
    relu(),
    flatten(),
    dense({ stage: 'trunk/0', output: { kind: 'unit', size: units } }),
    ...(norm ? [layerNorm({ stage: 'trunk/0' })] : []),
    relu(),
  ],
});
