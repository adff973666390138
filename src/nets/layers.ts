import type { Tensor } from '@tensorflow/tfjs';
import { UserError } from '../core/errors.ts';
import { type Axis, axisSize, type Params, type TensorSpec } from '../core/tensors.ts';
import { type DenseOp, type FusedOp, type Padding, windows } from '../engine/fused/ops.ts';
import { layerNorm as normalize } from '../engine/operations.ts';
import type { Tf } from '../engine/types.ts';

/** Parameter tensors by name, as the backend holds them. */
export type TensorMap = Record<string, Tensor>;

/** Sequences of steps of several environments, and what a net remembers from before them. */
export interface Memory {
  /** Steps of each sequence. A batch is time-major: `[steps · envs, ...]`. */
  readonly steps: number;
  /** `[steps, envs]`: 1 where an episode begins, so that what came before is forgotten. */
  readonly starts: Tensor;
  /** `[envs, carrySize]`: before `forward` what was remembered, afterwards what is. All zeros: nothing yet. */
  carry: Tensor;
}

/**
 * One layer. `forward` is what defines it: tfjs ops on a batch. `infer` is its twin in plain TypeScript for one sample:
 * it runs where there is no tfjs, in a game or a page. `fused` says the same as data, for the kernels of the fused path.
 * All three must agree (tests hold it).
 */
export interface Layer {
  readonly tensors: readonly TensorSpec[];
  /** Axes of one sample's output. */
  readonly output: readonly Axis[];
  /** Floats that it remembers of each environment from step to step. Default: 0. */
  readonly carrySize?: number;
  /** `[batch, ...input] → [batch, ...output]`. A layer with a carry needs `memory` and writes to it. */
  forward(tf: Tf, params: TensorMap, x: Tensor, memory?: Memory): Tensor;
  /** `[...input] → [...output]`, row-major; may return a buffer it owns. `carry` is what it remembers, and is updated. `look` is for rows. */
  infer(params: Params, x: Float32Array, carry?: Float32Array, look?: Look): Float32Array;
  /** Left out where the fused path has no kernels for the layer: a net with such a layer trains by tfjs. */
  readonly fused?: readonly FusedOp[];
}

/** Is shown what each layer of a row says, before the next one overwrites it. */
export type Look = (layer: Layer, output: Float32Array) => void;

/** A layer once it is told the axes of one sample's input. */
export type LayerBuilder = (input: readonly Axis[]) => Layer;

/** Square root of 2: the usual gain before a ReLU (Saxe et al. 2014; He et al. 2015). */
export const RELU_GAIN = Math.SQRT2;

/** A convolution: kernel `[size, size, channels, filters]`, bias `[filters]`. Default: stride 1, no padding. */
export function conv2d(options: {
  stage: string;
  filters: number;
  size: number;
  stride?: number;
  padding?: Padding;
}): LayerBuilder {
  return ([y, x, channel]) => {
    const { stage, filters, size, stride = 1, padding = 'valid' } = options;
    const [rows, columns] = boardWindows([y, x], { size, stride, padding }, 'convolution');
    const channels = axisSize(channel);
    const unit: Axis = { kind: 'unit', size: filters };
    const kernelName = `${stage}/kernel`;
    const biasName = `${stage}/bias`;
    const out = new Float32Array(rows.count * columns.count * filters);
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
      output: [{ kind: 'board-y', size: rows.count }, { kind: 'board-x', size: columns.count }, unit],
      fused: [{ kind: 'conv2d', kernel: kernelName, bias: biasName, size, filters, stride, padding }],
      forward: (tf, params, input) =>
        tf.add(tf.conv2d(input as never, params[kernelName] as never, stride, padding), params[biasName]),
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
          const cx = (cell % axisSize(x)) + columns.before;
          const cy = Math.floor(cell / axisSize(x)) + rows.before;
          for (let oy = firstWindow(cy, size, stride); oy <= Math.min(Math.floor(cy / stride), rows.count - 1); oy++) {
            for (let ox = firstWindow(cx, size, stride); ox * stride <= cx && ox < columns.count; ox++) {
              const from = (((cy - oy * stride) * size + (cx - ox * stride)) * channels + c) * filters;
              const to = (oy * columns.count + ox) * filters;
              for (let f = 0; f < filters; f++) out[to + f] += value * kernel[from + f];
            }
          }
        }
        return out;
      },
    };
  };
}

/** The first window along a side that holds cell `at` (padding counted). */
const firstWindow = (at: number, size: number, stride: number): number =>
  Math.max(0, Math.ceil((at - size + 1) / stride));

/** @throws UserError where the board is smaller than one window */
function boardWindows(
  sides: readonly Axis[],
  options: { size: number; stride: number; padding: Padding },
  what: string,
): { count: number; before: number }[] {
  const counts = sides.map((side) => windows(axisSize(side), options));
  if (counts.some(({ count }) => count < 1)) {
    const board = sides.map(axisSize).join(' x ');
    const window = `${options.size} x ${options.size}`;
    throw new UserError(`a board of ${board} is too small for a ${window} ${what}; choose another net`);
  }
  return counts;
}

/** The greatest value of each window, by channel. Windows that reach over the edge look at what is inside. */
export function maxPool(options: { size: number; stride: number }): LayerBuilder {
  return ([y, x, channel]) => {
    const { size, stride } = options;
    const [rows, columns] = boardWindows([y, x], { size, stride, padding: 'same' }, 'pooling');
    const [height, width, channels] = [y, x, channel].map(axisSize);
    const out = new Float32Array(rows.count * columns.count * channels);
    return {
      tensors: [],
      output: [{ kind: 'board-y', size: rows.count }, { kind: 'board-x', size: columns.count }, channel],
      forward: (tf, _params, input) => tf.maxPool(input as never, size, stride, 'same'),
      infer(_params, input) {
        out.fill(-Infinity);
        for (let oy = 0; oy < rows.count; oy++) {
          for (let ox = 0; ox < columns.count; ox++) {
            const to = (oy * columns.count + ox) * channels;
            const [top, left] = [oy * stride - rows.before, ox * stride - columns.before];
            for (let cy = Math.max(0, top); cy < Math.min(height, top + size); cy++) {
              for (let cx = Math.max(0, left); cx < Math.min(width, left + size); cx++) {
                const from = (cy * width + cx) * channels;
                for (let c = 0; c < channels; c++) out[to + c] = Math.max(out[to + c], input[from + c]);
              }
            }
          }
        }
        return out;
      },
    };
  };
}

/** Layer normalisation over the last axis (Ba, Kiros & Hinton 2016): of a dense layer's units, or of a pixel's filters. */
export function layerNorm(options: { stage: string }): LayerBuilder {
  return (input) => {
    const stage = `${options.stage}/norm`;
    const [gain, bias] = [`${stage}/gain`, `${stage}/bias`];
    const last = input[input.length - 1];
    const size = axisSize(last);
    return {
      tensors: [
        { name: gain, stage, axes: [last], init: { kind: 'ones' } },
        { name: bias, stage, axes: [last], init: { kind: 'zeros' } },
      ],
      output: input,
      fused: [{ kind: 'norm', gain, bias, size }],
      forward: (tf, params, x) => normalize(tf, x, params[gain], params[bias]),
      infer(params, x) {
        for (let from = 0; from < x.length; from += size)
          normalizeRow(x.subarray(from, from + size), params, gain, bias);
        return x;
      },
    };
  };
}

/** In place. */
export function normalizeRow(row: Float32Array, params: Params, gain: string, bias: string): void {
  let sum = 0;
  for (const value of row) sum += value;
  const mean = sum / row.length;
  let squares = 0;
  for (const value of row) squares += (value - mean) ** 2;
  const factor = 1 / Math.sqrt(squares / row.length + 1e-5);
  for (let i = 0; i < row.length; i++) row[i] = (row[i] - mean) * factor * params[gain][i] + params[bias][i];
}

/** `x + f(x)` (He et al. 2016), where f keeps the shape. */
export function residual(builders: readonly LayerBuilder[]): LayerBuilder {
  return (input) => {
    const inner = sequential(builders)(input);
    return {
      tensors: inner.tensors,
      output: input,
      carrySize: inner.carrySize,
      forward: (tf, params, x, memory) => tf.add(x, inner.forward(tf, params, x, memory)),
      infer(params, x, carry) {
        const out = Float32Array.from(x);
        const change = inner.infer(params, x.slice(), carry);
        for (let i = 0; i < out.length; i++) out[i] += change[i];
        return out;
      },
    };
  };
}

/** `out += x · w`, for `x [rows]` and `w [rows, out.length]`. */
export function addProduct(out: Float32Array, x: Float32Array, w: Float32Array): void {
  const columns = out.length;
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    if (value === 0) continue;
    for (let j = 0, from = i * columns; j < columns; j++) out[j] += value * w[from + j];
  }
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
        out.set(params[biasName]);
        addProduct(out, x, params[kernelName]);
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

/** Layers one after another; what they remember lies one behind the other too. */
export function sequential(builders: readonly LayerBuilder[]): LayerBuilder {
  return (input) => {
    const layers: Layer[] = [];
    const carryFrom: number[] = [];
    let axes = input;
    let carrySize = 0;
    for (const builder of builders) {
      const layer = builder(axes);
      layers.push(layer);
      carryFrom.push(carrySize);
      carrySize += layer.carrySize ?? 0;
      axes = layer.output;
    }
    return {
      tensors: layers.flatMap((layer) => layer.tensors),
      output: axes,
      carrySize,
      fused: layers.every(({ fused }) => fused) ? layers.flatMap(({ fused }) => fused as FusedOp[]) : undefined,
      forward(tf, params, x, memory) {
        const carries: Tensor[] = [];
        const out = layers.reduce((h, layer, i) => {
          if (!layer.carrySize || !memory) return layer.forward(tf, params, h);
          const envs = memory.carry.shape[0];
          const carry = tf.slice(memory.carry, [0, carryFrom[i]], [envs, layer.carrySize]);
          const own: Memory = { ...memory, carry };
          const y = layer.forward(tf, params, h, own);
          carries.push(own.carry);
          return y;
        }, x);
        if (memory && carries.length > 0) memory.carry = tf.concat(carries, 1);
        return out;
      },
      infer: (params, x, carry, look) =>
        layers.reduce((h, layer, i) => {
          const own = layer.carrySize && carry?.subarray(carryFrom[i], carryFrom[i] + layer.carrySize);
          const out = own ? layer.infer(params, h, own) : layer.infer(params, h);
          look?.(layer, out);
          return out;
        }, x),
    };
  };
}
