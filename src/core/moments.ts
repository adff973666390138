/** What is kept of numbers seen one by one: `[count, mean, sum of squared deviations]` from place `at` of an array on. */
export function takeIn(moments: Float64Array, value: number, at = 0): void {
  // Welford's update
  moments[at]++;
  const delta = value - moments[at + 1];
  moments[at + 1] += delta / moments[at];
  moments[at + 2] += delta * (value - moments[at + 1]);
}

/** Their standard deviation so far. */
export const deviationOf = (moments: Float64Array, at = 0): number => Math.sqrt(moments[at + 2] / moments[at]);
