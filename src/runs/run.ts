import { findAlgorithm } from '../agents/index.ts';
import type { Algorithm, Teacher } from '../agents/algorithm.ts';
import { NotFiniteError, StoppedError, UserError } from '../core/errors.ts';
import type { VecEnv } from '../core/vec-env.ts';
import { yieldThread } from '../core/yield.ts';
import { fusedSteps } from '../engine/fused/ops.ts';
import { loadEngine, loadFusedEngine } from '../engine/index.ts';
import type { Engine } from '../engine/types.ts';
import { findEnv } from '../envs/index.ts';
import type { PolicyNet, PolicyNetSpec } from '../nets/policy-net.ts';
import { checkpointKey, decodeCheckpoint } from './checkpoint.ts';
import type { RunConfig } from './config.ts';
import { identityOf, runId } from './config.ts';
import { bundleKey, bundleOf, loadRunModules } from './game-module.ts';
import { refuseOtherWork } from './folder-kind.ts';
import { lockFolder } from './lock.ts';
import { MetricsLog } from './metrics-log.ts';
import { policyNetOf } from './run-net.ts';
import { decodeState, encodeState } from './state-codec.ts';
import { FolderStore } from './store.ts';
import { teacherOf } from './teachers.ts';
import type { EventWriter } from './tensorboard.ts';
import {
  beginningOf,
  checkpointOf,
  createTraining,
  type EvaluationRow,
  isEvaluationDue,
  playEvaluation,
  type SourceCheckpoint,
  type Training,
} from './training.ts';

/** The end of a run: `result.json`. */
export interface RunResult {
  readonly step: number;
  readonly updates: number;
  /** Mean return of the last 100 training episodes (sampled policy); null where none has ended. */
  readonly trainingReturn: number | null;
  readonly evaluations: readonly EvaluationRow[];
  readonly checkpoint: string;
  /** Seconds of work, over all sessions of the run. */
  readonly seconds: number;
}

export interface RunProgress {
  readonly phase: 'training' | 'evaluating' | 'finished';
  readonly step: number;
  readonly totalTimesteps: number;
  /** Mean return of the last 100 training episodes; null before the first has ended. */
  readonly trainingReturn: number | null;
  readonly evaluations: readonly Pick<EvaluationRow, 'step' | 'mean'>[];
}

export interface RunHooks {
  /** Called after every update and evaluation. */
  readonly progress?: (progress: RunProgress) => void;
  /** Asked between updates: true saves the run and throws a `StoppedError`. */
  readonly stopRequested?: () => boolean;
  /** Also write TensorBoard event files. */
  readonly tensorboard?: boolean;
  /** Threads to share the work of the net among. Default: 1. */
  readonly threads?: number;
  /** The checkpoints of a distillation's teachers. */
  readonly teachers?: readonly SourceCheckpoint[];
  /** Called when everything needed to go on from `step` is in the folder, before the training goes on. */
  readonly saved?: (step: number) => Promise<void>;
}

/** Resume state is written at least this often: what a kill can cost. */
const SAVE_EVERY_MS = 10_000;
export const RESUME_KEY = 'resume.safetensors';
const RETURN_WINDOW = 100;

/** Everything of a run that is not in its folder's logs. */
interface Session extends Training {
  readonly config: RunConfig;
  readonly store: FolderStore;
  readonly metrics: MetricsLog;
  readonly evaluations: EvaluationRow[];
  readonly recentReturns: number[];
  /** Seconds of earlier sessions. */
  readonly secondsBefore: number;
  readonly startedMs: number;
  readonly saved?: (step: number) => Promise<void>;
}

export interface ResumeState {
  /** Id of the run, so that the state of another run is not taken for this one's. */
  run: string;
  agent: unknown;
  evaluations: EvaluationRow[];
  recentReturns: number[];
  seconds: number;
  /** How far it is and when it was saved, in milliseconds since 1970: for who only looks. */
  step: number;
  savedMs: number;
}

/**
 * Trains what `config` says in `folder`, from where an earlier session of the same run stopped, however it stopped. A
 * finished run gives its result at once. @throws UserError where the folder holds another run or is in use,
 * StoppedError when stopped, NotFiniteError when training diverged (the last good checkpoint is kept)
 */
export async function trainRun(
  folder: string,
  config: RunConfig,
  source: SourceCheckpoint | null,
  hooks: RunHooks = {},
): Promise<RunResult> {
  return locked(folder, config, async (store, finished) => {
    if (finished) return finished;
    return inSession(store, config, source, hooks, (session) => learn(session, folder, hooks));
  });
}

/** A run that stopped for a while: where, and how it played there. */
export interface PausedRun {
  readonly step: number;
  /** Mean return of an evaluation here; of the run's own, where it has one here. */
  readonly evaluation: number;
  readonly evaluations: readonly EvaluationRow[];
  /** Returns so far of the training episodes under way. */
  readonly running: readonly number[];
  /** Why it can't go on, where it diverged before it got there; else null. */
  readonly diverged: NotFiniteError | null;
  /** Seconds of work, over all sessions of the run. */
  readonly seconds: number;
}

/**
 * As `trainRun`, but only up to the update that reaches `until` steps, or the end: saves and plays an evaluation there,
 * which is not kept with the run's own. The run then has no result; it goes on where it is called again with more. One that
 * diverges stops there, with the last evaluation that it had.
 */
export async function trainUntil(
  folder: string,
  config: RunConfig,
  source: SourceCheckpoint | null,
  until: number,
  hooks: RunHooks = {},
): Promise<PausedRun> {
  return locked(folder, config, async (store, finished) => {
    if (finished) throw new UserError(`${folder} holds a finished run, which can't be paused`);
    return inSession(store, config, source, hooks, async (session) => {
      const diverged = await divergenceOf(toTheEnd(session, hooks, null, until));
      if (!diverged) {
        await saveCheckpoint(session);
        await saveResume(session);
      }
      const { agent, env, evaluations } = session;
      const last = evaluations[evaluations.length - 1];
      const here = diverged || last.step === agent.step ? last : await play(session, hooks);
      const running = runningReturns(env);
      return { step: agent.step, evaluation: here.mean, evaluations, running, diverged, seconds: secondsOf(session) };
    });
  });
}

/** What ended the training, if it diverged; null if it went through. */
async function divergenceOf(training: Promise<void>): Promise<NotFiniteError | null> {
  try {
    await training;
    return null;
  } catch (error) {
    if (error instanceof NotFiniteError) return error;
    throw error;
  }
}

/** Returns so far of the episodes that have not just ended. */
const runningReturns = ({ returns, terminated, truncated }: VecEnv): number[] =>
  [...returns].filter((_, i) => terminated[i] === 0 && truncated[i] === 0);

/** Does the work while no one else may work in the folder, on the result of the run that is there if it has finished. */
async function locked<T>(
  folder: string,
  config: RunConfig,
  work: (store: FolderStore, finished: RunResult | null) => Promise<T>,
): Promise<T> {
  const store = new FolderStore(folder);
  const lock = await lockFolder(folder);
  try {
    return await work(store, await openRun(store, config));
  } finally {
    await lock.release();
  }
}

/** Does the work on what an earlier session has left, or on a new run. */
async function inSession<T>(
  store: FolderStore,
  config: RunConfig,
  source: SourceCheckpoint | null,
  hooks: RunHooks,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await startSession(store, config, source, hooks);
  try {
    return await work(session);
  } finally {
    session.agent.dispose();
    session.metrics.close();
  }
}

/** Checks the config of the run that is there, if one is. Returns the result of a finished run. */
async function openRun(store: FolderStore, config: RunConfig): Promise<RunResult | null> {
  await refuseOtherWork(store, 'run');
  if (!(await store.get('config.json'))) return null;
  const there = await readJson<RunConfig | null>(store, 'config.json');
  if (there?.format !== config.format) throw new UserError(`${store.folder}/config.json is not the config of a run`);
  const differing = differences(identityOf(there), identityOf(config));
  if (differing.length > 0) {
    throw new UserError(`${store.folder} holds another run (${differing.join('; ')}); choose another folder`);
  }
  if (!(await store.get('result.json'))) return null;
  // A kill may have come between the two.
  await store.delete(RESUME_KEY);
  return readJson<RunResult>(store, 'result.json');
}

async function startSession(
  store: FolderStore,
  config: RunConfig,
  source: SourceCheckpoint | null,
  { threads = 1, teachers: given, saved }: RunHooks,
): Promise<Session> {
  const { folder } = store;
  await loadRunModules(folder, config.modules);
  const resume = await readResume(store, config);
  const net = policyNetOf(config);
  const recentReturns = resume?.recentReturns ?? [];
  const beginning = beginningOf(config, net, source, recentReturns);
  const teachers = teachersOf(config, given);
  const others = [beginning.looksAt, ...(teachers ?? []).map((teacher) => teacher.net.spec)];
  const engine = await engineFor(config, findAlgorithm(config.algorithm), net, others);
  const training = createTraining(config, net, engine, beginning, { threads, teachers });
  const { agent, env, plan } = training;
  // Only now: options that do not fit each other leave no run behind.
  for (const module of config.modules) await store.putIfAbsent(bundleKey(module), utf8(bundleOf(module).code));
  await store.putIfAbsent('config.json', utf8(JSON.stringify(config, null, 2)));
  if (plan) await store.put('transfer.json', utf8(JSON.stringify(plan, null, 2)));
  const metrics = new MetricsLog(`${folder}/metrics.jsonl`);
  if (resume) agent.load(resume.agent);
  else env.reset();
  metrics.truncateAfter(agent.updates);
  return {
    ...training,
    config,
    store,
    metrics,
    evaluations: resume?.evaluations ?? [],
    recentReturns,
    secondsBefore: resume?.seconds ?? 0,
    startedMs: performance.now(),
    saved,
  };
}

/** Without tfjs where the fused path does all, also for other policies that look at the game: a source, teachers. */
async function engineFor(
  { fused, backend, net: id }: RunConfig,
  { usesLearner }: Algorithm,
  net: PolicyNet,
  others: readonly (PolicyNetSpec | undefined)[],
): Promise<Engine> {
  if (!fused) return { ...(await loadEngine(backend)), fused: undefined };
  const alike = others.every((spec) => (spec?.net ?? id) === id);
  const covered = usesLearner && net.fused && fusedSteps(net.fused) && alike;
  return backend === 'wasm' && covered ? loadFusedEngine() : loadEngine(backend);
}

/** What an earlier session saved. @throws UserError where it can't be read, or is of another run */
async function readResume(store: FolderStore, config: RunConfig): Promise<ResumeState | null> {
  const saved = await store.get(RESUME_KEY);
  if (!saved) return null;
  const file = `${store.folder}/${RESUME_KEY}`;
  const state = decodeState(saved, file) as ResumeState | null;
  if (state?.run !== runId(config)) throw new UserError(`${file} is of another run; delete it to start this one anew`);
  return state;
}

async function learn(session: Session, folder: string, hooks: RunHooks): Promise<RunResult> {
  const { agent } = session;
  const events = hooks.tensorboard ? new (await import('./tensorboard.ts')).EventWriter(folder, agent.step) : null;
  try {
    await toTheEnd(session, hooks, events);
  } finally {
    events?.close();
  }
  return finish(session);
}

/** Updates, evaluates and saves until the training is over, or has done `until` steps. @throws StoppedError, all saved */
async function toTheEnd(
  session: Session,
  hooks: RunHooks,
  events: EventWriter | null,
  until = Infinity,
): Promise<void> {
  const { config, agent, evaluations } = session;
  let savedMs = performance.now();
  const report = (phase: RunProgress['phase']): void =>
    hooks.progress?.({
      phase,
      step: agent.step,
      totalTimesteps: config.totalTimesteps,
      trainingReturn: meanOrNull(session.recentReturns),
      evaluations: evaluations.map(({ step, mean: value }) => ({ step, mean: value })),
    });
  for (;;) {
    if (isEvaluationDue(session, evaluations)) {
      report('evaluating');
      await evaluate(session, hooks);
      events?.scalars(agent.step, { 'evaluation/return': evaluations[evaluations.length - 1].mean });
      await saveCheckpoint(session);
      await saveResume(session);
      savedMs = performance.now();
      report(agent.step >= config.totalTimesteps ? 'finished' : 'training');
    }
    if (agent.step >= Math.min(until, config.totalTimesteps)) return;
    const row = update(session);
    events?.scalars(agent.step, row);
    report('training');
    await yieldThread();
    if (hooks.stopRequested?.()) {
      await saveResume(session);
      throw new StoppedError();
    }
    if (performance.now() - savedMs > SAVE_EVERY_MS) {
      await saveCheckpoint(session);
      await saveResume(session);
      savedMs = performance.now();
    }
  }
}

/** One update of the agent, logged. @throws NotFiniteError naming the update */
function update({ agent, metrics, recentReturns }: Session): Record<string, number> {
  try {
    const startedMs = performance.now();
    const report = agent.update();
    recentReturns.push(...report.episodeReturns);
    recentReturns.splice(0, recentReturns.length - RETURN_WINDOW);
    const row = {
      ...report.metrics,
      episodes: report.episodeReturns.length,
      ...(report.episodeReturns.length > 0 && {
        episodeReturn: mean(report.episodeReturns),
        episodeLength: mean(report.episodeLengths),
      }),
      stepsPerSecond: (1000 * agent.stepsPerUpdate) / (performance.now() - startedMs),
    };
    metrics.append([{ update: agent.updates, step: agent.step, ...row }]);
    return row;
  } catch (error) {
    if (!(error instanceof NotFiniteError)) throw error;
    const reason = `training diverged in update ${agent.updates + 1} (step ${agent.step}): ${error.message}`;
    throw new NotFiniteError(`${reason}; the last good checkpoint is kept, try a lower learningRate`);
  }
}

/** Plays an evaluation; where that is stopped, it is made again when the run goes on. @throws StoppedError */
async function evaluate(session: Session, hooks: RunHooks): Promise<void> {
  session.evaluations.push(await play(session, hooks));
}

/** The next evaluation, not kept yet. @throws StoppedError, with everything saved */
async function play(session: Session, { stopRequested }: RunHooks): Promise<EvaluationRow> {
  try {
    return await playEvaluation(session, session.evaluations.length, stopRequested);
  } catch (error) {
    if (error instanceof StoppedError) await saveResume(session);
    throw error;
  }
}

async function finish(session: Session): Promise<RunResult> {
  const { agent, store, evaluations } = session;
  const result: RunResult = {
    step: agent.step,
    updates: agent.updates,
    trainingReturn: meanOrNull(session.recentReturns),
    evaluations,
    checkpoint: checkpointKey(agent.step),
    seconds: secondsOf(session),
  };
  session.metrics.flush();
  await store.put('result.json', utf8(JSON.stringify(result, null, 2)));
  await store.delete(RESUME_KEY);
  return result;
}

const secondsOf = (session: Session): number => session.secondsBefore + (performance.now() - session.startedMs) / 1000;

/**
 * Keeps the newest checkpoint, of those that were evaluated as many as the config says, and the one at step 0: what an
 * agent has learned, and what a transfer has brought along, shows beside it.
 */
async function saveCheckpoint(session: Session): Promise<void> {
  const { config, store, agent, evaluations } = session;
  await store.put(checkpointKey(agent.step), checkpointOf(session));
  const evaluated = evaluations.map(({ step }) => checkpointKey(step)).slice(-config.keepCheckpoints);
  const kept = new Set([checkpointKey(0), ...evaluated, checkpointKey(agent.step)]);
  for (const key of await store.list('checkpoints/')) if (!kept.has(key)) await store.delete(key);
}

/** Logs first, then the state that relies on them: what a kill between the two leaves is cut when resuming. */
async function saveResume(session: Session): Promise<void> {
  const { config, agent, store, evaluations, recentReturns, metrics } = session;
  metrics.flush();
  await store.put('evaluations.jsonl', utf8(evaluations.map((row) => `${JSON.stringify(row)}\n`).join('')));
  const progress = { evaluations, recentReturns, seconds: secondsOf(session) };
  const looks = { step: agent.step, savedMs: Date.now() };
  const state: ResumeState = { run: runId(config), agent: agent.save(), ...progress, ...looks };
  await store.put(RESUME_KEY, encodeState(state));
  await session.saved?.(agent.step);
}

/** The teachers on the env; undefined where the run has none. */
function teachersOf(config: RunConfig, given?: readonly SourceCheckpoint[]): Teacher[] | undefined {
  if (!config.teachers) return undefined;
  if (!given) throw new Error('a distillation needs the checkpoints of its teachers');
  const env = findEnv(config.env);
  return given.map(({ name, bytes }) => teacherOf(decodeCheckpoint(bytes, name), name, env));
}

/** Where two trees of plain data differ, with both values: `netConfig.units: there 16, wanted 8`. */
function differences(there: unknown, wanted: unknown, path: string[] = []): string[] {
  if (isRecord(there) && isRecord(wanted)) {
    const keys = [...new Set([...Object.keys(wanted), ...Object.keys(there)])];
    return keys.flatMap((key) => differences(there[key], wanted[key], [...path, key]));
  }
  const [a, b] = [JSON.stringify(there) ?? 'nothing', JSON.stringify(wanted) ?? 'nothing'];
  return a === b ? [] : [`${path.join('.')}: there ${a}, wanted ${b}`];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a JSON file of a run. @throws UserError where it is missing or not JSON */
export async function readJson<T>(store: FolderStore, key: string): Promise<T> {
  const bytes = await store.get(key);
  if (!bytes) throw new UserError(`${store.folder} has no ${key}: not a run folder`);
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  } catch {
    throw new UserError(`${store.folder}/${key} is not valid JSON`);
  }
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const meanOrNull = (values: readonly number[]): number | null => (values.length > 0 ? mean(values) : null);
