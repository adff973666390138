import * as z from 'zod';
import { conv2d, dense, flatten, maxPool, relu } from './layers.ts';
import { defineNet } from './net.ts';

/** Blocks of two 3x3 convolutions and a pooling (VGG, Simonyan & Zisserman 2015), at the size of a board game. */
export const vgg = defineNet({
  id: 'vgg',
  summary: 'blocks of two 3x3 convolutions and a pooling, then one dense layer',
  reads: ['planes'],
  schema: z.object({
    filters: z
      .int()
      .min(1)
      .max(128)
      .default(16)
      .describe('filters of the first block; each next one has twice as many'),
    blocks: z.int().min(1).max(3).default(2).describe('number of blocks'),
    units: z.int().min(1).max(2048).default(128).describe('units of the dense layer'),
  }),
  layers({ filters, blocks, units }) {
    const conv = (index: number) => {
      const stage = index === 0 ? 'stem' : `trunk/${index - 1}`;
      return conv2d({ stage, filters: filters * 2 ** Math.floor(index / 2), size: 3, padding: 'same' });
    };
    return [
      ...Array.from({ length: blocks }, (_, i) => [
        conv(2 * i),
        relu(),
        conv(2 * i + 1),
        relu(),
        maxPool({ size: 2, stride: 2 }),
      ]).flat(),
      flatten(),
      dense({ stage: `trunk/${2 * blocks - 1}`, output: { kind: 'unit', size: units } }),
      relu(),
    ];
  },
});
