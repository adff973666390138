/** A job of a study: what to do, and which jobs must have finished first. Plain data: it travels to workers. */
export interface GraphJob {
  readonly id: string;
  readonly parents: readonly string[];
}

/**
 * Runs every job after its parents, at most `slots` at a time, in the order given.
 * The first failure stops handing out jobs and calls `stop`; it is thrown when the running ones have ended. One that
 * `concernsItAlone` is thrown when all other jobs have ended but its children, which are left out.
 */
export async function runGraph<Job extends GraphJob>(
  jobs: readonly Job[],
  slots: number,
  run: (job: Job) => Promise<void>,
  stop: () => void = () => {},
  concernsItAlone: (error: unknown) => boolean = () => false,
): Promise<void> {
  const done = new Set<string>();
  const waiting = [...jobs];
  const failures: unknown[] = [];
  const ownFailures: unknown[] = [];
  const running = new Set<Promise<void>>();
  const isReady = (job: Job): boolean => job.parents.every((parent) => done.has(parent));
  const start = (job: Job): void => {
    const task = run(job)
      .then(() => void done.add(job.id))
      .catch((error: unknown) => {
        if (concernsItAlone(error)) return void ownFailures.push(error);
        failures.push(error);
        stop();
      })
      .finally(() => running.delete(task));
    running.add(task);
  };
  while (failures.length === 0 && (waiting.length > 0 || running.size > 0)) {
    while (running.size < slots) {
      const next = waiting.findIndex(isReady);
      if (next < 0) break;
      start(waiting.splice(next, 1)[0]);
    }
    if (running.size === 0 && ownFailures.length > 0) break;
    if (running.size === 0) throw new Error(`jobs wait for parents that never run: ${waiting.map((job) => job.id)}`);
    await Promise.race(running);
  }
  await Promise.all(running);
  const [first] = [...failures, ...ownFailures];
  if (first !== undefined) throw first;
}
