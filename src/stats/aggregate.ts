import type { Rng } from '../core/rng.ts';
import { type Estimate, type Groups, bootstrap } from './bootstrap.ts';
import { mean } from './curve.ts';

/**
 * Scores of many runs on many tasks, `[runs][tasks]`, the shape of the rliable package (Agarwal et al. 2021, "Deep
 * Reinforcement Learning at the Edge of the Statistical Precipice"), whose definitions and intervals these are.
 */
export type Scores = readonly (readonly number[])[];

/** Ways to sum up scores: see `aggregates`. */
export type Aggregate = 'mean' | 'median' | 'iqm' | 'optimalityGap';

export interface AggregateOptions {
  readonly rng: Rng;
  /** Score that counts as enough for the optimality gap (1). */
  readonly goal?: number;
  readonly level?: number;
  readonly resamples?: number;
}

/** Every aggregate with its percentile interval, each task's runs resampled within the task. */
export function aggregateScores(scores: Scores, options: AggregateOptions): Record<Aggregate, Estimate> {
  return bootstrap(byTask(scores), (tasks) => aggregates(tasks, options.goal), asRliable(options));
}

/** Chance that a run of `x` beats a run of `y` on the same task, averaged over the tasks, with its interval. */
export function probabilityOfImprovement(x: Scores, y: Scores, options: AggregateOptions): Estimate {
  const tasks = x[0].length;
  const chance = (groups: Groups<number>) => ({
    chance: mean(groups.slice(0, tasks).map((task, i) => chanceOfWin(task, groups[tasks + i]))),
  });
  return bootstrap([...byTask(x), ...byTask(y)], chance, asRliable(options)).chance;
}

/** Aggregates of the scores of each task: their numbers of runs may differ. */
export function aggregates(tasks: Groups<number>, goal = 1): Record<Aggregate, number> {
  return {
    /** Mean over tasks of the mean over runs. */
    mean: mean(tasks.map(mean)),
    /** Median over tasks of the mean over runs. */
    median: median(tasks.map(mean)),
    /** Interquartile mean of all runs on all tasks. */
    iqm: interquartileMean(tasks.flat()),
    /** How far scores stay below `goal` on average, where those above it count as `goal`. */
    optimalityGap: goal - mean(tasks.map((task) => mean(task.map((score) => Math.min(score, goal))))),
  };
}

/** Mean of all values but the lowest and the highest quarter (each rounded down). */
export function interquartileMean(values: readonly number[]): number {
  const cut = Math.floor(values.length / 4);
  return mean(sorted(values).slice(cut, values.length - cut));
}

/** Chance that one of `xs` is larger than one of `ys`, ties counting half: Mann–Whitney's U over the number of pairs. */
export function chanceOfWin(xs: readonly number[], ys: readonly number[]): number {
  return mean(xs.map((x) => mean(ys.map((y) => (x > y ? 1 : x === y ? 0.5 : 0)))));
}

const byTask = (scores: Scores): number[][] => scores[0].map((_, task) => scores.map((run) => run[task]));
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

function median(values: readonly number[]): number {
  const inOrder = sorted(values);
  const half = inOrder.length >> 1;
  return inOrder.length % 2 === 1 ? inOrder[half] : (inOrder[half - 1] + inOrder[half]) / 2;
}

function asRliable({ rng, level = 0.95, resamples = 50_000 }: AggregateOptions) {
  return { rng, level, resamples, method: 'percentile' } as const;
}
