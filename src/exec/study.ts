import { join } from 'node:path';
import * as z from 'zod';
import { UserError, unknownValue } from '../core/errors.ts';
import { findEnv } from '../envs/index.ts';
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
} from '../runs/config.ts';
import type { Evaluation } from '../runs/evaluate.ts';
import { bundleOf, modulesOf } from '../runs/game-module.ts';
import { readJson, type RunProgress, type RunResult } from '../runs/run.ts';
import { FolderStore } from '../runs/store.ts';
import { VERSION } from '../runs/version.ts';
import { compareArms, type Comparison, PRIMARY_METRICS } from '../stats/compare.ts';
import type { Arm, Curve } from '../stats/curve.ts';
import { withHolm } from '../stats/holm.ts';
import type { TransferPlan } from '../transfer/plan.ts';
import { findMethod, methodIds } from '../transfer/index.ts';
import { PAIRINGS, type StudyJob, studyJobs, studyPairs } from '../transfer/study.ts';
import type { TaskExecutor } from './executor.ts';
import { runGraph } from './graph.ts';
import type { RandomTask, Task, TrainTask } from './task.ts';

/** What a study takes besides the options of training and transfer. */
export const studyOptions = z.object({
  methods: z
    .array(z.string())
    .default(['full'])
    .describe(`transfer methods to compare: ${methodIds().join(', ')}`),
  pairs: z
    .enum(PAIRINGS)
    .default('all')
    .describe('every source to every target, or to the variants of the same game only'),
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

const shared = trainingOptions.pick({
  algorithm: true,
  net: true,
  evaluations: true,
  evaluationEpisodes: true,
  backend: true,
  fused: true,
  keepCheckpoints: true,
});

/** What a study takes besides its own options. */
const OTHER_OPTIONS = [
  'sources',
  'targets',
  'algorithmConfig',
  'netConfig',
  'methodConfig',
  ...Object.keys(shared.shape),
  ...Object.keys(transferOptions.shape).filter((name) => name !== 'method'),
];

export interface StudyRequest
  extends
    Partial<z.input<typeof studyOptions>>,
    Partial<z.input<typeof shared>>,
    Partial<Omit<z.input<typeof transferOptions>, 'method'>> {
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
  readonly options: z.output<typeof studyOptions>;
  readonly jobs: readonly StudyTask[];
}

export interface StudyTask {
  readonly job:
    | StudyJob
    | { readonly key: string; readonly arm: 'random'; readonly env: string; readonly seed: number };
  readonly task: Task;
}

/** One source, one target, one method, against scratch. */
export interface PairResult {
  readonly source: string;
  readonly target: string;
  readonly method: string;
  readonly scratch: Arm;
  readonly transfer: Arm;
  /** Mean return of random play on the target. */
  readonly random: number;
  readonly comparison: Comparison;
  /** The comparison's p-value corrected for all pairs of its family (see `withHolm`). */
  readonly holm: number | null;
  /** The plan of the first seed (all seeds have the same). */
  readonly plan: TransferPlan;
}

/** `result.json` of a study. */
export interface StudyResult {
  readonly version: string;
  readonly backend: string;
  readonly kernels: string;
  readonly request: StudyRequest;
  /** The file that said before the study what it would do; null: none. */
  readonly registration: Registration | null;
  readonly options: z.output<typeof studyOptions>;
  readonly seeds: { readonly source: number[]; readonly scratch: number[]; readonly transfer: number[] };
  readonly pairs: readonly PairResult[];
  /** Env steps of all trainings together, and their seconds of work. */
  readonly steps: number;
  readonly seconds: number;
}

/** Where a job of a study stands. */
export interface JobProgress {
  readonly key: string;
  readonly arm: StudyTask['job']['arm'];
  readonly label: string;
  readonly state: 'running' | 'finished';
  readonly progress: RunProgress | null;
}

/** Settles a study: every job's config, id and folder. @throws UserError for anything unknown or out of range */
export function describeStudy(
  { registration, ...request }: StudyRequest,
  folder: string,
  engine: ResolvedBackend,
): Study {
  const { sources, targets, methods: _methods, ...given } = request;
  const options = parseOptions(request);
  const design = { sources: canonical(sources), targets: canonical(targets), ...options };
  if (studyPairs(design).length === 0) throw new UserError('a study needs a source and a target that differ');
  const ids = new Map<string, string>();
  const trainings = studyJobs(design).map((job) => {
    const config = jobConfig(job, given, options, ids, engine);
    const id = runId(config);
    ids.set(job.key, id);
    const parent = job.from === null ? null : (ids.get(job.from) as string);
    const task: TrainTask = {
      kind: 'train',
      id,
      parents: parent ? [parent] : [],
      folder: join(folder, 'jobs', id),
      config,
      source: parent && join(folder, 'jobs', parent),
      modules: config.modules.map(bundleOf),
      tensorboard: false,
      threads: 1,
    };
    return { job, task };
  });
  const baselines = design.targets.map((env) => {
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
    return { job: { key, arm: 'random' as const, env, seed: options.seed }, task };
  });
  return { request, registration: registration ?? null, options, jobs: [...trainings, ...baselines] };
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
  if (await store.get('result.json')) return readJson<StudyResult>(store, 'result.json');
  const results = new Map<string, RunResult | Evaluation>();
  const byId = new Map(study.jobs.map((entry) => [entry.task.id, entry]));
  const tasks = [...byId.values()].map(({ task }) => task);
  const runOne = async (task: Task): Promise<void> => {
    const { job } = byId.get(task.id) as StudyTask;
    const report = (state: JobProgress['state'], now: RunProgress | null): void =>
      progress({ key: job.key, arm: job.arm, label: jobLabel(job), state, progress: now });
    // Of a queue's jobs it is not known when they begin: their first progress says so.
    if (Number.isFinite(executor.slots)) report('running', null);
    let last: RunProgress | null = null;
    const result = await executor.run(task, (now) => {
      last = now;
      report('running', now);
    });
    results.set(task.id, result);
    report('finished', last);
  };
  await runGraph(tasks, executor.slots, runOne, () => executor.stop());
  const result = await collect(study, results);
  await store.put('result.json', new TextEncoder().encode(JSON.stringify(result, null, 2)));
  return result;
}

/** What a study's result depends on, hashed. */
export const studyId = ({ jobs, registration, options: { referenceRange, primaryMetric } }: Study): string =>
  hashOf([
    ...jobs.map(({ job, task }) => [job.key, task.kind === 'random' ? [task.episodes, task.seed] : task.id]),
    ...(referenceRange > 0 ? [['referenceRange', referenceRange]] : []),
    ...(registration === null ? [] : [['registration', registration.sha256]]),
    ...(primaryMetric === 'ratio' ? [] : [['primaryMetric', primaryMetric]]),
  ]);

/** A short name of a job with its env: `transferred 3: breakout`. */
const jobLabel = (job: StudyTask['job']): string =>
  job.arm === 'random' ? `random play: ${job.env}` : `${agentLabel(job)}: ${job.env}`;

/** The name of the agent that a job trains: `transferred 3`. */
function agentLabel({ arm, key }: StudyJob): string {
  const number = Number(key.slice(key.lastIndexOf('/') + 1)) + 1;
  return `${arm === 'transfer' ? 'transferred' : arm} ${number}`;
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

async function openStudy(store: FolderStore, study: Study): Promise<void> {
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
  await store.putIfAbsent('study.json', new TextEncoder().encode(JSON.stringify(file, null, 2)));
}

function parseOptions(request: StudyRequest): z.output<typeof studyOptions> {
  const [own, others] = split(request, Object.keys(studyOptions.shape));
  const stray = Object.keys(others).find((name) => !OTHER_OPTIONS.includes(name));
  if (stray !== undefined) {
    throw unknownValue('option of study', stray, [...Object.keys(studyOptions.shape), ...OTHER_OPTIONS]);
  }
  const options = check(studyOptions, own, 'study');
  const known = options.methods.flatMap((id) => Object.keys(findMethod(id).schema.shape));
  const unused = Object.keys(request.methodConfig ?? {}).find((name) => !known.includes(name));
  if (unused !== undefined) throw unknownValue(`option of ${options.methods.join(', ')}`, unused, known);
  return options;
}

const canonical = (envs: readonly string[]): string[] => [...new Set(envs.map((env) => findEnv(env).id))];

function jobConfig(
  job: StudyJob,
  request: Omit<StudyRequest, 'sources' | 'targets' | 'methods'>,
  options: z.output<typeof studyOptions>,
  ids: ReadonlyMap<string, string>,
  engine: ResolvedBackend,
): RunConfig {
  const [training] = split(request, Object.keys(shared.shape));
  const { algorithmConfig, netConfig, methodConfig } = request;
  const [moving] = split(request, Object.keys(transferOptions.shape));
  const base = {
    ...training,
    algorithmConfig,
    netConfig,
    env: job.env,
    seed: job.seed,
    totalTimesteps: job.arm === 'source' ? options.sourceTimesteps : options.targetTimesteps,
    label: agentLabel(job),
  };
  if (job.from === null) return resolveTraining(base, engine);
  const source = { id: `run:${ids.get(job.from)}`, info: null };
  const method = findMethod(job.method as string);
  const [ownConfig] = split(methodConfig ?? {}, Object.keys(method.schema.shape));
  const transfer = { ...moving, method: method.id, methodConfig: { ...ownConfig } };
  return resolveTransfer({ ...base, ...transfer }, source, engine);
}

async function collect(study: Study, results: ReadonlyMap<string, RunResult | Evaluation>): Promise<StudyResult> {
  const { options } = study;
  const { seed, referenceRange, primaryMetric } = options;
  const entries = (arm: StudyJob['arm'], keep: (job: StudyJob) => boolean): TrainTask[] =>
    study.jobs.flatMap(({ job, task }) =>
      job.arm === arm && task.kind === 'train' && keep(job as StudyJob) ? [task] : [],
    );
  const runOf = (task: Task): RunResult => results.get(task.id) as RunResult;
  const curveOf = (task: TrainTask): Curve => ({
    seed: task.config.seed,
    steps: runOf(task).evaluations.map((row) => row.step),
    returns: runOf(task).evaluations.map((row) => row.mean),
  });
  const design = {
    sources: canonical(study.request.sources),
    targets: canonical(study.request.targets),
    pairs: options.pairs,
  };
  const pairs: Omit<PairResult, 'holm'>[] = [];
  for (const { source, target } of studyPairs(design)) {
    for (const method of options.methods) {
      const prefix = `transfer/${source}->${target}/${method}/`;
      const transferred = entries('transfer', (job) => job.key.startsWith(prefix));
      const scratch = { label: 'from scratch', curves: entries('scratch', (job) => job.env === target).map(curveOf) };
      const transfer = { label: `from ${source}`, curves: transferred.map(curveOf) };
      const random = (results.get(`random/${target}`) as Evaluation).mean;
      const sourceSteps = runOf(entries('source', (job) => job.env === source)[0]).step;
      const plan = await readJson<TransferPlan>(new FolderStore(transferred[0].folder), 'transfer.json');
      const arms = { scratch, transfer, random, sourceSteps, target, pair: prefix };
      const comparison = compareArms({ ...arms, seed, referenceRange, primaryMetric });
      pairs.push({ source, target, method, scratch, transfer, random, comparison, plan });
    }
  }
  const trainings = study.jobs.flatMap(({ task }) => (task.kind === 'train' ? [task] : []));
  const seeds = (arm: StudyJob['arm']): number[] => [
    ...new Set(study.jobs.filter(({ job }) => job.arm === arm).map(({ job }) => job.seed)),
  ];
  return {
    version: VERSION,
    backend: trainings[0].config.backend,
    kernels: trainings[0].config.kernels,
    request: study.request,
    registration: study.registration,
    options,
    seeds: { source: seeds('source'), scratch: seeds('scratch'), transfer: seeds('transfer') },
    pairs: withHolm(pairs),
    steps: trainings.reduce((sum, task) => sum + runOf(task).step, 0),
    seconds: trainings.reduce((sum, task) => sum + runOf(task).seconds, 0),
  };
}
