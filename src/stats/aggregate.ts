import { mean } from './curve.ts';

/**
 * Scores of many runs on many tasks, `[runs][tasks]`, the shape of the rliable package (Agarwal et al. 2021, "Deep
 * Reinforcement Learning at the Edge of the Statistical Precipice"), whose definitions these are.
 */
export type Scores = readonly (readonly number[])[];

const tasksOf = (scores: Scores): number[][] => scores[0].map((_, task) => scores.map((run) => run[task]));
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

export function median(values: readonly number[]): number {
  const inOrder = sorted(values);
  const half = inOrder.length >> 1;
  return inOrder.length % 2 === 1 ? inOrder[half] : (inOrder[half - 1] + inOrder[half]) / 2;
}

/** Mean over tasks of the mean over runs. */
export const aggregateMean = (scores: Scores): number => mean(tasksOf(scores).map(mean));

/** Median over tasks of the mean over runs. */
export const aggregateMedian = (scores: Scores): number => median(tasksOf(scores).map(mean));

/** Interquartile mean: the mean of all scores but the lowest and the highest quarter (each rounded down). */
export function interquartileMean(scores: Scores): number {
  const all = sorted(scores.flat());
  const cut = Math.floor(all.length / 4);
  return mean(all.slice(cut, all.length - cut));
}

/** How far the scores stay below `goal` on average, where scores above it count as `goal`. */
export function optimalityGap(scores: Scores, goal = 1): number {
  return goal - mean(tasksOf(scores).map((task) => mean(task.map((score) => Math.min(score, goal)))));
}

/** Chance that a run of `x` beats a run of `y` on the same task, ties counting half, averaged over the tasks. */
export function probabilityOfImprovement(x: Scores, y: Scores): number {
  const ys = tasksOf(y);
  return mean(tasksOf(x).map((task, i) => chanceOfWin(task, ys[i])));
}

/** The Mann–Whitney statistic divided by the number of pairs. */
export function chanceOfWin(xs: readonly number[], ys: readonly number[]): number {
  return mean(xs.map((x) => mean(ys.map((y) => (x > y ? 1 : x === y ? 0.5 : 0)))));
}
