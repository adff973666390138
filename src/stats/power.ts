import { mean } from './curve.ts';
import { normalQuantile, studentQuantile } from './distributions.ts';

/** How likely an effect is to be found, where there is one. */
export interface PowerOptions {
  /** The true ratio that is to be told from 1. */
  readonly ratio: number;
  /** Chance of telling it. */
  readonly power: number;
  /** Coverage of the interval that has to leave 1 out. */
  readonly level: number;
}

/**
 * How many seeds an arm it takes to tell a ratio of mean gains from 1, going by the spread of the gains that were seen.
 * The logarithm of the ratio varies by (cv² + cv²) / n (delta method, cv = deviation / mean of each arm), and is tested as
 * Welch's t is (Colas, Sigaud & Oudeyer 2018, "How Many Random Seeds?", section 4). Null where an arm gained nothing on
 * average or has a single run. Two runs are enough to compute it, not to believe it.
 */
export function seedsNeeded(
  arms: readonly (readonly number[])[],
  { ratio, power, level }: PowerOptions,
): number | null {
  const [a, b] = arms.map((gains) => (mean(gains) > 0 ? variance(gains) / mean(gains) ** 2 : NaN));
  if (!(a + b >= 0)) return null;
  const error = (1 - level) / 2;
  const isEnough = (n: number): boolean => {
    const df = a + b > 0 ? ((n - 1) * (a + b) ** 2) / (a ** 2 + b ** 2) : n - 1;
    const reach = studentQuantile(1 - error, df) + studentQuantile(power, df);
    return reach * Math.sqrt((a + b) / n) <= Math.abs(Math.log(ratio));
  };
  // Student's t asks for more than the normal distribution, never for less.
  const z = normalQuantile(1 - error) + normalQuantile(power);
  let n = Math.max(2, Math.ceil((a + b) * (z / Math.log(ratio)) ** 2));
  while (!isEnough(n)) n++;
  return n;
}

/** Unbiased. */
function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
