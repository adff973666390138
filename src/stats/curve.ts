/** One run's evaluations at fixed training steps (step 0 included), each the mean return over the evaluation episodes. */
export interface Curve {
  readonly seed: number;
  /** Rising, in environment steps (frames) of the target; the first is 0. */
  readonly steps: readonly number[];
  /** As long as `steps`. */
  readonly returns: readonly number[];
}

/** A run's evaluations as a curve. */
export const curveOf = (
  seed: number,
  evaluations: readonly { readonly step: number; readonly mean: number }[],
): Curve => ({
  seed,
  steps: evaluations.map(({ step }) => step),
  returns: evaluations.map((row) => row.mean),
});

/** The runs of one way to learn (from scratch, transferred, …), all evaluated at the same steps. */
export interface Arm {
  readonly label: string;
  readonly curves: readonly Curve[];
}

/** The share of the evaluations, counted from the end, that makes the asymptote. */
const ASYMPTOTE_SHARE = 0.2;

export const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Throws unless every curve of every arm has the same rising steps and finite returns. Returns those steps. */
export function sharedSteps(...arms: readonly Arm[]): readonly number[] {
  const steps = arms[0]?.curves[0]?.steps ?? [];
  if (steps.length < 2) throw new RangeError('a curve needs two evaluations or more');
  if (steps.some((step, i) => i > 0 && !(step > steps[i - 1]))) throw new RangeError(`steps must rise: ${steps}`);
  for (const { label, curves } of arms) {
    if (curves.length === 0) throw new RangeError(`arm "${label}" has no curves`);
    for (const { seed, steps: own, returns } of curves) {
      const same = own.length === steps.length && own.every((step, i) => step === steps[i]);
      if (!same) throw new RangeError(`arm "${label}", seed ${seed}: evaluated at other steps than the first curve`);
      if (returns.length !== steps.length || !returns.every(Number.isFinite)) {
        throw new RangeError(`arm "${label}", seed ${seed}: needs ${steps.length} finite returns`);
      }
    }
  }
  return steps;
}

/** Return before any training on the target: the evaluation at step 0. The jumpstart is its difference between arms. */
export const initialReturn = (curve: Curve): number => curve.returns[0];

/** Area under the curve (trapezoids over the steps) divided by the span of steps: the mean return over training. */
export function areaUnderCurve({ steps, returns }: Curve): number {
  let area = 0;
  for (let i = 1; i < steps.length; i++) area += ((returns[i] + returns[i - 1]) / 2) * (steps[i] - steps[i - 1]);
  return area / (steps[steps.length - 1] - steps[0]);
}

/** Mean of the last fifth of the evaluations, at least one of them. */
export function asymptote({ returns }: Curve): number {
  return mean(returns.slice(-Math.max(1, Math.round(returns.length * ASYMPTOTE_SHARE))));
}

/** The curve through the mean returns of several runs. */
export function meanCurve(curves: readonly Curve[]): Curve {
  const { seed, steps } = curves[0];
  return { seed, steps, returns: steps.map((_, i) => mean(curves.map((curve) => curve.returns[i]))) };
}

/**
 * Training steps until the curve first meets `threshold`, linear between evaluations; 0 where it starts there and
 * Infinity where it never does (the run is then censored at its last step).
 */
export function stepsToThreshold({ steps, returns }: Curve, threshold: number): number {
  const i = returns.findIndex((value) => value >= threshold);
  if (i < 0) return Infinity;
  if (i === 0) return steps[0];
  const share = (threshold - returns[i - 1]) / (returns[i] - returns[i - 1]);
  return steps[i - 1] + share * (steps[i] - steps[i - 1]);
}

/** The value of a curve at `step`, linear between its points, its ends beyond them. */
export function interpolate(steps: readonly number[], values: readonly number[], step: number): number {
  const i = steps.findIndex((at) => at >= step);
  if (i < 0) return values[values.length - 1];
  if (i === 0) return values[0];
  const share = (step - steps[i - 1]) / (steps[i] - steps[i - 1]);
  return values[i - 1] + share * (values[i] - values[i - 1]);
}

/** A curve from step `from` on, as it would have been evaluated at `steps` counted from there. */
export function windowOf({ seed, steps: own, returns }: Curve, from: number, steps: readonly number[]): Curve {
  return { seed, steps, returns: steps.map((step) => interpolate(own, returns, from + step)) };
}
