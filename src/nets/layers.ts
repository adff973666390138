import type { Tensor } from '@tensorflow/tfjs';
import { UserError } from '../core/errors.ts';
import { type Axis, axisSize, type Params, type TensorSpec } from '../core/tensors.ts';
import type { DenseOp, FusedOp } from '../engine/fused/ops.ts';
import type { Tf } from '../engine/types.ts';

/** Parameter tensors by name, as the backend holds them. */
export type TensorMap = Record<string, Tensor>;

/**
 * One layer. `forward` is what defines it: tfjs ops on a batch. `infer` is its twin in plain TypeScript for one sample:
 * it runs where there is no tfjs, in a game or a page. `fused` says the same as data, for the kernels of the fused path.
 * All three must agree (tests hold it).
 */
export interface Layer {
  readonly tensors: readonly TensorSpec[];
  /** Axes of one sample's output. */
  readonly output: readonly Axis[];
  /** `[batch, ...input] → [batch, ...output]` */
  forward(tf: Tf, params: TensorMap, x: Tensor): Tensor;
  /** `[...input] → [...output]`, row-major; may return a buffer it owns. */
  infer(params: Params, x: Float32Array): Float32Array;
  /** Left out where the fused path has no kernels for the layer: a net with such a layer trains by tfjs. */
  readonly fused?: readonly FusedOp[];
}

/** A layer once it is told the axes of one sample's input. */
export type LayerBuilder = (input: readonly Axis[]) => Layer;

/** Square root of 2: the usual gain before a ReLU (Saxe et al. 2014; He et al. 2015). */
export const RELU_GAIN = Math.SQRT2;

/** A convolution without padding, stride 1: kernel `[size, size, channels, filters]`, bias `[filters]`. */
export function conv2d(options: { stage: string; filters: number; size: number }): LayerBuilder {
  return ([y, x, channel]) => {
    const { stage, filters, size } = options;
    const height = axisSize(y) - size + 1;
    const width = axisSize(x) - size + 1;
    if (height < 1 || width < 1) {
      const board = `${axisSize(y)} x ${axisSize(x)}`;
      throw new UserError(`a board of ${board} is too small for a ${size} x ${size} convolution; choose another net`);
    }
    const channels = axisSize(channel);
    const unit: Axis = { kind: 'unit', size: filters };
    const kernelName = `${stage}/kernel`;
    const biasName = `${stage}/bias`;
    const out = new Float32Array(height * width * filters);
    return {
      tensors: [
        {
          name: kernelName,
          stage,
          axes: [{ kind: 'kernel-y', size }, { kind: 'kernel-x', size }, channel, unit],
          init: { kind: 'orthogonal', gain: RELU_GAIN },
        },
        { name: biasName, stage, axes: [unit], init: { kind: 'zeros' } },
      ],
      output: [{ kind: 'board-y', size: height }, { kind: 'board-x', size: width }, unit],
      fused: [{ kind: 'conv2d', kernel: kernelName, bias: biasName, size, filters }],
      forward: (tf, params, input) =>
        tf.add(tf.conv2d(input as never, params[kernelName] as never, 1, 'valid'), params[biasName]),
      infer(params, input) {
        const kernel = params[kernelName];
        const bias = params[biasName];
        for (let i = 0; i < out.length; i += filters) out.set(bias, i);
        // Boards are mostly empty: visit the input cells that are set and add their part to each output they reach.
        for (let at = 0; at < input.length; at++) {
          const value = input[at];
          if (value === 0) continue;
          const c = at % channels;
          const cell = (at - c) / channels;
          const cx = cell % axisSize(x);
          const cy = (cell - cx) / axisSize(x);
          for (let oy = Math.max(0, cy - size + 1); oy <= Math.min(cy, height - 1); oy++) {
            for (let ox = Math.max(0, cx - size + 1); ox <= Math.min(cx, width - 1); ox++) {
              const from = (((cy - oy) * size + (cx - ox)) * channels + c) * filters;
              const to = (oy * width + ox) * filters;
              for (let f = 0; f < filters; f++) out[to + f] += value * kernel[from + f];
            }
          }
        }
        return out;
      },
    };
  };
}

export type DenseLayer = Layer & { readonly fused: readonly [DenseOp] };

/** A fully connected layer: kernel `[inputs, units]`, bias `[units]`. The last axis may have a meaning of its own. */
export function dense(options: { stage: string; output: Axis; gain?: number }): (input: readonly Axis[]) => DenseLayer {
  return (input) => {
    const { stage, output, gain = RELU_GAIN } = options;
    if (input.length !== 1)
      throw new Error(`dense needs flat input, got ${input.length} axes: put flatten() before it`);
    const units = axisSize(output);
    const kernelName = `${stage}/kernel`;
    const biasName = `${stage}/bias`;
    const out = new Float32Array(units);
    return {
      tensors: [
        { name: kernelName, stage, axes: [input[0], output], init: { kind: 'orthogonal', gain } },
        { name: biasName, stage, axes: [output], init: { kind: 'zeros' } },
      ],
      output: [output],
      fused: [{ kind: 'dense', kernel: kernelName, bias: biasName, units }],
      forward: (tf, params, x) => tf.add(tf.matMul(x as never, params[kernelName] as never), params[biasName]),
      infer(params, x) {
        const kernel = params[kernelName];
        out.set(params[biasName]);
        for (let i = 0; i < x.length; i++) {
          const value = x[i];
          if (value === 0) continue;
          for (let u = 0, from = i * units; u < units; u++) out[u] += value * kernel[from + u];
        }
        return out;
      },
    };
  };
}

export const relu = (): LayerBuilder => (input) => ({
  tensors: [],
  output: input,
  fused: [{ kind: 'relu' }],
  forward: (tf, _params, x) => tf.relu(x),
  infer(_params, x) {
    for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = 0;
    return x;
  },
});

export const tanh = (): LayerBuilder => (input) => ({
  tensors: [],
  output: input,
  fused: [{ kind: 'tanh' }],
  forward: (tf, _params, x) => tf.tanh(x),
  infer: (_params, x) => x.map(Math.tanh),
});

/** All axes of a sample become one that remembers its factors. */
export const flatten = (): LayerBuilder => (input) => {
  const output: Axis = input.length === 1 ? input[0] : { kind: 'flat', factors: input };
  return {
    tensors: [],
    output: [output],
    fused: [{ kind: 'flatten' }],
    forward: (_tf, _params, x) => (input.length === 1 ? x : x.reshape([x.shape[0], axisSize(output)])),
    infer: (_params, x) => x,
  };
};

/** Multiplies each feature by a constant: brings features of known magnitude to about 1. */
export const scale =
  (factors: readonly number[]): LayerBuilder =>
  (input) => {
    const values = Float32Array.from(factors);
    return {
      tensors: [],
      output: input,
      fused: [{ kind: 'scale', factors }],
      forward: (tf, _params, x) => tf.mul(x, tf.tensor1d(values)),
      infer: (_params, x) => x.map((value, i) => value * values[i]),
    };
  };

/** Layers one after another. */
export function sequential(builders: readonly LayerBuilder[]): LayerBuilder {
  return (input) => {
    const layers: Layer[] = [];
    let axes = input;
    for (const builder of builders) {
      const layer = builder(axes);
      layers.push(layer);
      axes = layer.output;
    }
    return {
      tensors: layers.flatMap((layer) => layer.tensors),
      output: axes,
      fused: layers.every(({ fused }) => fused) ? layers.flatMap(({ fused }) => fused as FusedOp[]) : undefined,
      forward: (tf, params, x) => layers.reduce((h, layer) => layer.forward(tf, params, h), x),
      infer: (params, x) => layers.reduce((h, layer) => layer.infer(params, h), x),
    };
  };
}
