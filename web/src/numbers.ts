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

const trim = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

const FRACTIONS: Readonly<Record<number, string>> = { 0.25: '¼', 0.5: '½' };

/** A speed as a multiple of the usual one: ¼×, 8×. */
export const speedText = (speed: number): string => `${FRACTIONS[speed] ?? speed}×`;
