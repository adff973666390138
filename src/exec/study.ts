import { join } from 'node:path';
import * as z from 'zod';
import { NotFiniteError, UserError, unknownValue } from '../core/errors.ts';
import { findEnv } from '../envs/index.ts';
import { findNet } from '../nets/index.ts';
import type { Registration } from '../report/types.ts';
import {
  type ResolvedBackend,
  check,
  hashOf,
  resolveTraining,
  resolveTransfer,
  runId,
  type RunConfig,
  split,
  trainingOptions,
  transferOptions,
  type TransferRequest,
} from '../runs/config.ts';
import type { Evaluation } from '../runs/evaluate.ts';
import { bundleOf, modulesOf } from '../runs/game-module.ts';
import { settleRace, type RaceResult } from '../runs/race.ts';
import { readJson, type RunProgress, type RunResult } from '../runs/run.ts';
import { refuseOtherWork } from '../runs/folder-kind.ts';
import { FolderStore } from '../runs/store.ts';
import { checkTransfer } from '../runs/training.ts';
import { VERSION } from '../runs/version.ts';
import { againstControls, type AgainstControl } from '../stats/against-controls.ts';
import { compareArms, type Comparison, PRIMARY_METRICS } from '../stats/compare.ts';
import { type Arm, type Curve, curveOf, windowOf } from '../stats/curve.ts';
import { withHolm } from '../stats/holm.ts';
import type { TransferPlan } from '../transfer/plan.ts';
import { findMethod, methodWords } from '../transfer/index.ts';
import {
  type AnyControl,
  comparedEnvs,
  GATE,
  PAIRINGS,
  type RaceJob,
  stepsOf,
  STUDY_CONTROLS,
  type StudyArm,
  studyArms,
  type StudyDesign,
  type StudyJob,
  studyJobs,
  studyPairs,
  type TrainingJob,
  unique,
} from '../transfer/study.ts';
import type { TaskExecutor } from './executor.ts';
import { runGraph } from './graph.ts';
import type { RaceTask, RandomTask, Task, TaskResult, TrainTask } from './task.ts';

/** What a study takes besides the options of training and transfer. */
export const studyOptions = z.object({
  methods: z.array(z.string()).min(1).default(['full']).describe(`transfer methods to compare: ${methodWords()}`),
  controls: z
    .array(z.enum(STUDY_CONTROLS))
    .default([...STUDY_CONTROLS])
    .describe('what is compared with scratch besides, by the first method; none: nothing'),
  gate: z.boolean().default(false).describe('also race scratch and the methods for each pair, on one budget together'),
  gateShare: z.number().gt(0).lt(1).default(0.1).describe('share of the target budget that a gate races for'),
  gateRungs: z
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe('rounds of a gate after which the worst leave; 0: as many as halving takes'),
  pairs: z
    .enum(PAIRINGS)
    .default('all')
    .describe(
      'every source to every target, to the variants of the same game only, or the first to the first and so on',
    ),
  sourceNet: z
    .string()
    .default('')
    .describe('net of the sources, where it is another than the net of all others (default: the same)'),
  seeds: z.int().min(2).max(1000).default(5).describe('runs in each arm, each transfer from a source run of its own'),
  seed: z.int().min(0).default(0).describe('from which all seeds are counted'),
  sourceTimesteps: z.int().min(1).default(1_000_000).describe('env steps to train each source for'),
  targetTimesteps: z.int().min(1).default(1_000_000).describe('env steps to train each target run for'),
  randomEpisodes: z.int().min(1).default(1000).describe('episodes of random play that set the zero of the ratio'),
  primaryMetric: z.enum(PRIMARY_METRICS).default('ratio').describe('metric that decides'),
  referenceRange: z
    .number()
    .min(0)
    .default(0)
    .describe('span of returns that is the scale of the targets, for where scratch learns next to nothing; 0: none'),
});

/** What is compared besides the transfers, and changes nothing about them: it may be added to a study. */
export const extraOptions = studyOptions.pick({ controls: true, gate: true, gateShare: true, gateRungs: true });

/** How a gate races. */
export const raceOptions = studyOptions.pick({ gateShare: true, gateRungs: true });

type Options = z.output<typeof studyOptions>;

/** What a study says of its trainings; budgets, seeds and labels it says by itself. */
export const studyTrainingOptions = trainingOptions.omit({ totalTimesteps: true, seed: true, label: true });

/** What a study says of its transfers; the methods and the controls it says by itself. */
export const studyTransferOptions = transferOptions.omit({ method: true, control: true });

/** As many as a training may have. */
const MOST_EVALUATIONS = 1000;

/** What a study takes besides its own options. */
const OTHER_OPTIONS = [
  'sources',
  'targets',
  'algorithmConfig',
  'netConfig',
  'methodConfig',
  ...Object.keys(studyTrainingOptions.shape),
  ...Object.keys(studyTransferOptions.shape),
];

export interface StudyRequest
  extends
    Partial<z.input<typeof studyOptions>>,
    Partial<z.input<typeof studyTrainingOptions>>,
    Partial<z.input<typeof studyTransferOptions>> {
  /** Env ids. */
  sources: string[];
  targets: string[];
  algorithmConfig?: Record<string, unknown>;
  netConfig?: Record<string, unknown>;
  /** Options of the methods; each method takes those that it has. */
  methodConfig?: Record<string, unknown>;
  /** The file that the study was registered in. */
  registration?: Registration;
}

/** A study with everything settled, ready to be driven by any executor. */
export interface Study {
  readonly request: StudyRequest;
  readonly registration: Registration | null;
  readonly options: Options;
  readonly jobs: readonly StudyTask[];
}

export interface StudyTask {
  readonly job:
    | StudyJob
    | {
        readonly key: string;
        readonly arm: 'random';
        readonly control: null;
        readonly env: string;
        readonly seed: number;
      };
  readonly task: Task;
}

/** One source, one target, one method, or a control, against scratch. */
export interface PairResult {
  readonly source: string;
  readonly target: string;
  /** `gate` where methods and scratch race, `scratch` of the control `scratch-long`, which transfers nothing. */
  readonly method: string;
  /** What kind of control it is; null: a transfer. */
  readonly control: AnyControl | null;
  readonly scratch: Arm;
  readonly transfer: Arm;
  /** Mean return of random play on the target. */
  readonly random: number;
  readonly comparison: Comparison;
  /** The comparison's p-value corrected for all pairs of its family (see `withHolm`). */
  readonly holm: number | null;
  /** The plan of the first seed (all seeds have the same); null where there is none, or several. */
  readonly plan: TransferPlan | null;
}

/** `result.json` of a study. */
export interface StudyResult {
  readonly version: string;
  readonly backend: string;
  readonly kernels: string;
  readonly request: StudyRequest;
  /** The file that said before the study what it would do; null: none. */
  readonly registration: Registration | null;
  readonly options: Options;
  /** Of the transfers; those of controls are with their curves. */
  readonly seeds: { readonly source: number[]; readonly scratch: number[]; readonly transfer: number[] };
  readonly pairs: readonly PairResult[];
  /** The transfers and gates once more, compared with their controls; missing in results of before. */
  readonly againstControls?: readonly AgainstControl[];
  /** Env steps of all trainings together, and their seconds of work. */
  readonly steps: number;
  readonly seconds: number;
}

/** Where a job of a study stands. */
export interface JobProgress {
  readonly key: string;
  readonly arm: StudyTask['job']['arm'];
  readonly control: AnyControl | null;
  readonly label: string;
  readonly state: 'running' | 'finished';
  readonly progress: RunProgress | null;
}

/**
 * Settles a study: every job's config, id and folder. @throws UserError for anything unknown or out of range, and for a
 * transfer that could not begin
 */
export function describeStudy(request: StudyRequest, folder: string, engine: ResolvedBackend): Study {
  const study = settled(request, folder, engine);
  checkTransfers(study);
  return study;
}

/** The `studyId` of what is asked for, wherever it will be kept; its transfers are not tried. @throws UserError */
export const studyIdOf = (request: StudyRequest, engine: ResolvedBackend): string =>
  studyId(settled(request, '', engine));

function settled({ registration, ...request }: StudyRequest, folder: string, engine: ResolvedBackend): Study {
  const { sources: _sources, targets: _targets, methods: _methods, ...given } = request;
  const options = parseOptions(request);
  const design = designOf(request, options);
  checkPairs(design);
  const ids = new Map<string, string>();
  const trainings = studyJobs(design).map((job) => {
    const parent = job.from === null ? null : (ids.get(job.from) as string);
    const source = parent && join(folder, 'jobs', parent);
    const configOf = (training: TrainingJob, label: string): RunConfig =>
      jobConfig(training, label, given, options, parent, engine);
    const task = job.arm === 'race' ? raceTask(job, source, options, configOf) : trainTask(job, source, configOf);
    ids.set(job.key, task.id);
    return { job, task: { ...task, parents: parent ? [parent] : [], folder: join(folder, 'jobs', task.id) } };
  });
  const baselines = comparedEnvs(design).targets.map((env) => {
    const key = `random/${env}`;
    const task: RandomTask = {
      kind: 'random',
      id: key,
      parents: [],
      env,
      modules: modulesOf({ game: findEnv(env).game.id }).map(bundleOf),
      episodes: options.randomEpisodes,
      seed: options.seed,
    };
    return { job: { key, arm: 'random' as const, control: null, env, seed: options.seed }, task };
  });
  return { request, registration: registration ?? null, options, jobs: [...trainings, ...baselines] };
}

/** The first run of each transfer stands for all. @throws UserError */
function checkTransfers({ jobs }: Study): void {
  const configs = new Map(jobs.flatMap(({ job, task }) => (task.kind === 'train' ? [[job.key, task.config]] : [])));
  for (const { job } of jobs) {
    if (job.arm !== 'transfer' || job.control !== null || !job.key.endsWith('/0')) continue;
    checkTransfer(configs.get(job.key)!, configs.get(job.from!)!);
  }
}

/** @throws UserError where nothing is to be compared */
function checkPairs(design: Design): void {
  const { sources, targets, pairs } = design;
  if (pairs === 'in-order' && sources.length !== targets.length) {
    const counts = `${sources.length} and ${targets.length}`;
    throw new UserError(`pairs: in-order needs as many sources as targets, but there are ${counts}`);
  }
  if (studyPairs(design).length > 0) return;
  const envs = `sources ${sources.join(', ') || 'none'}; targets ${targets.join(', ') || 'none'}`;
  const wanted = pairs === 'same-game' ? 'of one game that differ' : 'that differ';
  throw new UserError(`a study needs a source and a target ${wanted}, but has ${envs} (pairs: ${pairs})`);
}

type ConfigOf = (training: TrainingJob, label: string) => RunConfig;
/** What a task is before it has a place. */
type Unplaced<T extends Task> = Omit<T, 'parents' | 'folder'>;

function trainTask(job: TrainingJob, source: string | null, configOf: ConfigOf): Unplaced<TrainTask> {
  const config = configOf(job, agentLabel(job));
  const modules = config.modules.map(bundleOf);
  return { kind: 'train', id: runId(config), config, source, modules, tensorboard: false, threads: 1 };
}

function raceTask(
  job: RaceJob,
  source: string | null,
  { targetTimesteps, gateShare, gateRungs }: Options,
  configOf: ConfigOf,
): Unplaced<RaceTask> {
  const rules = { budget: targetTimesteps, share: gateShare, rungs: gateRungs };
  const candidates = job.candidates.map(({ method, ...own }) => {
    const arm = method === null ? ('scratch' as const) : ('transfer' as const);
    const from = method === null ? null : job.from;
    const config = configOf({ ...job, ...own, arm, from, method }, `${agentLabel(job)}, ${method ?? 'scratch'}`);
    return { config, source: from && source };
  });
  const modules = new Map(candidates.flatMap(({ config }) => config.modules.map((module) => [module.sha256, module])));
  const race = settleRace({ rules, candidates });
  return { kind: 'race', ...race, modules: [...modules.values()].map(bundleOf), threads: 1 };
}

/** Runs what is left of a study in `folder` and gives its result; a finished one is read back at once. */
export async function runStudy(
  study: Study,
  folder: string,
  executor: TaskExecutor,
  progress: (job: JobProgress) => void = () => {},
): Promise<StudyResult> {
  const store = new FolderStore(folder);
  await openStudy(store, study);
  const finished = await storedResult(store, study);
  if (finished) return finished;
  const results = new Map<string, TaskResult>();
  const byId = new Map(study.jobs.map((entry) => [entry.task.id, entry]));
  const tasks = [...byId.values()].map(({ task }) => task);
  const runOne = async (task: Task): Promise<void> => {
    const { job } = byId.get(task.id) as StudyTask;
    const report = (state: JobProgress['state'], now: RunProgress | null): void =>
      progress({ key: job.key, arm: job.arm, control: job.control, label: jobLabel(job), state, progress: now });
    // Of a queue's jobs it is not known when they begin: their first progress says so.
    if (Number.isFinite(executor.slots)) report('running', null);
    let last: RunProgress | null = null;
    const result = await executor
      .run(task, (now) => {
        last = now;
        report('running', now);
      })
      .catch((error: unknown) => {
        // Only its own training: which one, the message does not say.
        if (!(error instanceof NotFiniteError)) throw error;
        throw new NotFiniteError(`${jobLabel(job)} (jobs/${task.id}): ${error.message}`);
      });
    results.set(task.id, result);
    report('finished', last);
  };
  await runGraph(
    tasks,
    executor.slots,
    runOne,
    () => executor.stop(),
    (error) => error instanceof NotFiniteError,
  );
  const result = await collect(study, results);
  await store.put('result.json', new TextEncoder().encode(JSON.stringify(result, null, 2)));
  return result;
}

/** What a study's result depends on, hashed: not its controls and gates, which may be added to it later. */
export const studyId = ({ jobs, registration, options: { referenceRange, primaryMetric } }: Study): string =>
  hashOf([
    ...jobs
      .filter(({ job }) => job.control === null && job.arm !== 'race')
      .map(({ job, task }) => [job.key, task.kind === 'random' ? [task.episodes, task.seed] : task.id]),
    ...(referenceRange > 0 ? [['referenceRange', referenceRange]] : []),
    ...(registration === null ? [] : [['registration', registration.sha256]]),
    ...(primaryMetric === 'ratio' ? [] : [['primaryMetric', primaryMetric]]),
  ]);

/** A short name of a job with its env: `transferred 3: breakout`. */
const jobLabel = (job: StudyTask['job']): string =>
  job.arm === 'random' ? `random play: ${job.env}` : `${agentLabel(job)}: ${job.env}`;

/** The name of the agent that a job trains: `transferred 3`, `shuffled 1`. */
function agentLabel({ arm, control, key }: StudyJob): string {
  const number = Number(key.slice(key.lastIndexOf('/') + 1)) + 1;
  const names = { source: 'source', scratch: 'scratch', transfer: 'transferred', race: GATE };
  const kind = arm === 'source' ? names.source : (control ?? names[arm]);
  return `${kind} ${number}`;
}

/** What `study.json` holds. */
export interface StudyFile {
  readonly identity: string;
  readonly version: string;
  readonly request: StudyRequest;
  readonly registration: Registration | null;
  readonly jobs: readonly (StudyTask['job'] & { readonly id: string })[];
}

/** Does the folder hold another study, or this one made by another version or backend? */
export async function isOtherStudy(folder: string, study: Study): Promise<boolean> {
  const store = new FolderStore(folder);
  if (!(await store.get('study.json'))) return false;
  return (await readJson<StudyFile>(store, 'study.json')).identity !== studyId(study);
}

/** The result in the folder, if it has the controls and gates that are asked for: it may have been made with others. */
async function storedResult(store: FolderStore, { options }: Study): Promise<StudyResult | null> {
  if (!(await store.get('result.json'))) return null;
  const result = await readJson<StudyResult>(store, 'result.json');
  return extrasOf(result.options) === extrasOf(options) ? result : null;
}

/** Results of before there were controls and gates name none. */
const extrasOf = ({ controls = [], gate = false, gateShare, gateRungs }: Partial<Options>): string =>
  JSON.stringify([controls, gate && [gateShare, gateRungs]]);

async function openStudy(store: FolderStore, study: Study): Promise<void> {
  await refuseOtherWork(store, 'study');
  if (await isOtherStudy(store.folder, study)) {
    throw new UserError(
      `${store.folder} holds another study or one of another version; choose another folder or delete it`,
    );
  }
  const file: StudyFile = {
    identity: studyId(study),
    version: VERSION,
    request: study.request,
    registration: study.registration,
    jobs: study.jobs.map(({ job, task }) => ({ ...job, id: task.id })),
  };
  await store.put('study.json', new TextEncoder().encode(JSON.stringify(file, null, 2)));
}

function parseOptions(request: StudyRequest): Options {
  const [own, others] = split(request, Object.keys(studyOptions.shape));
  const stray = Object.keys(others).find((name) => !OTHER_OPTIONS.includes(name));
  if (stray !== undefined) {
    throw unknownValue('option of study', stray, [...Object.keys(studyOptions.shape), ...OTHER_OPTIONS]);
  }
  const options = check(studyOptions, own, 'study');
  const known = options.methods.flatMap((id) => Object.keys(findMethod(id).schema.shape));
  const unused = Object.keys(request.methodConfig ?? {}).find((name) => !known.includes(name));
  if (unused !== undefined) throw unknownValue(`option of ${options.methods.join(', ')}`, unused, known);
  return { ...options, methods: unique(options.methods), controls: unique(options.controls) };
}

const designOf = (request: Pick<StudyRequest, 'sources' | 'targets'>, options: Options): Design => ({
  ...options,
  sources: canonical(request.sources),
  targets: canonical(request.targets),
});

type Design = Options & Pick<StudyDesign, 'sources' | 'targets'>;

const canonical = (envs: readonly string[]): string[] => envs.map((env) => findEnv(env).id);

function jobConfig(
  job: TrainingJob,
  label: string,
  request: Omit<StudyRequest, 'sources' | 'targets' | 'methods'>,
  options: Options,
  parent: string | null,
  engine: ResolvedBackend,
): RunConfig {
  const [training] = split(request, Object.keys(studyTrainingOptions.shape));
  const { algorithmConfig, netConfig, methodConfig } = request;
  const [transferring] = split(request, Object.keys(studyTransferOptions.shape));
  const base = {
    ...training,
    algorithmConfig,
    netConfig,
    env: job.env,
    seed: job.seed,
    totalTimesteps: stepsOf(job, options),
    label,
  };
  if (job.control === 'scratch-long') {
    return resolveTraining({ ...base, evaluations: longEvaluations(request, options) }, engine);
  }
  if (job.arm === 'source' && options.sourceNet) {
    const net = findNet(options.sourceNet);
    const [sizes] = split(netConfig ?? {}, Object.keys(net.schema.shape));
    return resolveTraining({ ...base, net: net.id, netConfig: { ...sizes } }, engine);
  }
  if (job.from === null) return resolveTraining(base, engine);
  const source = { id: `run:${parent}`, info: null };
  const method = findMethod(job.method as string);
  const [ownConfig] = split(methodConfig ?? {}, Object.keys(method.schema.shape));
  const transfer = { ...transferring, ...controlOf(job), method: method.id, methodConfig: { ...ownConfig } };
  return resolveTransfer({ ...base, ...transfer }, source, engine);
}

/** A map between two games says nothing of a transfer from a game to itself. */
function controlOf({ control }: TrainingJob): Pick<TransferRequest, 'control' | 'map'> {
  if (control === 'random-trunk' || control === 'shuffled') return { control };
  return control === 'same-game' ? { map: [] } : {};
}

/** As dense as those of scratch, as far as a run may have as many. */
function longEvaluations(request: Pick<StudyRequest, 'evaluations'>, options: Options): number {
  const { sourceTimesteps, targetTimesteps } = options;
  const { evaluations } = studyTrainingOptions.pick({ evaluations: true }).parse({ evaluations: request.evaluations });
  return Math.min(MOST_EVALUATIONS, Math.ceil((evaluations * (sourceTimesteps + targetTimesteps)) / targetTimesteps));
}

type Results = ReadonlyMap<string, TaskResult>;

async function collect(study: Study, results: Results): Promise<StudyResult> {
  const { options } = study;
  const trained = study.jobs.filter(({ task }) => task.kind !== 'random').map(({ task }) => trainedOf(task, results));
  const seeds = (arm: StudyJob['arm']): number[] => [
    ...new Set(study.jobs.flatMap(({ job }) => (job.arm === arm && job.control === null ? [job.seed] : []))),
  ];
  const pairs: Omit<PairResult, 'holm'>[] = [];
  for (const arm of studyArms(designOf(study.request, options))) pairs.push(await compare(study, results, arm));
  const { config } = study.jobs.map(({ task }) => task).find((task) => task.kind === 'train')!;
  return {
    version: VERSION,
    backend: config.backend,
    kernels: config.kernels,
    request: study.request,
    registration: study.registration,
    options,
    seeds: { source: seeds('source'), scratch: seeds('scratch'), transfer: seeds('transfer') },
    pairs: withHolm(pairs),
    againstControls: againstControls(pairs, options),
    steps: trained.reduce((sum, { step }) => sum + step, 0),
    seconds: trained.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

const trainedOf = (task: Task, results: Results): RunResult | RaceResult =>
  results.get(task.id) as RunResult | RaceResult;

/** One arm of a study against scratch. */
async function compare({ jobs, options }: Study, results: Results, arm: StudyArm): Promise<Omit<PairResult, 'holm'>> {
  const { key, source, target, method, control } = arm;
  const { seed, referenceRange, primaryMetric, sourceTimesteps } = options;
  const runs = (prefix: string): StudyTask[] => jobs.filter(({ job }) => job.key.startsWith(`${prefix}/`));
  const curveOfRun = ({ job, task }: StudyTask): Curve => curveOf(job.seed, trainedOf(task, results).evaluations);
  const scratch = { label: 'from scratch', curves: runs(`scratch/${target}`).map(curveOfRun) };
  const own = runs(key);
  const [{ steps }] = scratch.curves;
  const [{ task }] = own;
  const isLong = control === 'scratch-long';
  const curves = own.map(curveOfRun);
  // What is not evaluated at the steps of scratch is read there.
  const isAtSteps = curves.every((curve) => String(curve.steps) === String(steps));
  const shown =
    isLong || !isAtSteps ? curves.map((curve) => windowOf(curve, isLong ? sourceTimesteps : 0, steps)) : curves;
  const transfer = { label: armLabel(arm), curves: shown };
  const random = (results.get(`random/${target}`) as Evaluation).mean;
  const [parent] = task.parents;
  const sourceSteps = parent === undefined ? (isLong ? sourceTimesteps : 0) : (results.get(parent) as RunResult).step;
  const plan =
    task.kind === 'train' && !isLong
      ? await readJson<TransferPlan>(new FolderStore(task.folder), 'transfer.json')
      : null;
  const arms = { scratch, transfer, random, sourceSteps, target, pair: `${key}/` };
  const comparison = compareArms({ ...arms, seed, referenceRange, primaryMetric });
  return { source, target, method, control, scratch, transfer, random, comparison, plan };
}

function armLabel({ source, method, control }: StudyArm): string {
  if (control === 'scratch-long') return 'from scratch, after as many steps as sources have';
  if (control === 'gate-scratch') return 'gate, from scratch only';
  const from = method === GATE ? `gate, from ${source}` : `from ${source}`;
  return control === null ? from : `${from}, ${control}`;
}
