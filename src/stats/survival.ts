/**
 * Time to an event where some runs never show it within the budget (right-censored): Kaplan & Meier (1958), and the
 * restricted mean survival time (Royston & Parmar 2013).
 */
export interface Observed {
  /** Steps until the event, or until the run ended without it. */
  readonly time: number;
  readonly reached: boolean;
}

/** A time of Infinity becomes a run censored at `horizon`. */
export function censorAt(time: number, horizon: number): Observed {
  return time <= horizon ? { time, reached: true } : { time: horizon, reached: false };
}

/** Kaplan–Meier: the share of runs still without the event after each time at which one had it, in order of time. */
export function kaplanMeier(runs: readonly Observed[]): { time: number; survival: number }[] {
  const times = [...new Set(runs.filter((run) => run.reached).map((run) => run.time))].sort((a, b) => a - b);
  let survival = 1;
  return times.map((time) => {
    const atRisk = runs.filter((run) => run.time >= time).length;
    const events = runs.filter((run) => run.reached && run.time === time).length;
    survival *= 1 - events / atRisk;
    return { time, survival };
  });
}

/** The first time by which half of the runs have had the event; Infinity where fewer than half ever do. */
export function medianTime(runs: readonly Observed[]): number {
  return kaplanMeier(runs).find(({ survival }) => survival <= 0.5 + 1e-12)?.time ?? Infinity;
}

/** Mean steps without the event, counted up to `horizon` at most: the area under the Kaplan–Meier curve. */
export function restrictedMean(runs: readonly Observed[], horizon: number): number {
  let area = 0;
  let from = 0;
  let survival = 1;
  for (const point of kaplanMeier(runs)) {
    if (point.time >= horizon) break;
    area += survival * (point.time - from);
    from = point.time;
    survival = point.survival;
  }
  return area + survival * (horizon - from);
}
