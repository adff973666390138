import { mean } from './curve.ts';

/** Ranks from 0 for the smallest; equal values share the mean of theirs. */
export const ranks = (values: readonly number[]): number[] =>
  values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal - 1) / 2;
  });

/** Spearman's rank correlation, ties by mean ranks; NaN where all values of one side are equal. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranks(a), ranks(b)];
  const centre = (a.length - 1) / 2;
  const product = (p: readonly number[], q: readonly number[]): number =>
    mean(p.map((value, i) => (value - centre) * (q[i] - centre)));
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}
