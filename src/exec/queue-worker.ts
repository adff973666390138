import { StoppedError, UserError } from '../core/errors.ts';
import type { RunProgress } from '../runs/run.ts';
import { VERSION } from '../runs/version.ts';
import type { TaskExecutor } from './executor.ts';
import { failureText, openQueue, type QueuedJob, type QueuedProgress, workerName } from './queue.ts';
import type { Task, TaskResult } from './task.ts';
import { threadExecutor } from './threads.ts';

export interface QueueWorkerOptions {
  /** Tasks at a time. */
  readonly threads: number;
  /** Told what happens, a line each. */
  readonly log: (line: string) => void;
}

export interface QueueWorker {
  readonly name: string;
  /** Tasks under way are saved and given back to the queue. */
  close(): Promise<void>;
}

const PROGRESS_EVERY_MS = 500;

/**
 * Takes tasks from a queue until it is closed. Each runs on a thread of its own, so that this one is free to renew the
 * locks that say it lives. @throws UserError as `openQueue`
 */
export async function startQueueWorker(url: string, { threads, log }: QueueWorkerOptions): Promise<QueueWorker> {
  const server = await openQueue(url);
  const { WaitingError } = await import('bullmq');
  const name = workerName();
  const running = new Map<string, TaskExecutor>();
  const idle: TaskExecutor[] = [];
  const stopped = new WeakSet<TaskExecutor>();
  let closing = false;
  const stop = (jobId: string): void => {
    const executor = running.get(jobId);
    if (!executor) return;
    stopped.add(executor);
    executor.stop();
  };

  async function giveBack(job: QueuedJob): Promise<never> {
    await job.moveToWait(job.token);
    throw new WaitingError();
  }

  async function work(job: QueuedJob): Promise<TaskResult> {
    // It was on its way here when the others were stopped.
    if (closing) return giveBack(job);
    const jobId = job.id as string;
    const task = JSON.parse(job.data.task) as Task;
    const attempt = job.attemptsStarted;
    const words = `${wordsOf(task)}, attempt ${attempt}`;
    log(`took ${words}`);
    const executor = idle.pop() ?? threadExecutor(1);
    running.set(jobId, executor);
    const tell = atIntervals(PROGRESS_EVERY_MS, async (progress: RunProgress) => {
      const told: QueuedProgress = { attempt, worker: name, progress };
      // Who no longer wants the job has removed it: then nobody listens.
      await job.updateProgress({ ...told }).catch(() => undefined);
    });
    let first = true;
    try {
      checkVersion(job.data.version);
      const result = await executor.run(task, (progress) => {
        if (first) log(`${words}: from step ${progress.step}`);
        first = false;
        tell.push(progress);
      });
      await tell.flush();
      // One that was told to stop, too late for this task, would take no other.
      if (stopped.has(executor)) await executor.close();
      else idle.push(executor);
      log(`finished ${words}`);
      return result;
    } catch (error) {
      await executor.close();
      log(`${error instanceof StoppedError ? 'stopped' : 'failed'} ${words}: ${(error as Error).message}`);
      if (error instanceof StoppedError && closing) return giveBack(job);
      throw Object.assign(new Error(failureText(error as Error)), { stack: (error as Error).stack });
    } finally {
      // After a sleep of the whole machine this very worker may have taken the job anew.
      if (running.get(jobId) === executor) running.delete(jobId);
    }
  }

  const stops = server.stops();
  stops.on('error', () => undefined);
  // An event of our own: BullMQ's types know only its own.
  (stops as NodeJS.EventEmitter).on('stop', ({ jobId }: { jobId: string }) => stop(jobId));
  const worker = server.worker(work, { name, concurrency: threads });
  let lastError = '';
  worker.on('error', ({ message }) => {
    // A server that is away is told once, not at every try.
    if (message !== lastError) log(message);
    lastError = message;
  });
  // Another worker has it by now, or soon: whatever this one would still do is wasted.
  worker.on('lockRenewalFailed', (jobIds) => jobIds.forEach(stop));
  await worker.waitUntilReady();
  return {
    name,
    async close() {
      closing = true;
      [...running.keys()].forEach(stop);
      await worker.close();
      await Promise.all([stops.close(), ...idle.map((executor) => executor.close())]);
    },
  };
}

function wordsOf(task: Task): string {
  if (task.kind === 'random') return `random play of ${task.env}`;
  const { label, env } = task.kind === 'race' ? task.candidates[0].config : task.config;
  return `${label ?? 'training'} (${env}, ${task.id.slice(0, 8)})`;
}

/** Weights are the same to the last bit from the same version alone. */
function checkVersion(version: string): void {
  if (version === VERSION) return;
  throw new UserError(`the study is of ngplus ${version}, the worker ${workerName()} of ${VERSION}; use one version`);
}

/** Passes on the newest of what is pushed, at most so often; `flush` waits until the last is passed on. */
function atIntervals<T>(everyMs: number, send: (value: T) => Promise<void>) {
  let newest: { value: T } | undefined;
  let sending = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const pass = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const taken = newest;
    newest = undefined;
    if (taken) sending = sending.then(() => send(taken.value));
    return sending;
  };
  return {
    push(value: T): void {
      newest = { value };
      timer ??= setTimeout(() => void pass(), everyMs);
    },
    flush: pass,
  };
}
