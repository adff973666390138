/** Of the ratios that are positive and have a bound. */
export function geometricMean(ratios: readonly (number | null)[]): { readonly value: number; readonly count: number } {
  const logs = ratios.flatMap((ratio) => (ratio !== null && ratio > 0 ? Math.log(ratio) : []));
  return { value: Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length), count: logs.length };
}
