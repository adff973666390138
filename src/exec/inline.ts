import { StoppedError } from '../core/errors.ts';
import type { TaskExecutor } from './executor.ts';
import { runTask } from './task.ts';

/** Runs tasks one after another in this very thread. */
export function inlineExecutor(): TaskExecutor {
  let stopping = false;
  return {
    slots: 1,
    async run(task, progress) {
      if (stopping) throw new StoppedError();
      return runTask(task, { progress, stopRequested: () => stopping });
    },
    stop: () => {
      stopping = true;
    },
    close: async () => {},
  };
}
