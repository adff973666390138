import type { RunProgress } from '../runs/run.ts';
import type { Task, TaskResult } from './task.ts';

/** Runs tasks: here, on threads, or on other machines. Progress and stopping are the same in each. */
export interface TaskExecutor {
  /** Tasks that it takes at a time; a queue takes all that are ready. */
  readonly slots: number;
  run(task: Task, progress: (progress: RunProgress) => void): Promise<TaskResult>;
  /** Asks running tasks to save and stop: their promises reject with a `StoppedError`. */
  stop(): void;
  close(): Promise<void>;
}
