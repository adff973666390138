import type { Learner } from './learner.ts';

/** To mean 0 and standard deviation 1, in place. */
export function normalize(values: Float32Array): Float32Array {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let square = 0;
  for (const value of values) square += (value - mean) ** 2;
  const std = Math.sqrt(square / values.length) + 1e-8;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - mean) / std;
  return values;
}

/** 1 − Var(returns − values) / Var(returns): 1 is a perfect critic, 0 one that says the mean, below 0 a harmful one. */
export function explainedVariance(values: Float32Array, returns: Float32Array): number {
  let mean = 0;
  let meanError = 0;
  for (let i = 0; i < returns.length; i++) {
    mean += returns[i];
    meanError += returns[i] - values[i];
  }
  mean /= returns.length;
  meanError /= returns.length;
  let variance = 0;
  let unexplained = 0;
  for (let i = 0; i < returns.length; i++) {
    variance += (returns[i] - mean) ** 2;
    unexplained += (returns[i] - values[i] - meanError) ** 2;
  }
  return variance === 0 ? Number.NaN : 1 - unexplained / variance;
}

const SAMPLES = 256;

/**
 * The share of the trunk's last units that are 0 for every one of 256 observations, evenly from the first `stored`: units
 * that no longer learn (dormant with threshold 0, Sokar et al. 2023).
 */
export function deadUnits(learner: Pick<Learner, 'features'>, stored: number): number {
  const count = Math.min(SAMPLES, stored);
  const features = learner.features(Int32Array.from({ length: count }, (_, i) => Math.floor((i * stored) / count)));
  const units = features.length / count;
  const alive = new Uint8Array(units);
  for (let i = 0; i < features.length; i++) if (features[i] !== 0) alive[i % units] = 1;
  return 1 - alive.reduce((sum, flag) => sum + flag, 0) / units;
}
