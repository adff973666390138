import type { FusedKernels } from './kernels.ts';
import { type Layout, roundUp } from './layout.ts';
import type { Activation } from './ops.ts';

/** Samples that go through the net at a time: small enough for the caches, and what threads share out. */
export const CHUNK = 32;

/** One thread's kernels, and scratch that is its own. */
export interface Lane {
  readonly k: FusedKernels;
  readonly scratch: number;
}

/** Where the observations of a batch lie: sample i is row `indices[i]` (int32) of `obs`. */
export interface Samples {
  readonly obs: number;
  readonly indices: number;
}

/**
 * Activations `[batch, cols]` with `stride` floats a row (a multiple of 32; what is beyond `cols` is zero), and behind
 * `gradient` the loss gradient of what went into their activation function.
 */
export interface Matrix {
  readonly address: number;
  readonly gradient: number;
  readonly cols: number;
  readonly stride: number;
  readonly activation: Activation;
}

/** A parameter tensor as a matrix `[rows, cols]` with `stride` floats a row, zeros beyond; the same for its slots. */
export interface FusedTensor {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly stride: number;
  readonly param: number;
  readonly grad: number;
  readonly m: number;
  readonly v: number;
}

/** A part of a tensor whose gradient and update are one piece of work: `count` floats from float `from` on. */
export interface Share {
  readonly tensor: FusedTensor;
  readonly from: number;
  readonly count: number;
  /** Completes the gradient after all chunks have gone backward. */
  gradient(lane: Lane, batch: number, samples: Samples): void;
  /** Brings the new weights into the order in which the kernels read them. */
  pack?(lane: Lane): void;
}

/** A layer as kernel calls on the samples `[from, to)` of a batch; `from` is a multiple of CHUNK. */
export interface FusedLayer {
  readonly out: Matrix;
  readonly shares: readonly Share[];
  /** Tables and factors that the kernels read. */
  readonly constants?: readonly { readonly address: number; readonly values: Int32Array | Float32Array }[];
  forward(lane: Lane, from: number, to: number, samples: Samples): void;
  /** From the gradient of `out` to that of the input (where that is wanted), and this chunk's part of summed gradients. */
  backward(lane: Lane, from: number, to: number, samples: Samples, wantsInput: boolean): void;
}

/** What layers need to lay themselves out. */
export interface Plan {
  readonly layout: Layout;
  /** The most samples of a batch. */
  readonly batch: number;
}

export const chunksOf = (samples: number): number => Math.ceil(samples / CHUNK);

export function planMatrix({ layout, batch }: Plan, cols: number, activation: Activation): Matrix {
  const stride = roundUp(cols, 32);
  const size = batch * stride;
  return { address: layout.floats(size), gradient: layout.floats(size), cols, stride, activation };
}

/** `storedRows`: with rows of zeros behind, for kernels that work on several rows at a time. */
export function planTensor(
  { layout }: Plan,
  name: string,
  sizes: { rows: number; cols: number; stride: number; storedRows?: number },
): FusedTensor {
  const { rows, cols, stride, storedRows = rows } = sizes;
  const place = () => layout.floats(storedRows * stride);
  return { name, rows, cols, stride, param: place(), grad: place(), m: place(), v: place() };
}

/** A share of a tensor whose gradient is a sum over chunks: `partials` is `[chunks, count]`. */
export function summedShare(tensor: FusedTensor, partials: number): Share {
  const count = tensor.rows * tensor.stride;
  return {
    tensor,
    from: 0,
    count,
    gradient: ({ k }, batch) => k.sumRows(chunksOf(batch), count, partials, count * 4, tensor.grad),
  };
}

export function activate({ k }: Lane, { address, stride, activation }: Matrix, from: number, to: number): void {
  if (activation === 'none') return;
  k[activation]((to - from) * stride, address + from * stride * 4);
}

/** Through the activation function that made `matrix`, in place on its gradient. */
export function activateBackward({ k }: Lane, matrix: Matrix, from: number, to: number): void {
  const { address, gradient, stride, activation } = matrix;
  if (activation === 'none') return;
  const at = from * stride * 4;
  const kernel = activation === 'relu' ? k.reluBackward : k.tanhBackward;
  kernel((to - from) * stride, gradient + at, address + at);
}
