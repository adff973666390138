import type { StoredStudy, StudiedPair } from '../../../src/live/api/studies.ts';
import type { LibraryEntry } from '../../../src/live/library.ts';
import { studentQuantile } from '../../../src/stats/distributions.ts';

/** How sure the bands are: the 95 % interval of the mean over runs, by Student's t, at each step by itself. */
const LEVEL = 0.95;

/** The runs of one arm, and their mean return at each evaluation. */
export interface ArmCurve {
  readonly label: string;
  readonly arm: string | undefined;
  readonly runs: readonly LibraryEntry[];
  readonly points: readonly CurvePoint[];
}

export interface CurvePoint {
  readonly step: number;
  readonly mean: number;
  /** Undefined where a single run has come so far. */
  readonly low?: number;
  readonly high?: number;
  /** Runs that have come so far. */
  readonly runs: number;
}

/** The mean of the runs that have come so far at each evaluation, with its interval. */
export function curvePoints(runs: readonly Pick<LibraryEntry, 'evaluations'>[]): CurvePoint[] {
  const returns = new Map<number, number[]>();
  for (const [step, mean] of runs.flatMap(({ evaluations }) => evaluations)) {
    returns.set(step, [...(returns.get(step) ?? []), mean]);
  }
  const all = [...returns].toSorted(([a], [b]) => a - b);
  return all.map(([step, values]) => ({ step, runs: values.length, ...interval(values) }));
}

function interval(values: readonly number[]): { mean: number; low?: number; high?: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = studentQuantile((1 + LEVEL) / 2, n - 1) * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half };
}

const curveOf = (label: string, arm: string | undefined, runs: readonly LibraryEntry[]): ArmCurve => ({
  label,
  arm,
  runs,
  points: curvePoints(runs),
});

type ById = ReadonlyMap<string, LibraryEntry>;

const known = (ids: readonly string[], entries: ById): LibraryEntry[] => ids.flatMap((id) => entries.get(id) ?? []);

/** Scratch, and every method and control by which the target was learned from this source. */
export function pairCurves(study: StoredStudy, source: string, target: string, entries: ById): ArmCurve[] {
  const pairs = study.pairs.filter((pair) => pair.source === source && pair.target === target);
  return withRuns([
    curveOf('from scratch', 'scratch', known(pairs[0]?.runs.scratch ?? [], entries)),
    ...pairs.map((pair) => curveOf(nameOf(pair, study), 'transferred', known(pair.runs.transfer, entries))),
  ]);
}

/** Every arm that learned this environment, in a study or anywhere. */
export function envCurves(env: string, study: StoredStudy | null, entries: ById): ArmCurve[] {
  if (study === null) {
    const runs = [...entries.values()].filter((entry) => entry.env === env);
    const arms = [...new Set(runs.map(({ arm }) => arm))];
    return arms.map((arm) =>
      curveOf(
        arm ?? 'runs',
        arm,
        runs.filter((run) => run.arm === arm),
      ),
    );
  }
  const pairs = study.pairs.filter(({ target }) => target === env);
  const own = known(study.runs, entries);
  return withRuns([
    curveOf('from scratch', 'scratch', known(pairs[0]?.runs.scratch ?? [], entries)),
    ...pairs.map((pair) => curveOf(nameOf(pair, study), 'transferred', known(pair.runs.transfer, entries))),
    curveOf(
      'source',
      'source',
      own.filter((entry) => entry.env === env && entry.arm === 'source'),
    ),
  ]);
}

const withRuns = (curves: readonly ArmCurve[]): ArmCurve[] => curves.filter(({ points }) => points.length > 0);

/** `from breakout`, with the method where there are several, and the control it is. */
function nameOf({ source, target, method, control }: StudiedPair, study: StoredStudy): string {
  const hasMethods = new Set(study.pairs.map((pair) => pair.method)).size > 1;
  const from = control !== null && source === target ? '' : `from ${source}`;
  return [from, hasMethods ? method : '', control ?? ''].filter(Boolean).join(', ');
}
