import { createRng } from '../core/rng.ts';
import { type Aggregate, aggregates, chanceOfWin } from './aggregate.ts';
import { type Estimate, type Groups, bootstrap } from './bootstrap.ts';
import { type Arm, areaUnderCurve, mean } from './curve.ts';

/** One source on one target. Pairs of the same target share its scratch arm, pairs of one source its agents, run by run. */
export interface Pair {
  readonly source: string;
  readonly target: string;
  readonly scratch: Arm;
  readonly transfer: Arm;
  readonly random: number;
}

export type PooledMetrics = Record<Aggregate | 'probabilityOfImprovement', Estimate>;

/**
 * A whole study in a few numbers: the transferred runs' scores `(AUC − R) / (AUC scratch − R)`, 1 = as scratch on
 * average, aggregated over all pairs as rliable does. Scratch is resampled once per target and transferred runs once per
 * source, so pairs that share either move together. Pairs where scratch does not beat random play have no such score: leave
 * them out.
 */
export function poolPairs(
  pairs: readonly Pair[],
  { level = 0.95, resamples = 10_000, seed = 0 }: { level?: number; resamples?: number; seed?: number } = {},
): PooledMetrics {
  const targets = [...new Map(pairs.map((pair) => [pair.target, pair.scratch]))];
  const sources = [...new Set(pairs.map(({ source }) => source))].map((source) =>
    pairs.flatMap((pair, i) => (pair.source === source ? i : [])),
  );
  /** One row a run: its area in each of the pairs. */
  const areas = (...arms: readonly Arm[]): number[][] =>
    arms[0].curves.map((_, run) => arms.map(({ curves }) => areaUnderCurve(curves[run])));
  const groups = [
    ...targets.map(([, scratch]) => areas(scratch)),
    ...sources.map((own) => areas(...own.map((i) => pairs[i].transfer))),
  ];
  const scratchOf = pairs.map((pair) => targets.findIndex(([target]) => target === pair.target));
  const statistics = (resampled: Groups<number[]>) => {
    const areaGroups = resampled.slice(0, targets.length).map((runs) => runs.map(([area]) => area));
    const transferred: number[][] = [];
    sources.forEach((own, s) =>
      own.forEach((i, place) => (transferred[i] = resampled[targets.length + s].map((run) => run[place]))),
    );
    const scores = transferred.map((task, i) => {
      const gain = mean(areaGroups[scratchOf[i]]) - pairs[i].random;
      return task.map((area) => (gain > 0 ? (area - pairs[i].random) / gain : Infinity));
    });
    const wins = transferred.map((task, i) => chanceOfWin(task, areaGroups[scratchOf[i]]));
    return { ...aggregates(scores), probabilityOfImprovement: mean(wins) };
  };
  return bootstrap(groups, statistics, { level, resamples, rng: createRng(seed, 'pool') });
}
