import type { TaskExecutor } from './executor.ts';
import { runTask } from './task.ts';

/** Runs tasks one after another in this very thread. */
export function inlineExecutor(): TaskExecutor {
  let stopping = false;
  return {
    slots: 1,
    run: (task, progress) => runTask(task, { progress, stopRequested: () => stopping }),
    stop: () => {
      stopping = true;
    },
    close: async () => {},
  };
}
