import type { ObservationSpec } from '../../core/game.ts';

/**
 * What a layer computes, as plain data: all that the fused path needs to know of it. `kernel` and `bias` are names of
 * tensors. A layer that has no such description trains by tfjs.
 */
export type FusedOp =
  | { readonly kind: 'scale'; readonly factors: readonly number[] }
  | { readonly kind: 'flatten' }
  | {
      readonly kind: 'conv2d';
      readonly kernel: string;
      readonly bias: string;
      readonly size: number;
      readonly filters: number;
      readonly stride: number;
      readonly padding: Padding;
    }
  | DenseOp
  | NormOp
  | { readonly kind: 'relu' }
  | { readonly kind: 'tanh' };

export interface DenseOp {
  readonly kind: 'dense';
  readonly kernel: string;
  readonly bias: string;
  readonly units: number;
}

/** Layer normalisation of each row of `size` values: of a dense layer's output, or of a pixel's filters. */
export interface NormOp {
  readonly kind: 'norm';
  readonly gain: string;
  readonly bias: string;
  readonly size: number;
}

/** `valid`: none; `same`: as much as gives `ceil(input / stride)` places, more of it below and right where it is odd. */
export type Padding = 'valid' | 'same';

/** Places of a convolution or pooling along one side, and the cells of padding before the first. */
export function windows(
  input: number,
  { size, stride, padding }: { size: number; stride: number; padding: Padding },
): { count: number; before: number } {
  if (padding === 'valid') return { count: Math.floor((input - size) / stride) + 1, before: 0 };
  const count = Math.ceil(input / stride);
  return { count, before: Math.floor(Math.max(0, (count - 1) * stride + size - input) / 2) };
}

/** A policy net as the fused path sees it: a trunk, and heads that all read its features. */
export interface FusedSpec {
  readonly observation: FusedObservation;
  readonly trunk: readonly FusedOp[];
  readonly heads: readonly FusedHead[];
}

export interface FusedHead {
  readonly name: string;
  readonly op: DenseOp;
}

/** The sizes of an observation. */
export type FusedObservation =
  | { readonly kind: 'planes'; readonly height: number; readonly width: number; readonly channels: number }
  | { readonly kind: 'features'; readonly count: number };

export const fusedObservation = (spec: ObservationSpec): FusedObservation =>
  spec.kind === 'planes'
    ? { kind: 'planes', height: spec.height, width: spec.width, channels: spec.channels.length }
    : { kind: 'features', count: spec.features.length };

/** The same function at the end of a layer: no rounding of its own, so it joins the layer before it. */
export type Activation = 'none' | 'relu' | 'tanh';

/** A layer with weights and what follows it. */
export type FusedStep =
  | { readonly kind: 'features'; readonly factors: readonly number[] }
  | { readonly kind: 'planes-conv'; readonly op: Extract<FusedOp, { kind: 'conv2d' }>; readonly activation: Activation }
  | { readonly kind: 'planes-dense'; readonly op: DenseOp; readonly activation: Activation }
  | { readonly kind: 'dense'; readonly op: DenseOp; readonly activation: Activation }
  | { readonly kind: 'norm'; readonly op: NormOp; readonly activation: Activation };

/**
 * The steps that a trunk is, or null where it has an order of layers that no kernel covers: then it trains by tfjs. The
 * first layer reads the observation; behind it come dense ones. Any may be normalised before its activation.
 */
export function fusedSteps({ observation, trunk }: FusedSpec): FusedStep[] | null {
  const planes = observation.kind === 'planes';
  const steps: FusedStep[] = [];
  let factors: readonly number[] | null = null;
  for (const op of trunk) {
    const last = steps.at(-1);
    if (op.kind === 'flatten') continue;
    if (op.kind === 'scale') {
      if (planes || steps.length > 0 || factors !== null) return null;
      factors = op.factors;
    } else if (op.kind === 'relu' || op.kind === 'tanh') {
      if (last === undefined || last.kind === 'features' || last.activation !== 'none') return null;
      steps[steps.length - 1] = { ...last, activation: op.kind };
    } else if (op.kind === 'norm') {
      if (last === undefined || last.kind === 'features' || last.activation !== 'none') return null;
      steps.push({ kind: 'norm', op, activation: 'none' });
    } else if (op.kind === 'conv2d') {
      if (!planes || steps.length > 0 || !isReachable(observation, op)) return null;
      steps.push({ kind: 'planes-conv', op, activation: 'none' });
    } else if (planes && steps.length === 0) {
      steps.push({ kind: 'planes-dense', op, activation: 'none' });
    } else {
      if (!planes && steps.length === 0) {
        steps.push({ kind: 'features', factors: factors ?? Array.from({ length: observation.count }, () => 1) });
      }
      steps.push({ kind: 'dense', op, activation: 'none' });
    }
  }
  return steps.length > 0 ? steps : null;
}

/** The kernel counts in 16 bytes, with 16 bits for each place. */
function isReachable(
  { height, width, channels }: Extract<FusedObservation, { kind: 'planes' }>,
  op: Extract<FusedOp, { kind: 'conv2d' }>,
): boolean {
  const { size, filters } = op;
  const pixels = windows(height, op).count * windows(width, op).count;
  return filters % 4 === 0 && (pixels * filters) / 4 < 65536 && (size * size * channels * filters) / 4 < 65536;
}
