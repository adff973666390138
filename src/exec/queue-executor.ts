import { createHash } from 'node:crypto';
import { StoppedError } from '../core/errors.ts';
import { absolutePlace, openStore } from '../runs/open-store.ts';
import type { RunProgress } from '../runs/run.ts';
import { FolderStore } from '../runs/store.ts';
import { copyRun } from '../runs/stored-run.ts';
import { VERSION } from '../runs/version.ts';
import type { TaskExecutor } from './executor.ts';
import { openQueue, type QueuedJob, type QueuedProgress, reviveFailure } from './queue.ts';
import type { Task, TaskResult } from './task.ts';

/** Events can be lost with a connection: so often it is asked besides which jobs have ended. */
const ASK_AGAIN_MS = 30_000;
/** A worker that just took the job of one that died has not heard that it is to stop. */
const STOP_AGAIN_MS = 2_000;
/** Results of a study that was killed, which no one has fetched. */
const KEEP_SECONDS = 7 * 24 * 3600;

/** Where a study's runs are kept, for its workers and for itself. */
export interface QueuePlaces {
  /** The study's folder, here. */
  readonly folder: string;
  /** Where the workers keep its runs, if not in that folder: a place for `openStore`. */
  readonly store?: string;
}

interface Waiting {
  readonly job: QueuedJob;
  readonly progress: (progress: QueuedProgress) => void;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (reason: Error) => void;
}

/**
 * Runs tasks on the workers of a queue, on any number of machines. It holds jobs that are ready alone: what follows from
 * what is kept by whoever calls. A study that ended in between finds its jobs again. @throws UserError as `openQueue`
 */
export async function queueExecutor(url: string, { folder, store }: QueuePlaces): Promise<TaskExecutor> {
  // A store that can't be read is told now, not by each worker.
  if (store) await (await openStore(store)).list('jobs/');
  const server = await openQueue(url);
  const queue = server.tasks();
  const events = server.taskEvents();
  const stopper = server.stopper();
  const waiting = new Map<string, Waiting>();
  // They connect again by themselves, and what was missed is asked for.
  const emitters: readonly NodeJS.EventEmitter[] = [queue, events, stopper];
  for (const emitter of emitters) emitter.on('error', () => undefined).setMaxListeners(0);
  events.on('progress', ({ jobId, data }) => waiting.get(jobId)?.progress(data as unknown as QueuedProgress));
  events.on('completed', ({ jobId, returnvalue }) => waiting.get(jobId)?.resolve(returnvalue as unknown as TaskResult));
  events.on('failed', ({ jobId, failedReason }) => waiting.get(jobId)?.reject(reviveFailure(failedReason)));
  await events.waitUntilReady();
  const base = absolutePlace(store ?? folder);
  let stopping: NodeJS.Timeout | undefined;
  const asking = setInterval(() => {
    for (const jobId of waiting.keys()) void ask(jobId).catch(() => undefined);
  }, ASK_AGAIN_MS);

  async function add(task: Task): Promise<QueuedJob> {
    const text = JSON.stringify(task);
    // The same for the same task of the same study, whenever it is asked for. BullMQ takes no colons in it.
    const jobId = createHash('sha256').update(`${base} ${text}`).digest('base64url');
    const old = await queue.getJob(jobId);
    // Its run, if it has ended well, is in the store; a failed one is tried again.
    if (old?.finishedOn) await old.remove();
    const keep = { age: KEEP_SECONDS };
    return queue.add(task.id, { version: VERSION, task: text }, { jobId, removeOnComplete: keep, removeOnFail: keep });
  }

  async function ask(jobId: string): Promise<void> {
    const job = await queue.getJob(jobId);
    const { resolve, reject } = waiting.get(jobId) ?? {};
    if (!job) reject?.(stopping ? new StoppedError() : new Error(`the queue has lost the job ${jobId}`));
    else if (job.finishedOn && job.failedReason) reject?.(reviveFailure(job.failedReason));
    else if (job.finishedOn) resolve?.(job.returnvalue);
  }

  /** Takes back what no worker has begun, and asks the workers of the rest to save and stop. */
  async function stopAll(): Promise<void> {
    for (const [jobId, { job, reject }] of waiting) {
      await job.remove().then(
        () => reject(new StoppedError()),
        () => stopper.publishEvent({ eventName: 'stop', jobId }),
      );
    }
  }

  return {
    slots: Infinity,
    async run(task, progress) {
      const job = await add(placed(task, base));
      const jobId = job.id as string;
      try {
        if (stopping) throw new StoppedError();
        const result = await new Promise<TaskResult>((resolve, reject) => {
          waiting.set(jobId, { job, progress: newestAttempt(progress), resolve, reject });
          // It may have ended before anyone listened.
          ask(jobId).catch(reject);
        });
        if (store && task.kind !== 'random') {
          await copyRun(await openStore(placeOf(base, task.id)), new FolderStore(task.folder));
        }
        return result;
      } finally {
        waiting.delete(jobId);
        await job.remove().catch(() => undefined);
      }
    },
    stop() {
      if (stopping) return;
      stopping = setInterval(() => void stopAll().catch(() => undefined), STOP_AGAIN_MS);
      void stopAll().catch(() => undefined);
    },
    async close() {
      clearInterval(stopping);
      clearInterval(asking);
      await Promise.all([events.close(), stopper.close(), queue.close()]);
    },
  };
}

const placeOf = (base: string, id: string): string => `${base}/jobs/${id}`;

/** The task as workers see it. */
function placed(task: Task, base: string): Task {
  if (task.kind === 'random') return task;
  const [parent] = task.parents;
  const sourced = <Sourced extends { source: string | null }>(each: Sourced): Sourced => ({
    ...each,
    source: each.source === null ? null : placeOf(base, parent),
  });
  const store = placeOf(base, task.id);
  if (task.kind === 'train') return { ...sourced(task), store };
  return { ...task, candidates: task.candidates.map(sourced), store };
}

/** Lets through what comes from the newest attempt: one whose worker is thought dead may still talk. */
function newestAttempt(progress: (progress: RunProgress) => void): (told: QueuedProgress) => void {
  let newest = 0;
  return (told) => {
    if (told.attempt < newest) return;
    newest = told.attempt;
    progress(told.progress);
  };
}
