import type { Named } from '../core/game.ts';
import { type Axis, axisSize } from '../core/tensors.ts';
import type { PolicyCheckpoint } from '../runs/checkpoint.ts';

/** What a net's first layer makes of each channel or feature. Plain data. */
export interface FirstLayer {
  /** Training steps behind the weights. */
  readonly trainingStep: number;
  readonly tensor: string;
  /** Of a filter, in cells; 1 x 1 where the layer sees features or single cells. */
  readonly height: number;
  readonly width: number;
  /** Filters of the layer; of so many the values are here. */
  readonly units: number;
  readonly shown: number;
  /** The greatest absolute weight of the tensor: values are given as shares of it. */
  readonly greatest: number;
  readonly inputs: readonly InputFilters[];
}

/** The part of the filters that looks at one channel or feature. */
export interface InputFilters extends Named {
  /** Root of the mean square of its weights, as a share of the greatest weight. */
  readonly strength: number;
  /** `[shown, height, width]`, each from -1 to 1. */
  readonly filters: readonly (readonly number[])[];
}

/** A page shows no more than this. */
const MOST_SHOWN = 32;

/** The first tensor that has an axis of channels or features; null where there is none. */
export function firstLayer({ info, tensors, params }: PolicyCheckpoint): FirstLayer | null {
  const found = Object.entries(tensors).find(([, { axes }]) => axes.flatMap(factorsOf).some(isLabelled));
  if (found === undefined) return null;
  const [tensor, spec] = found;
  const axes = spec.axes.flatMap(factorsOf);
  const values = params[tensor];
  const strides = axes.map((_, i) => axes.slice(i + 1).reduce((size, axis) => size * axisSize(axis), 1));
  const along = (...kinds: Axis['kind'][]): { size: number; stride: number } => {
    const at = axes.findIndex(({ kind }) => kinds.includes(kind));
    return at < 0 ? { size: 1, stride: 0 } : { size: axisSize(axes[at]), stride: strides[at] };
  };
  const [rows, columns] = [along('kernel-y', 'board-y'), along('kernel-x', 'board-x')];
  const [unit, label] = [along('unit'), along('channel', 'feature')];
  const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const share = (value: number): number => Number((value / greatest).toFixed(3));
  const shown = Math.min(MOST_SHOWN, unit.size);
  const cells = range(rows.size).flatMap((y) => range(columns.size).map((x) => y * rows.stride + x * columns.stride));
  const weight = (input: number, filter: number, cell: number): number =>
    values[input * label.stride + filter * unit.stride + cell];
  return {
    trainingStep: info.step,
    tensor,
    height: rows.size,
    width: columns.size,
    units: unit.size,
    shown,
    greatest,
    inputs: axes.find(isLabelled)!.labels.map(({ name, roles }, input) => {
      const all = range(unit.size).flatMap((filter) => cells.map((cell) => weight(input, filter, cell)));
      const meanSquare = all.reduce((sum, value) => sum + value * value, 0) / all.length;
      const filters = range(shown).map((filter) => cells.map((cell) => share(weight(input, filter, cell))));
      return { name, roles, strength: share(Math.sqrt(meanSquare)), filters };
    }),
  };
}

const factorsOf = (axis: Axis): readonly Axis[] => (axis.kind === 'flat' ? axis.factors.flatMap(factorsOf) : [axis]);

type Labelled = Extract<Axis, { kind: 'channel' | 'feature' | 'action' }>;

const isLabelled = (axis: Axis): axis is Labelled => axis.kind === 'channel' || axis.kind === 'feature';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
