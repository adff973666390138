import { createRng } from '../core/rng.ts';
import { type Aggregate, aggregates, chanceOfWin } from './aggregate.ts';
import { type Estimate, type Groups, bootstrap } from './bootstrap.ts';
import { type Arm, areaUnderCurve, mean } from './curve.ts';

/** One source on one target. Pairs of the same target share its scratch arm. */
export interface Pair {
  readonly target: string;
  readonly scratch: Arm;
  readonly transfer: Arm;
  readonly random: number;
}

export type PooledMetrics = Record<Aggregate | 'probabilityOfImprovement', Estimate>;

/**
 * A whole study in a few numbers: the transferred runs' scores `(AUC − R) / (AUC scratch − R)`, 1 = as scratch on
 * average, aggregated over all pairs as rliable does. Scratch is resampled once per target, so pairs that share it move
 * together. Pairs where scratch does not beat random play have no such score: leave them out.
 */
export function poolPairs(
  pairs: readonly Pair[],
  { level = 0.95, resamples = 10_000, seed = 0 }: { level?: number; resamples?: number; seed?: number } = {},
): PooledMetrics {
  const targets = [...new Map(pairs.map((pair) => [pair.target, pair.scratch]))];
  const areas = (arm: Arm) => arm.curves.map(areaUnderCurve);
  const groups = [...targets.map(([, scratch]) => areas(scratch)), ...pairs.map((pair) => areas(pair.transfer))];
  const scratchOf = pairs.map((pair) => targets.findIndex(([target]) => target === pair.target));
  const statistics = (areaGroups: Groups<number>) => {
    const transferred = areaGroups.slice(targets.length);
    const scores = transferred.map((task, i) => {
      const gain = mean(areaGroups[scratchOf[i]]) - pairs[i].random;
      return task.map((area) => (gain > 0 ? (area - pairs[i].random) / gain : Infinity));
    });
    const wins = transferred.map((task, i) => chanceOfWin(task, areaGroups[scratchOf[i]]));
    return { ...aggregates(scores), probabilityOfImprovement: mean(wins) };
  };
  return bootstrap(groups, statistics, { level, resamples, rng: createRng(seed, 'pool') });
}
