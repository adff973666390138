import type { Named } from './game.ts';

/**
 * What an axis of a parameter tensor means. Transfer aligns tensors by these, never by their names.
 * `channel`, `feature` and `action` axes carry the game's labels; `flat` is a product of axes, slowest first.
 */
export type Axis =
  | { readonly kind: 'channel' | 'feature' | 'action'; readonly labels: readonly Named[] }
  | { readonly kind: 'board-y' | 'board-x' | 'kernel-y' | 'kernel-x' | 'unit' | 'value'; readonly size: number }
  | { readonly kind: 'flat'; readonly factors: readonly Axis[] };

export function axisSize(axis: Axis): number {
  switch (axis.kind) {
    case 'channel':
    case 'feature':
    case 'action':
      return axis.labels.length;
    case 'flat':
      return axis.factors.reduce((size, factor) => size * axisSize(factor), 1);
    default:
      return axis.size;
  }
}

/** How a fresh tensor is drawn: orthogonal with a gain (Saxe et al. 2014; rows x last axis), or one value everywhere. */
export type Init =
  | { readonly kind: 'orthogonal'; readonly gain: number }
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' };

/** A named parameter tensor: `trunk/0/kernel`, its stage (`stem`, `trunk/0`, `heads/policy`), axes and initial values. */
export interface TensorSpec {
  readonly name: string;
  readonly stage: string;
  readonly axes: readonly Axis[];
  readonly init: Init;
  /** The stage of a source that a transfer takes it from; null: none, it always starts fresh. Default: its own. */
  readonly takes?: string | null;
}

export const tensorShape = (spec: TensorSpec): number[] => spec.axes.map(axisSize);
export const tensorSize = (spec: TensorSpec): number => tensorShape(spec).reduce((a, b) => a * b, 1);

/** Parameter values by tensor name, row-major. */
export type Params = Record<string, Float32Array>;
