import { WEIGHT_CONTROLS, type WeightControl } from './plan.ts';

/** Which sources go to which targets: `all`, those that are the same game (variants of it), or each to that of its place. */
export const PAIRINGS = ['all', 'same-game', 'in-order'] as const;

/**
 * What a study also compares with scratch, to tell what a transfer is worth from what its parts are: the transfer without
 * what the source knows (see `controlParams`), a transfer from the target itself, and scratch with the source's steps added.
 */
export const STUDY_CONTROLS = [...WEIGHT_CONTROLS, 'same-game', 'scratch-long'] as const;
export type StudyControl = (typeof STUDY_CONTROLS)[number];

/** What a gate is compared with: a gate as large whose candidates know nothing. */
type GateControl = 'gate-scratch' | `gate-${WeightControl}`;
export type AnyControl = StudyControl | GateControl;

/** What is compared: sources to targets by every method, against learning the target from scratch. */
export interface StudyDesign {
  /** Env ids. */
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly pairs: (typeof PAIRINGS)[number];
  readonly methods: readonly string[];
  /** Run for the first method only. */
  readonly controls: readonly StudyControl[];
  /** Also race scratch and the methods on the target's budget, for each pair. */
  readonly gate: boolean;
  /** Runs in each arm; each transfer run has a source run of its own. */
  readonly seeds: number;
  /** From which the runs' seeds are counted. */
  readonly seed: number;
}

/** One training of a study, or one race. */
export type StudyJob = TrainingJob | RaceJob;

interface Job {
  /** Unique in the study: `transfer/asterix->breakout/full/2`. */
  readonly key: string;
  /** What it is a control of, or is needed for by one; null: a study without controls has it too. */
  readonly control: AnyControl | null;
  readonly env: string;
  readonly seed: number;
  /** The key of the job that layers are taken from; null: none are. */
  readonly from: string | null;
}

export interface TrainingJob extends Job {
  readonly arm: 'source' | 'scratch' | 'transfer';
  /** Of a transfer. */
  readonly method: string | null;
}

export interface RaceJob extends Job {
  readonly arm: 'race';
  readonly candidates: readonly RaceCandidate[];
}

export interface RaceCandidate {
  readonly seed: number;
  /** Null: from scratch. */
  readonly method: string | null;
  readonly control: WeightControl | null;
}

/** What a study compares with scratch: the runs of a transfer, of a gate, or of a control. */
export interface StudyArm {
  /** With a run's number behind it, the key of its job. */
  readonly key: string;
  /** Where nothing is transferred, the target itself. */
  readonly source: string;
  readonly target: string;
  readonly method: string;
  readonly control: AnyControl | null;
}

/** What stands for the method where nothing is transferred, and where several race. */
const NO_METHOD = 'scratch';
export const GATE = 'gate';

/**
 * Arms draw their seeds from ranges of their own, so that no run shares its luck with one that it is compared with. Runs of the
 * same number in other pairs of an arm do.
 */
export const ARM_SEEDS = {
  source: 1_000,
  scratch: 2_000,
  transfer: 3_000,
  'random-trunk': 4_000,
  shuffled: 5_000,
  'same-game': 6_000,
  'scratch-long': 7_000,
  gate: 1_000_000,
  'gate-scratch': 21_000_000,
  'gate-random-trunk': 41_000_000,
  'gate-shuffled': 61_000_000,
} as const;
/** Between the seeds of a race's candidates. */
const CANDIDATE_SEEDS = 1_000_000;

/** The trainings of a study, parents before children, controls last. A pair of equal source and target is left out. */
export function studyJobs(design: StudyDesign): StudyJob[] {
  const { methods, seeds, seed } = design;
  const { sources, targets } = comparedEnvs(design);
  const runs = Array.from({ length: seeds }, (_, i) => i);
  const alone = (arm: 'source' | 'scratch', env: string, control: StudyControl | null = null): StudyJob[] =>
    runs.map((i) => {
      const key = `${arm}/${env}/${i}`;
      return { key, arm, control, env, seed: seed * 10_000 + ARM_SEEDS[arm] + i, from: null, method: null };
    });
  const ofArm = (arm: StudyArm): StudyJob[] =>
    runs.map((i) => {
      const { key, source, target, method, control } = arm;
      const isAlone = control === 'scratch-long' || control === 'gate-scratch';
      const from = isAlone ? null : `source/${source}/${i}`;
      const ownSeed = seed * 10_000 + ARM_SEEDS[control ?? (method === GATE ? 'gate' : 'transfer')] + i;
      const job = { key: `${key}/${i}`, control, env: target, seed: ownSeed, from };
      if (method === GATE) return { ...job, arm: 'race', candidates: candidatesOf(control, methods, ownSeed) };
      return isAlone ? { ...job, arm: 'scratch', method: null } : { ...job, arm: 'transfer', method };
    });
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

/** Scratch first, then every method; in `gate-scratch` as many, but all from scratch. */
function candidatesOf(control: AnyControl | null, methods: readonly string[], seed: number): RaceCandidate[] {
  const weights = WEIGHT_CONTROLS.find((name) => control === `gate-${name}`) ?? null;
  return [null, ...methods].map((method, i) => {
    const own = seed + CANDIDATE_SEEDS * i;
    if (method === null || control === 'gate-scratch') return { seed: own, method: null, control: null };
    return { seed: own, method, control: weights };
  });
}

/** Every transfer and gate of a study, then the controls: those of a pair for each pair, the others for each target. */
export function studyArms(design: Omit<StudyDesign, 'seeds' | 'seed'>): StudyArm[] {
  const { methods, controls, gate } = design;
  const pairs = studyPairs(design);
  const { targets } = comparedEnvs(design);
  const [method] = methods;
  const armOf = (pair: StudyPair, by: string, control: AnyControl | null = null): StudyArm => {
    const key = `${control ?? (by === GATE ? GATE : 'transfer')}/${pair.source}->${pair.target}/${by}`;
    return { key, ...pair, method: by, control };
  };
  const itself = (env: string): StudyPair => ({ source: env, target: env });
  const ofControl = {
    'random-trunk': () => pairs.map((pair) => armOf(pair, method, 'random-trunk')),
    shuffled: () => pairs.map((pair) => armOf(pair, method, 'shuffled')),
    'same-game': () => targets.map((env) => armOf(itself(env), method, 'same-game')),
    'scratch-long': () => targets.map((env) => armOf(itself(env), NO_METHOD, 'scratch-long')),
  };
  const transfers = pairs.flatMap((pair) => methods.map((by) => armOf(pair, by)));
  const others = controls.flatMap((control) => ofControl[control]());
  if (!gate) return [...transfers, ...others];
  const gates = pairs.map((pair) => armOf(pair, GATE));
  const scratchGates = targets.map((env) => armOf(itself(env), GATE, 'gate-scratch'));
  const weightGates = WEIGHT_CONTROLS.filter((name) => controls.includes(name)).flatMap((name) =>
    pairs.map((pair) => armOf(pair, GATE, `gate-${name}`)),
  );
  return [...transfers, ...gates, ...others, ...scratchGates, ...weightGates];
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

/** The sources and targets that are in a pair, once each. */
export function comparedEnvs(design: Pick<StudyDesign, 'sources' | 'targets' | 'pairs'>) {
  const pairs = studyPairs(design);
  return {
    sources: unique(design.sources).filter((env) => pairs.some(({ source }) => source === env)),
    targets: unique(design.targets).filter((env) => pairs.some(({ target }) => target === env)),
  };
}

export function studyPairs({
  sources,
  targets,
  pairs,
}: Pick<StudyDesign, 'sources' | 'targets' | 'pairs'>): StudyPair[] {
  const isWanted = {
    all: () => true,
    'same-game': (source: number, target: number) => gameOf(sources[source]) === gameOf(targets[target]),
    'in-order': (source: number, target: number) => source === target,
  }[pairs];
  const wanted = sources.flatMap((source, i) =>
    targets.filter((target, j) => target !== source && isWanted(i, j)).map((target) => ({ source, target })),
  );
  return wanted.filter(
    ({ source, target }, i) => i === wanted.findIndex((pair) => pair.source === source && pair.target === target),
  );
}

export const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** `breakout` of `breakout?brickRows=5`. */
const gameOf = (env: string): string => env.split('?')[0];
