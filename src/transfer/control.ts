import { createRng, normal, type Rng, shuffle } from '../core/rng.ts';
import { axisSize, type Params, type TensorSpec, tensorSize } from '../core/tensors.ts';
import { mean } from '../stats/curve.ts';
import { type SourceTensor, type TransferPlan, transferParams, type WeightControl } from './plan.ts';

const CONTROLS: Record<WeightControl, (values: readonly number[], rng: Rng) => number[]> = {
  'random-trunk': redrawn,
  shuffled: permuted,
};

/**
 * `params` as a transfer left them, with the values that it took from the source made worthless: `random-trunk` draws
 * them anew from a normal distribution, at the mean and standard deviation that they had in each tensor, `shuffled`
 * permutes them within each tensor. Fresh values stay. The draws come from streams of `seed`, one for each tensor.
 */
export function controlParams(
  control: WeightControl,
  { plan, source, target }: { plan: TransferPlan; source: readonly SourceTensor[]; target: readonly TensorSpec[] },
  params: Params,
  seed: number,
): Params {
  const isTaken = takenValues(plan, source, target);
  const controlled = target.map(({ name }): [string, Float32Array] => {
    const places = [...isTaken[name].keys()].filter((i) => isTaken[name][i] === 1);
    const taken = places.map((i) => params[name][i]);
    const values = params[name].slice();
    CONTROLS[control](taken, createRng(seed, 'control', control, name)).forEach((value, i) => {
      values[places[i]] = value;
    });
    return [name, values];
  });
  return Object.fromEntries(controlled);
}

/** 1 where the plan takes a value from the source, 0 where it is fresh: a transfer of ones to zeros. */
export function takenValues(
  plan: TransferPlan,
  source: readonly SourceTensor[],
  target: readonly TensorSpec[],
): Params {
  const ones = Object.fromEntries(source.map((tensor) => [tensor.name, new Float32Array(sizeOf(tensor)).fill(1)]));
  const zeros = Object.fromEntries(target.map((spec) => [spec.name, new Float32Array(tensorSize(spec))]));
  return transferParams(plan, { tensors: source, params: ones }, target, zeros);
}

const sizeOf = ({ axes }: SourceTensor): number => axes.reduce((size, axis) => size * axisSize(axis), 1);

/** Normal draws, moved and stretched to the very mean and standard deviation of `values`. */
function redrawn(values: readonly number[], rng: Rng): number[] {
  const draws = values.map(() => normal(rng));
  const [wanted, middle, spread] = [mean(values), mean(draws), deviation(draws)];
  const scale = spread > 0 ? deviation(values) / spread : 0;
  return draws.map((draw) => wanted + scale * (draw - middle));
}

function permuted(values: readonly number[], rng: Rng): number[] {
  const order = Uint32Array.from(values.keys());
  shuffle(order, rng);
  return Array.from(order, (i) => values[i]);
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
