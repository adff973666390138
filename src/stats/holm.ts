import type { Comparison, Outcome } from './compare.ts';

/**
 * p-values corrected for their number (Holm 1979, "A simple sequentially rejective multiple test procedure"): all those
 * below 0.05 taken as effects, the chance of even one false among them stays below 0.05, however they depend on each other.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[a] - ps[b]);
  const adjusted = ps.map(() => 1);
  let highest = 0;
  order.forEach((i, rank) => {
    highest = Math.max(highest, Math.min(1, ps[i] * (ps.length - rank)));
    adjusted[i] = highest;
  });
  return adjusted;
}

interface Tested {
  readonly method: string;
  /** What kind of control it is; missing or null: a real transfer. */
  readonly control?: string | null;
  readonly comparison: { readonly p: number | null };
}

/** Tests that are corrected together: all pairs by one method; each kind of control is a family of its own. */
const familyOf = ({ method, control }: Tested): string => JSON.stringify([method, control ?? null]);

/** Each pair of a study with its p-value corrected within its family; null, and not counted, where there is none. */
export function withHolm<T extends Tested>(pairs: readonly T[]): (T & { readonly holm: number | null })[] {
  const adjusted = new Map<T, number>();
  for (const family of new Set(pairs.map(familyOf))) {
    const tested = pairs.filter((pair) => familyOf(pair) === family && pair.comparison.p !== null);
    holm(tested.map((pair) => pair.comparison.p!)).forEach((p, i) => adjusted.set(tested[i], p));
  }
  return pairs.map((pair) => ({ ...pair, holm: adjusted.get(pair) ?? null }));
}

/** The outcome of a pair where its corrected p-value still says so, else unclear. */
export const outcomeAfterHolm = ({ comparison, holm: p }: Corrected): Outcome =>
  p !== null && p < 1 - comparison.level ? comparison.outcome : 'unclear';

/** Whether the correction takes an outcome back. */
export const isTakenBack = (pair: Corrected): boolean =>
  pair.comparison.outcome !== 'unclear' && outcomeAfterHolm(pair) === 'unclear';

/** How many went which way after correction. */
export function countOutcomes(pairs: readonly Corrected[]): Record<Outcome, number> {
  const counts = { helped: 0, hurt: 0, unclear: 0 };
  for (const pair of pairs) counts[outcomeAfterHolm(pair)]++;
  return counts;
}

/** A pair with its corrected p-value. */
export interface Corrected {
  readonly comparison: Comparison;
  readonly holm: number | null;
}
