import type { Worker } from 'node:worker_threads';
import { StoppedError } from '../core/errors.ts';
import { startThread } from '../engine/thread.ts';
import type { RunProgress } from '../runs/run.ts';
import { reviveError, type TaskExecutor } from './executor.ts';
import type { Task, TaskResult } from './task.ts';

/** From a worker thread. */
export type WorkerMessage =
  | { type: 'progress'; progress: RunProgress }
  | { type: 'result'; result: TaskResult }
  | { type: 'error'; name: string; message: string; stack?: string };

/** To a worker thread. */
export type WorkerRequest = { type: 'run'; task: Task } | { type: 'stop' };

/** Runs tasks on worker threads, so that this one stays free for sockets, progress and Ctrl-C. */
export function threadExecutor(slots: number): TaskExecutor {
  const idle = new Set<Worker>();
  const all = new Set<Worker>();
  let stopping = false;

  function take(): Worker {
    const [worker = start()] = idle;
    idle.delete(worker);
    return worker;
  }

  /** A thread that ends, also one that has nothing to do, is forgotten; the next task gets another. */
  function start(): Worker {
    const worker = startThread(new URL('./worker.ts', import.meta.url));
    const forget = (): void => {
      all.delete(worker);
      idle.delete(worker);
    };
    all.add(worker);
    return worker.on('error', forget).on('exit', forget);
  }

  return {
    slots,
    async run(task, progress) {
      if (stopping) throw new StoppedError();
      const worker = take();
      try {
        return await runOn(worker, task, progress);
      } finally {
        if (all.has(worker)) idle.add(worker);
      }
    },
    stop() {
      stopping = true;
      for (const worker of all) worker.postMessage({ type: 'stop' } satisfies WorkerRequest);
    },
    async close() {
      await Promise.all([...all].map((worker) => worker.terminate()));
      all.clear();
    },
  };
}

function runOn(worker: Worker, task: Task, progress: (progress: RunProgress) => void): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      settle();
    };
    // A listener that throws is nobody else's to catch.
    const show = (now: RunProgress): void => {
      try {
        progress(now);
      } catch (error) {
        finish(() => reject(error as Error));
      }
    };
    const onMessage = (message: WorkerMessage): void => {
      if (message.type === 'progress') show(message.progress);
      else if (message.type === 'result') finish(() => resolve(message.result));
      else finish(() => reject(reviveError(message)));
    };
    const onError = (error: Error): void => finish(() => reject(error));
    const onExit = (code: number): void => finish(() => reject(new Error(`a worker thread ended with code ${code}`)));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage({ type: 'run', task } satisfies WorkerRequest);
  });
}
