/** A count of steps for people: 950, 84k, 1.2M. */
export function steps(count: number): string {
  if (count < 1000) return String(count);
  if (count < 1_000_000) return `${trim(count / 1000, count < 10_000 ? 1 : 0)}k`;
  return `${trim(count / 1_000_000, 2)}M`;
}

/** A return or a value, with as many digits as it deserves. */
export function score(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : trim(value, Math.abs(value) >= 10 ? 1 : 2);
}

/** A value on an axis: without the tail that sums of binary fractions have. */
export const tick = (value: number): string =>
  Math.abs(value) >= 1000 ? value.toLocaleString('en') : String(Number(value.toPrecision(6)));

const trim = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

const FRACTIONS: Readonly<Record<number, string>> = { 0.25: '¼', 0.5: '½' };

/** A speed as a multiple of the usual one: ¼×, 8×. */
export const speedText = (speed: number): string => `${FRACTIONS[speed] ?? speed}×`;

/** Entropy of action probabilities, as a share of the greatest there can be: 1 where any action is as likely; null without any. */
export function entropyOf(probabilities: readonly number[] | null): number | null {
  if (probabilities === null || probabilities.length < 2) return null;
  const entropy = probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
  return Math.min(1, entropy / Math.log(probabilities.length));
}
