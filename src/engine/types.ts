import type * as tfjs from '@tensorflow/tfjs';
import type { FusedNet } from './fused/net.ts';
import type { FusedSize } from './fused/program.ts';

export type Tf = typeof tfjs;
/** In the order in which `auto` prefers them. */
export const BACKENDS = ['wasm', 'tensorflow', 'cpu'] as const;
export type BackendName = (typeof BACKENDS)[number];
export type BackendChoice = 'auto' | BackendName;

export interface AdamStep {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Steps made, this one included (1 for the first): for the bias correction. */
  step: number;
  /** The gradient is multiplied by this first (global-norm clipping). */
  gradScale: number;
}

/** A loaded tensor backend, ready to train. One per thread. */
export interface Engine {
  readonly tf: Tf;
  readonly backend: BackendName;
  /** Which training kernels run, part of a run's identity: a `KernelVariant`, or `stock`. */
  readonly kernels: string;
  /** One Adam update (Kingma & Ba 2015, algorithm 1) of `param` and its slots, in place. */
  adam(param: tfjs.Variable, grad: tfjs.Tensor, m: tfjs.Variable, v: tfjs.Variable, options: AdamStep): void;
  /**
   * A net on flat buffers, without tfjs; null where its kernels do not cover it. On the wasm backend it acts and learns, on
   * tensorflow it acts. Left out where there are no kernels.
   */
  readonly fused?: (size: FusedSize) => FusedNet | null;
  /** The 2-norm over all values of all gradients. */
  globalNorm(grads: readonly tfjs.Tensor[]): number;
}

/** What `ngplus doctor` says of a backend. */
export interface BackendReport {
  readonly name: BackendName;
  /** Whether it loaded and made a training step just now. */
  readonly available: boolean;
  /** Whether `auto` takes it here: the first that is available. */
  readonly chosen: boolean;
  /** The package and its version: `@tensorflow/tfjs-node 4.22.0`. */
  readonly version: string;
  readonly simd: boolean;
  /** The kernel variant, as in `Engine.kernels`; `none` if it is not available. */
  readonly kernels: string;
  /** One line: what it is good for, or why it is not there and how to add it. */
  readonly detail: string;
}
