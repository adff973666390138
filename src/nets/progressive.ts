import * as z from 'zod';
import type { Axis, TensorSpec } from '../core/tensors.ts';
import { conv2d, dense, flatten, type Layer, type LayerBuilder, relu, sequential } from './layers.ts';
import { defineNet } from './net.ts';

/** Stages of the column that takes a source's layers. The plan leaves the other column's fresh. */
const COLUMN = 'column';

/**
 * Two columns of `fastconv` (Rusu et al. 2016, 1606.04671): one for what a source knows, one for the target, whose trunk
 * also reads the first one's convolution, by a lateral layer. The heads read both trunks.
 */
export const progressive = defineNet({
  id: 'progressive',
  summary: 'two columns of fastconv: one takes what a source knows, one reads it from the side',
  reads: ['planes'],
  schema: z.object({
    filters: z.int().min(1).max(256).default(8).describe('filters of each convolution'),
    size: z.int().min(1).max(8).default(3).describe('rows and columns that a filter sees'),
    units: z.int().min(1).max(2048).default(64).describe('units of each dense layer'),
  }),
  layers: ({ filters, size, units }) => [columns({ filters, size, units })],
});

function columns({ filters, size, units }: { filters: number; size: number; units: number }): LayerBuilder {
  return (input) => {
    const output: Axis = { kind: 'unit', size: units };
    const stem = (stage: string): Layer => sequential([conv2d({ stage, filters, size }), relu(), flatten()])(input);
    const first = stem(`${COLUMN}/stem`);
    const firstTrunk = sequential([dense({ stage: `${COLUMN}/trunk/0`, output }), relu()])(first.output);
    const lateral = dense({ stage: 'lateral/trunk/0', output })(first.output);
    const second = stem('stem');
    const secondTrunk = dense({ stage: 'trunk/0', output })(second.output);
    const activation = relu()([output]);
    const features = new Float32Array(2 * units);
    return {
      tensors: [
        ...[first, firstTrunk].flatMap(({ tensors }) => tensors.map(takenFromSource)),
        ...[second, lateral, secondTrunk].flatMap(({ tensors }) => tensors.map((spec) => ({ ...spec, takes: null }))),
      ],
      output: [{ kind: 'unit', size: 2 * units }],
      forward(tf, params, x) {
        const seen = first.forward(tf, params, x);
        const own = secondTrunk.forward(tf, params, second.forward(tf, params, x));
        const both = tf.add(own, lateral.forward(tf, params, seen));
        return tf.concat([firstTrunk.forward(tf, params, seen), activation.forward(tf, params, both)], 1);
      },
      infer(params, x) {
        const seen = first.infer(params, x);
        const sideways = lateral.infer(params, seen);
        features.set(firstTrunk.infer(params, seen));
        const own = secondTrunk.infer(params, second.infer(params, x));
        for (let i = 0; i < units; i++) features[units + i] = Math.max(0, own[i] + sideways[i]);
        return features;
      },
    };
  };
}

/** `column/stem` takes what is `stem` in the source. */
const takenFromSource = (spec: TensorSpec): TensorSpec => ({ ...spec, takes: spec.stage.slice(COLUMN.length + 1) });
