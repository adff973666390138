import type { Rng } from '../core/rng.ts';
import { firstTrue, normalCdf, normalQuantile, studentQuantile } from './distributions.ts';

/**
 * A number with its interval. `value` is null where it does not exist (a threshold never met); `low` or `high` is null
 * where the interval has no end on that side, or where there are too few runs to say (one in a group).
 */
export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface BootstrapOptions {
  /** Coverage aimed at: 0.95 for a 95 % interval. */
  readonly level: number;
  readonly resamples: number;
  /** One for all groups, or one for each: groups drawn alike by name then move alike in different comparisons. */
  readonly rng: Rng | readonly Rng[];
  /**
   * `percentile` takes the quantiles as they are (as rliable does) and is too narrow for few runs. `expanded` takes
   * quantiles further out, as a Student-t interval would (Hesterberg 2015, section 4.4, with Welch's degrees of freedom).
   */
  readonly method?: 'percentile' | 'expanded';
}

/** Independent samples of runs, each resampled with replacement within itself: two arms, or one group for each task. */
export type Groups<T> = readonly (readonly T[])[];

/** Several statistics of the same groups. Values may be infinite, not NaN. */
export type Statistics<T, K extends string> = (groups: Groups<T>) => Record<K, number>;

/** What resampling said of several statistics. */
export interface Bootstrapped<K extends string> {
  readonly estimates: Record<K, Estimate>;
  /**
   * The two-sided p-value of a statistic against `noEffect`, by turning its interval round: the smallest error rate at
   * which the interval leaves `noEffect` out, so that it is below `1 - level` exactly where the interval does. Beyond
   * the outermost resample the interval goes on as a normal tail through it would; never below 1 / (resamples + 1).
   * Null where there are no intervals.
   */
  pValue(key: K, noEffect: number): number | null;
}

/** Stratified bootstrap: every statistic with its interval, all from the same resamples. */
export function bootstrap<T, K extends string>(
  groups: Groups<T>,
  statistics: Statistics<T, K>,
  options: BootstrapOptions,
): Record<K, Estimate> {
  return bootstrapTest(groups, statistics, options).estimates;
}

/** The same, able to test as well. */
export function bootstrapTest<T, K extends string>(
  groups: Groups<T>,
  statistics: Statistics<T, K>,
  options: BootstrapOptions,
): Bootstrapped<K> {
  const whole = statistics(groups);
  const keys = Object.keys(whole) as K[];
  const draws = resample(groups, statistics, keys, options);
  const deviateOf = options.method === 'percentile' ? normalDeviate : expandedDeviate(groups, statistics);
  const isKnown = groups.every((group) => group.length > 1);
  const alpha = 1 - options.level;
  const least = 1 / (options.resamples + 1);
  const ends = (key: K, z: number): [low: number, high: number] => {
    const tail = normalCdf(z);
    return [quantile(draws[key], tail), quantile(draws[key], 1 - tail)];
  };
  const estimate = (key: K): Estimate => {
    const [low, high] = isKnown ? ends(key, deviateOf(key)(alpha)) : [NaN, NaN];
    return { value: finite(whole[key]), low: finite(low), high: finite(high) };
  };
  return {
    estimates: Object.fromEntries(keys.map((key) => [key, estimate(key)])) as Record<K, Estimate>,
    pValue(key, noEffect) {
      if (!isKnown) return null;
      const deviate = deviateOf(key);
      const outermost = normalQuantile(least);
      const excludes = (error: number): boolean => {
        const z = deviate(error);
        // Only smaller error rates than the interval's own go on beyond the resamples.
        const further = error < alpha && z < outermost ? z / outermost : 1;
        const [low, high] = ends(key, z).map((end) => (further > 1 ? whole[key] + (end - whole[key]) * further : end));
        return (low > noEffect && low < Infinity) || (high < noEffect && high > -Infinity);
      };
      if (!excludes(alpha)) return firstTrue(excludes, alpha, 1);
      // Rounding must not lift it to `1 - level`.
      return Math.min(Math.max(least, firstTrue(excludes, 0, alpha)), alpha * (1 - 1e-12));
    },
  };
}

/** Sorted values of every statistic over the resamples. */
function resample<T, K extends string>(
  groups: Groups<T>,
  statistics: Statistics<T, K>,
  keys: readonly K[],
  { resamples, rng }: BootstrapOptions,
): Record<K, Float64Array> {
  const draws = Object.fromEntries(keys.map((key) => [key, new Float64Array(resamples)])) as Record<K, Float64Array>;
  const rngs = groups.map((_, g) => ('float' in rng ? rng : rng[g]));
  for (let i = 0; i < resamples; i++) {
    const values = statistics(groups.map((group, g) => group.map(() => group[rngs[g].int(0, group.length)])));
    for (const key of keys) draws[key][i] = values[key];
  }
  for (const key of keys) draws[key].sort();
  return draws;
}

const without = <T>(groups: Groups<T>, g: number, i: number): Groups<T> =>
  groups.map((group, other) => (other === g && group.length > 1 ? group.filter((_, j) => j !== i) : group));

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** How many standard deviations below the middle (a negative number) an interval ends, for a two-sided error rate. */
type Deviate = (error: number) => number;

const normalDeviate = (): Deviate => (error) => normalQuantile(error / 2);

/**
 * Resampled means of n runs vary by (n-1)/n of what they should, and a normal quantile ignores that the spread is
 * estimated: both are made good by going further out. Takes the statistics once for each run left out, so its time
 * grows with the square of the number of runs.
 */
function expandedDeviate<T, K extends string>(groups: Groups<T>, statistics: Statistics<T, K>): (key: K) => Deviate {
  const left = groups.map((group, g) => group.map((_, i) => statistics(without(groups, g, i))));
  return (key) => {
    const { df, shrinkage } = jackknife(left.map((group) => group.map((values) => values[key])));
    return (error) => studentQuantile(error / 2, df) * Math.sqrt(shrinkage);
  };
}

/**
 * From the statistic's values with each run left out in turn: Welch–Satterthwaite degrees of freedom, and how much
 * smaller the bootstrap's variance is than the unbiased one (as a factor above 1).
 */
function jackknife(left: readonly (readonly number[])[]): { df: number; shrinkage: number } {
  const parts = left.map((values) => {
    const n = values.length;
    const centre = values.reduce((sum, v) => sum + v, 0) / n;
    const variance = ((n - 1) / n) * values.reduce((sum, v) => sum + (v - centre) ** 2, 0);
    return { n, variance };
  });
  const total = parts.reduce((sum, part) => sum + part.variance, 0);
  const fewest = Math.min(...parts.map((part) => part.n));
  // No spread, or statistics that jump to infinity without one run: the most cautious of both.
  if (!(total > 0 && total < Infinity)) return { df: fewest - 1, shrinkage: fewest / (fewest - 1) };
  return {
    df: total ** 2 / parts.reduce((sum, { n, variance }) => sum + variance ** 2 / (n - 1), 0),
    shrinkage: total / parts.reduce((sum, { n, variance }) => sum + (variance * (n - 1)) / n, 0),
  };
}

/** Linear between order statistics, as numpy's default. Infinite values are not averaged with finite ones. */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const place = p * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === above || !Number.isFinite(above - below)) return place % 1 < 0.5 ? below : above;
  return below + (place % 1) * (above - below);
}
