import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type * as z from 'zod';
import { actorMimic } from '../agents/actor-mimic.ts';
import type { Algorithm } from '../agents/algorithm.ts';
import { findAlgorithm } from '../agents/index.ts';
import { UserError } from '../core/errors.ts';
import { resolveBackend } from '../engine/index.ts';
import { findEnv } from '../envs/index.ts';
import { netFor } from '../nets/index.ts';
import {
  fromScratch,
  resolveTraining,
  resolveTransfer,
  runId,
  type RunConfig,
  trainingOptions,
  type TrainingRequest,
  type TransferRequest,
} from '../runs/config.ts';
import { decodeCheckpoint, inheritedOptions, type PolicyCheckpoint } from '../runs/checkpoint.ts';
import { bundleOf, loadGameModule, loadModule, refuseHomeless } from '../runs/game-module.ts';
import { settleRace, type RaceResult } from '../runs/race.ts';
import { readJson, type RunProgress, type RunResult } from '../runs/run.ts';
import { type DistillRequest, resolveDistillation } from '../runs/teachers.ts';
import { readSource, sha256 } from '../runs/source.ts';
import { FolderStore } from '../runs/store.ts';
import type { TransferPlan } from '../transfer/plan.ts';
import { writeReport } from './report.ts';
import type { TaskExecutor } from './executor.ts';
import { queueExecutor } from './queue-executor.ts';
import {
  describeStudy,
  extraOptions,
  type JobProgress,
  raceOptions,
  runStudy,
  studyIdOf,
  type StudyRequest,
  type StudyResult,
} from './study.ts';
import type { RaceTask, TrainTask } from './task.ts';
import { threadExecutor } from './threads.ts';

/** How work is done and watched; none of it changes a result. */
export interface WorkOptions {
  /** Where the run or study is kept. Default: `runs/<game>-<id>`, `runs/study-<id>`. */
  folder?: string;
  /** Files with games of your own; then `env`, `sources`, `targets` may name them. */
  game?: string | string[];
  /** Files with nets, algorithms, transfer methods or games of your own. */
  modules?: string[];
  /** Threads of a training, or trainings at a time (studies). Default, also for 0: one for each core. */
  threads?: number;
  /** Also write TensorBoard event files. */
  tensorboard?: boolean;
  /** Aborting saves and stops: the promise rejects with a `StoppedError`, calling again resumes. */
  signal?: AbortSignal;
}

export interface TrainOptions extends TrainingRequest, WorkOptions {
  progress?: (progress: RunProgress) => void;
}

export interface TransferOptions extends TransferRequest, WorkOptions {
  progress?: (progress: RunProgress) => void;
}

export interface DistillOptions extends Omit<DistillRequest, 'env'>, WorkOptions {
  /** The teachers' checkpoints, each of another game on canonical planes: files, or run folders (their newest). */
  teachers: string[];
  /** The mix that is played (default: `mix`); games without a teacher are switched off in it. */
  env?: string;
  progress?: (progress: RunProgress) => void;
}

export interface StudyOptions extends StudyRequest, WorkOptions {
  /** URL of a queue (redis://, rediss://, postgres://), whose workers (`ngplus worker`) then do the work. */
  queue?: string;
  /** Where the workers keep the runs, where they do not see `folder` under the same path. */
  store?: string;
  progress?: (job: JobProgress) => void;
}

/** A study registered in a file, which holds all that its result depends on. */
export interface StudyFileOptions
  extends
    Pick<WorkOptions, 'folder' | 'threads' | 'signal'>,
    Pick<StudyOptions, 'queue' | 'store'>,
    Partial<z.input<typeof extraOptions>> {
  /** YAML or JSON: the options of a study, a `hypothesis` in words and the `primaryMetric`. */
  file: string;
  progress?: (job: JobProgress) => void;
}

/** A finished run and where it is kept. */
export interface FinishedRun extends RunResult {
  readonly folder: string;
}

/**
 * Trains an agent, on a thread of its own; resumes what is left of the same run in the same folder.
 * @throws UserError for unknown or bad options
 */
export async function train(options: TrainOptions): Promise<FinishedRun> {
  const { task, ...work } = await prepareTraining(options);
  return runTraining(task, work);
}

/** Trains an agent that starts from a source's layers. @throws UserError for unknown or bad options */
export async function transfer(options: TransferOptions): Promise<FinishedRun & { plan: TransferPlan }> {
  const { task, ...work } = await prepareTransfer(options);
  const run = await runTraining(task, work);
  return { ...run, plan: await readJson<TransferPlan>(new FolderStore(run.folder), 'transfer.json') };
}

/** Compares transfer with learning from scratch. @throws UserError for unknown or bad options */
export async function study(options: StudyOptions | StudyFileOptions): Promise<StudyResult & { folder: string }> {
  const { folder, executor, study: described, progress, signal } = await prepareStudy(options);
  const result = await underSignal(executor, signal, () => runStudy(described, folder, executor, progress));
  await writeReport(folder, result);
  return { ...result, folder };
}

/** Distils policies of several games into one. @throws UserError for unknown or bad options */
export async function distill(options: DistillOptions): Promise<FinishedRun> {
  const { task, ...work } = await prepareDistillation(options);
  return runTraining(task, work);
}

/** A training, settled but not begun: for those who want to show it first. */
export async function prepareTraining(options: TrainOptions) {
  const { work, request } = await split(options);
  const config = resolveTraining(request, await resolveBackend(request.backend));
  return prepared(config, null, work);
}

/** A transfer, settled but not begun. The net is the source's, unless another is asked for or it can't read the target. */
export async function prepareTransfer(options: TransferOptions) {
  const { work, request } = await split(options);
  const { source, ...rest } = request;
  const checkpoint = readSource(source);
  const policy = decodeCheckpoint(checkpoint.bytes, checkpoint.name);
  const { info } = policy;
  const algorithm = findAlgorithm(rest.algorithm ?? trainingOptions.shape.algorithm.parse(undefined));
  const { net, netConfig } = inheritedNet(policy, algorithm, rest);
  const id = `sha256:${sha256(checkpoint.bytes)}`;
  const wanted = { ...rest, net, netConfig };
  const config = resolveTransfer(wanted, { id, info }, await resolveBackend(request.backend));
  return prepared(config, checkpoint.name, work);
}

/** A distillation, settled but not begun. The net is that of the first teacher, unless another is asked for. */
export async function prepareDistillation(options: DistillOptions) {
  const { work, request } = await split(options);
  const { teachers: paths, env = 'mix', ...rest } = request;
  const teachers = paths.map((path) => {
    const { name, bytes } = readSource(path);
    return { name, id: `sha256:${sha256(bytes)}`, checkpoint: decodeCheckpoint(bytes, name) };
  });
  const net = teachers.length > 0 ? inheritedNet(teachers[0].checkpoint, actorMimic, { ...rest, env }) : {};
  const config = resolveDistillation({ ...rest, env, ...net }, teachers, await resolveBackend(request.backend));
  const { task, ...how } = prepared(config, null, work);
  return { task: { ...task, teachers: teachers.map(({ name }) => name) }, ...how };
}

type GateOptions = z.output<typeof raceOptions>;

/** A race of a transfer against scratch, on the transfer's budget and seed; settled but not begun. @throws UserError */
export async function prepareGate({ gateShare, gateRungs, ...options }: TransferOptions & GateOptions) {
  if (options.tensorboard) throw new UserError('a gate writes no TensorBoard files: leave out one of the two');
  const { task: transferring, progress, signal } = await prepareTransfer(options);
  const { config, source, modules, threads } = transferring;
  const candidates = [
    { config: fromScratch(config), source: null },
    { config, source },
  ];
  const rules = { budget: config.totalTimesteps, share: gateShare, rungs: gateRungs };
  const race = settleRace({ rules, candidates });
  const folder = options.folder ?? join('runs', `${config.env.split('?')[0]}-gate-${race.id.slice(0, 8)}`);
  const task: RaceTask = { kind: 'race', ...race, parents: [], modules, folder, threads };
  return { task, progress, signal };
}

function inheritedNet(
  source: PolicyCheckpoint,
  algorithm: Algorithm,
  { env, net = '', netConfig = {} }: Pick<TransferRequest, 'env' | 'net' | 'netConfig'>,
): Pick<TransferRequest, 'net' | 'netConfig'> {
  const wanted = netFor(net, findEnv(env).observation.kind, source.spec).id;
  if (wanted !== source.spec.net) return { net: wanted, netConfig };
  return { net: wanted, netConfig: { ...inheritedOptions(source, algorithm), ...netConfig } };
}

/** A study, settled but not begun. */
export async function prepareStudy(options: StudyOptions | StudyFileOptions) {
  const { work, request: all } = await split('file' in options ? await registered(options) : options);
  const { queue, store, ...request } = all;
  const engine = await resolveBackend(request.backend);
  const { folder, study } = namingFile(options, () => {
    const place = work.folder ?? join('runs', `study-${studyIdOf(request, engine).slice(0, 8)}`);
    const described = describeStudy(request, place, engine);
    described.jobs.forEach(({ job }) => refuseHomeless(job.env));
    return { folder: place, study: described };
  });
  const executor = queue ? await queueExecutor(queue, { folder, store }) : threadExecutor(threadsOf(work));
  return {
    folder,
    executor,
    study,
    progress: work.progress,
    signal: work.signal,
  };
}

/** What a study's file says is refused by the file's name. */
function namingFile<T>(options: StudyOptions | StudyFileOptions, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError && 'file' in options) throw new UserError(`${options.file}: ${error.message}`);
    throw error;
  }
}

/** @throws UserError for options of the study beside its file, but for those of controls and gates that it does not name */
async function registered(options: StudyFileOptions): Promise<StudyOptions> {
  const { file, folder, threads, queue, store, signal, progress, ...others } = options;
  // Only who registers a study waits for a parser of YAML.
  const { readStudyFile } = await import('./registration.ts');
  const request = readStudyFile(file);
  const stray = Object.keys(others).find((name) => !(name in extraOptions.shape) || name in request);
  if (stray !== undefined)
    throw new UserError(`${stray} can't be given beside ${file}: a registered study is its file`);
  const ofGate = Object.keys(raceOptions.shape).find((name) => name in others);
  if (ofGate !== undefined && !(others.gate ?? request.gate))
    throw new UserError(`${ofGate} is of a gate, and ${file} names none`);
  const besides = Object.keys(others).length === 0 ? {} : { besides: others };
  const registration = { ...request.registration, ...besides };
  return { ...request, registration, ...others, folder, threads, queue, store, signal, progress };
}

/** @throws UserError */
function threadsOf({ threads: asked }: WorkOptions): number {
  const threads = asked || availableParallelism();
  if (Number.isInteger(threads) && threads >= 1) return threads;
  throw new UserError(`threads: "${threads}" is not valid; valid: whole number of at least 1, or 0 for one a core`);
}

interface Work<Progress> extends WorkOptions {
  progress?: (progress: Progress) => void;
}

/** Separates what is to be computed from how; loads the user's modules. */
async function split<Progress, Options extends Work<Progress>>(options: Options & Work<Progress>) {
  const { folder, game, modules = [], threads, tensorboard, signal, progress, ...request } = options;
  for (const file of [game ?? []].flat()) await loadGameModule(file);
  for (const file of modules) await loadModule(file);
  const work: Work<Progress> = { folder, threads, tensorboard, signal, progress };
  return { work, request };
}

function prepared(config: RunConfig, source: string | null, work: Work<RunProgress>) {
  refuseHomeless(config.env);
  const id = runId(config);
  const folder = work.folder ?? join('runs', `${config.env.split('?')[0]}-${id.slice(0, 8)}`);
  const modules = config.modules.map(bundleOf);
  const tensorboard = !!work.tensorboard;
  const threads = threadsOf(work);
  const task: TrainTask = { kind: 'train', id, parents: [], modules, folder, config, source, tensorboard, threads };
  return { task, progress: work.progress, signal: work.signal };
}

/** Runs one training on a thread. */
export async function runTraining(
  task: TrainTask,
  { progress = () => {}, signal }: Pick<Work<RunProgress>, 'progress' | 'signal'>,
): Promise<FinishedRun> {
  const executor = threadExecutor(1);
  const result = await underSignal(executor, signal, () => executor.run(task, progress));
  return { ...(result as RunResult), folder: task.folder };
}

/** Runs a gate on a thread. */
export async function runGate(
  task: RaceTask,
  { progress = () => {}, signal }: Pick<Work<RunProgress>, 'progress' | 'signal'>,
): Promise<RaceResult> {
  const executor = threadExecutor(1);
  return (await underSignal(executor, signal, () => executor.run(task, progress))) as RaceResult;
}

/** Does the work, stops it when the signal says so, and closes the executor in any case. */
export async function underSignal<T>(
  executor: TaskExecutor,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const stop = (): void => executor.stop();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  try {
    return await work();
  } finally {
    signal?.removeEventListener('abort', stop);
    await executor.close();
  }
}
