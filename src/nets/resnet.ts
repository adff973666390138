import * as z from 'zod';
import { conv2d, dense, flatten, type LayerBuilder, maxPool, relu, residual } from './layers.ts';
import { defineNet } from './net.ts';

/** IMPALA's residual net (Espeholt et al. 2018, figure 3, right; blocks as in He et al. 2016), at the size of a board game. */
export const resnet = defineNet({
  id: 'resnet',
  summary: 'IMPALA’s residual blocks, then one dense layer',
  reads: ['planes'],
  schema: z.object({
    filters: z
      .int()
      .min(1)
      .max(128)
      .default(16)
      .describe('filters of the first section; each next one has twice as many'),
    sections: z.int().min(1).max(3).default(2).describe('sections: a convolution, a pooling, and residual blocks'),
    blocks: z.int().min(1).max(4).default(1).describe('residual blocks of a section'),
    units: z.int().min(1).max(2048).default(128).describe('units of the dense layer'),
  }),
  layers({ filters, sections, blocks, units }) {
    let stages = 0;
    const nextStage = (): string => (stages++ === 0 ? 'stem' : `trunk/${stages - 2}`);
    const conv = (count: number): LayerBuilder =>
      conv2d({ stage: nextStage(), filters: count, size: 3, padding: 'same' });
    const section = (count: number): LayerBuilder[] => [
      conv(count),
      maxPool({ size: 3, stride: 2 }),
      ...Array.from({ length: blocks }, () => residual([relu(), conv(count), relu(), conv(count)])),
    ];
    return [
      ...Array.from({ length: sections }, (_, i) => section(filters * 2 ** i)).flat(),
      relu(),
      flatten(),
      dense({ stage: nextStage(), output: { kind: 'unit', size: units } }),
      relu(),
    ];
  },
});
