import { createRng, normal } from '../../src/core/rng.ts';
import type { Arm } from '../../src/stats/curve.ts';

/** Arms with known curves: each run is one function of the step. */
export function armOf(label: string, steps: readonly number[], runs: readonly ((step: number) => number)[]): Arm {
  return { label, curves: runs.map((run, seed) => ({ seed, steps, returns: steps.map(run) })) };
}

export interface Shape {
  start: number;
  top: number;
  /** Steps after which 63 % of the way is done. */
  pace: number;
  seeds?: number;
  evaluations?: number;
  budget?: number;
}

/** Arms like real ones: saturating curves whose top varies by seed, with noise in each evaluation. */
export function learningArm(
  label: string,
  { start, top, pace, seeds = 5, evaluations = 21, budget = 200_000 }: Shape,
): Arm {
  const steps = Array.from({ length: evaluations }, (_, i) => Math.round((i * budget) / (evaluations - 1)));
  const run = (seed: number) => {
    const rng = createRng(seed, label);
    const reach = top * Math.exp(0.15 * normal(rng)) - start;
    return (step: number) => start + reach * (1 - Math.exp(-step / pace)) + 0.04 * top * normal(rng);
  };
  return armOf(
    label,
    steps,
    Array.from({ length: seeds }, (_, seed) => run(seed)),
  );
}
