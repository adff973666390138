import type { RunProgress } from '../runs/run.ts';
import { NotFiniteError, StoppedError, UserError } from '../core/errors.ts';
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

/** An error that came from another thread or machine, of the kind it had there. */
export function reviveError({ name, message, stack }: { name: string; message: string; stack?: string }): Error {
  if (name === 'UserError') return new UserError(message);
  if (name === 'StoppedError') return new StoppedError(message);
  if (name === 'NotFiniteError') return new NotFiniteError(message);
  return Object.assign(new Error(message), { name, ...(stack !== undefined && { stack }) });
}
