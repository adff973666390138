import { type Curve, meanCurve } from './curve.ts';
import { studentQuantile } from './distributions.ts';

/** The mean of several runs with an interval at each step, for drawing. */
export interface Band {
  readonly steps: readonly number[];
  readonly mean: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Student's t interval of the mean at each step by itself. Of a single run nothing is known but its own curve. */
export function meanBand(curves: readonly Curve[], level: number): Band {
  const { steps, returns: mean } = meanCurve(curves);
  const n = curves.length;
  if (n < 2) return { steps, mean, low: mean, high: mean };
  const t = studentQuantile((1 + level) / 2, n - 1);
  const half = mean.map((centre, i) => {
    const squares = curves.reduce((sum, { returns }) => sum + (returns[i] - centre) ** 2, 0);
    return t * Math.sqrt(squares / (n - 1) / n);
  });
  return { steps, mean, low: mean.map((m, i) => m - half[i]), high: mean.map((m, i) => m + half[i]) };
}
