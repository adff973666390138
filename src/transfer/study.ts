/** Which sources go to which targets: `all`, or only those that are the same game (variants of it). */
export const PAIRINGS = ['all', 'same-game'] as const;

/** What is compared: sources to targets by every method, against learning the target from scratch. */
export interface StudyDesign {
  /** Env ids. */
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly pairs: (typeof PAIRINGS)[number];
  readonly methods: readonly string[];
  /** Runs in each arm; each transfer run has a source run of its own. */
  readonly seeds: number;
  /** From which the runs' seeds are counted. */
  readonly seed: number;
}

/** One training of a study. */
export interface StudyJob {
  /** Unique in the study: `transfer/asterix->breakout/full/2`. */
  readonly key: string;
  readonly arm: 'source' | 'scratch' | 'transfer';
  readonly env: string;
  readonly seed: number;
  /** Of a transfer: the key of the job it takes its layers from, and the method. */
  readonly from: string | null;
  readonly method: string | null;
}

/** Arms draw their seeds from ranges of their own, so that no two runs of a study share their luck. */
const ARM_SEEDS = { source: 1_000, scratch: 2_000, transfer: 3_000 } as const;

/** The trainings of a study, parents before children. A pair of equal source and target is left out. */
export function studyJobs({ sources, targets, pairs, methods, seeds, seed }: StudyDesign): StudyJob[] {
  const runs = Array.from({ length: seeds }, (_, i) => i);
  const seedOf = (arm: StudyJob['arm'], i: number): number => seed * 10_000 + ARM_SEEDS[arm] + i;
  const alone = (arm: 'source' | 'scratch', env: string, i: number): StudyJob => ({
    key: `${arm}/${env}/${i}`,
    arm,
    env,
    seed: seedOf(arm, i),
    from: null,
    method: null,
  });
  return [
    ...sources.flatMap((env) => runs.map((i) => alone('source', env, i))),
    ...targets.flatMap((env) => runs.map((i) => alone('scratch', env, i))),
    ...studyPairs({ sources, targets, pairs }).flatMap(({ source, target }) =>
      methods.flatMap((method) =>
        runs.map((i) => ({
          key: `transfer/${source}->${target}/${method}/${i}`,
          arm: 'transfer' as const,
          env: target,
          seed: seedOf('transfer', i),
          from: `source/${source}/${i}`,
          method,
        })),
      ),
    ),
  ];
}

export function studyPairs({
  sources,
  targets,
  pairs,
}: Pick<StudyDesign, 'sources' | 'targets' | 'pairs'>): { source: string; target: string }[] {
  const isWanted = (source: string, target: string): boolean => pairs === 'all' || gameOf(source) === gameOf(target);
  return sources.flatMap((source) =>
    targets.filter((target) => target !== source && isWanted(source, target)).map((target) => ({ source, target })),
  );
}

/** `breakout` of `breakout?brickRows=5`. */
const gameOf = (env: string): string => env.split('?')[0];
