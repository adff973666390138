import { WEIGHT_CONTROLS } from './plan.ts';

/** Which sources go to which targets: `all`, or only those that are the same game (variants of it). */
export const PAIRINGS = ['all', 'same-game'] as const;

/**
 * What a study also compares with scratch, to tell what a transfer is worth from what its parts are: the transfer without
 * what the source knows (see `controlParams`), a transfer from the target itself, and scratch with the source's steps added.
 */
export const STUDY_CONTROLS = [...WEIGHT_CONTROLS, 'same-game', 'scratch-long'] as const;
export type StudyControl = (typeof STUDY_CONTROLS)[number];

/** What is compared: sources to targets by every method, against learning the target from scratch. */
export interface StudyDesign {
  /** Env ids. */
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly pairs: (typeof PAIRINGS)[number];
  readonly methods: readonly string[];
  /** Run for the first method only. */
  readonly controls: readonly StudyControl[];
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
  /** What it is a control of, or is needed for by one; null: a study without controls has it too. */
  readonly control: StudyControl | null;
  readonly env: string;
  readonly seed: number;
  /** Of a transfer: the key of the job it takes its layers from, and the method. */
  readonly from: string | null;
  readonly method: string | null;
}

/** What a study compares with scratch: the runs of a transfer, or of a control. */
export interface StudyArm {
  /** With a run's number behind it, the key of its job. */
  readonly key: string;
  /** Of `scratch-long` the target itself. */
  readonly source: string;
  readonly target: string;
  readonly method: string;
  readonly control: StudyControl | null;
}

/** What stands for the method where nothing is transferred. */
const NO_METHOD = 'scratch';

/** Arms draw their seeds from ranges of their own, so that no two runs of a study share their luck. */
const ARM_SEEDS = {
  source: 1_000,
  scratch: 2_000,
  transfer: 3_000,
  'random-trunk': 4_000,
  shuffled: 5_000,
  'same-game': 6_000,
  'scratch-long': 7_000,
} as const;

/** The trainings of a study, parents before children, controls last. A pair of equal source and target is left out. */
export function studyJobs(design: StudyDesign): StudyJob[] {
  const { sources, targets, seeds, seed } = design;
  const runs = Array.from({ length: seeds }, (_, i) => i);
  const alone = (arm: 'source' | 'scratch', env: string, control: StudyControl | null = null): StudyJob[] =>
    runs.map((i) => {
      const key = `${arm}/${env}/${i}`;
      return { key, arm, control, env, seed: seed * 10_000 + ARM_SEEDS[arm] + i, from: null, method: null };
    });
  const ofArm = ({ key, source, target, method, control }: StudyArm): StudyJob[] =>
    runs.map((i) => ({
      key: `${key}/${i}`,
      arm: control === 'scratch-long' ? 'scratch' : 'transfer',
      control,
      env: target,
      seed: seed * 10_000 + ARM_SEEDS[control ?? 'transfer'] + i,
      from: control === 'scratch-long' ? null : `source/${source}/${i}`,
      method: control === 'scratch-long' ? null : method,
    }));
  const arms = studyArms(design);
  const others = arms.flatMap(({ control, source }) =>
    control === 'same-game' && !sources.includes(source) ? source : [],
  );
  return [
    ...sources.flatMap((env) => alone('source', env)),
    ...targets.flatMap((env) => alone('scratch', env)),
    ...arms.filter(({ control }) => control === null).flatMap(ofArm),
    ...others.flatMap((env) => alone('source', env, 'same-game')),
    ...arms.filter(({ control }) => control !== null).flatMap(ofArm),
  ];
}

/** Every transfer of a study, then its controls: those of a pair for each pair, the others for each target. */
export function studyArms(design: Omit<StudyDesign, 'seeds' | 'seed'>): StudyArm[] {
  const { methods, controls } = design;
  const pairs = studyPairs(design);
  const targets = design.targets.filter((env) => pairs.some(({ target }) => target === env));
  const [method] = methods;
  const armOf = (pair: StudyPair, by: string, control: StudyControl | null): StudyArm => {
    const key = `${control ?? 'transfer'}/${pair.source}->${pair.target}/${by}`;
    return { key, ...pair, method: by, control };
  };
  const itself = (env: string): StudyPair => ({ source: env, target: env });
  const ofControl = {
    'random-trunk': () => pairs.map((pair) => armOf(pair, method, 'random-trunk')),
    shuffled: () => pairs.map((pair) => armOf(pair, method, 'shuffled')),
    'same-game': () => targets.map((env) => armOf(itself(env), method, 'same-game')),
    'scratch-long': () => targets.map((env) => armOf(itself(env), NO_METHOD, 'scratch-long')),
  };
  const transfers = pairs.flatMap((pair) => methods.map((by) => armOf(pair, by, null)));
  return [...transfers, ...controls.flatMap((control) => ofControl[control]())];
}

/** Env steps that a job trains for. */
export function stepsOf({ arm, control }: Pick<StudyJob, 'arm' | 'control'>, budget: StudyBudget): number {
  if (control === 'scratch-long') return budget.sourceTimesteps + budget.targetTimesteps;
  return arm === 'source' ? budget.sourceTimesteps : budget.targetTimesteps;
}

interface StudyBudget {
  readonly sourceTimesteps: number;
  readonly targetTimesteps: number;
}

interface StudyPair {
  readonly source: string;
  readonly target: string;
}

export function studyPairs({
  sources,
  targets,
  pairs,
}: Pick<StudyDesign, 'sources' | 'targets' | 'pairs'>): StudyPair[] {
  const isWanted = (source: string, target: string): boolean => pairs === 'all' || gameOf(source) === gameOf(target);
  return sources.flatMap((source) =>
    targets.filter((target) => target !== source && isWanted(source, target)).map((target) => ({ source, target })),
  );
}

/** `breakout` of `breakout?brickRows=5`. */
const gameOf = (env: string): string => env.split('?')[0];
