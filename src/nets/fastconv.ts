import * as z from 'zod';
import { conv2d, dense, flatten, layerNorm, relu } from './layers.ts';
import { defineNet } from './net.ts';

/**
 * One small convolution, then one small dense layer: a quarter of the multiplications of `conv`, and as good
 * (docs/results/agents.md).
 */
export const fastconv = defineNet({
  id: 'fastconv',
  summary: 'one small convolution, then one small dense layer: a quarter of the work of conv',
  reads: ['planes'],
  schema: z.object({
    filters: z.int().min(1).max(256).default(8).describe('filters of the convolution'),
    size: z.int().min(1).max(8).default(3).describe('rows and columns that a filter sees'),
    stride: z.int().min(1).max(8).default(1).describe('cells between the places of the convolution'),
    units: z.int().min(1).max(2048).default(64).describe('units of the dense layer'),
    norm: z.boolean().default(false).describe('normalise each layer before its activation'),
  }),
  layers: ({ filters, size, stride, units, norm }) => [
    // With strides, padding: else the last row or column would not be seen.
    conv2d({ stage: 'stem', filters, size, stride, padding: stride === 1 ? 'valid' : 'same' }),
    ...(norm ? [layerNorm({ stage: 'stem' })] : []),
    relu(),
    flatten(),
    dense({ stage: 'trunk/0', output: { kind: 'unit', size: units } }),
    ...(norm ? [layerNorm({ stage: 'trunk/0' })] : []),
    relu(),
  ],
});
