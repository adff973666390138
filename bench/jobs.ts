// Trainings in processes of their own, as many at a time as there are cores. A script hands itself its jobs.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const JOB = 'BENCH_JOB';

/** In the script's own child: does the job it was started for, and ends the process. Elsewhere it does nothing. */
export async function answerJob<Job, Outcome extends object>(run: (job: Job) => Promise<Outcome>): Promise<void> {
  const given = process.env[JOB];
  if (given === undefined) return;
  const outcome = await run(JSON.parse(given) as Job);
  await new Promise((sent) => process.send?.(outcome, sent));
  process.exit();
}

/** Runs the jobs by `answerJob` of the script `url`, in order. @throws where one fails */
export async function runJobs<Job, Outcome>(
  url: string,
  jobs: readonly Job[],
  finished: (job: Job, outcome: Outcome) => void,
): Promise<void> {
  const left = [...jobs];
  const start = (job: Job): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(url), [], { env: { ...process.env, [JOB]: JSON.stringify(job) } });
      child.on('message', (outcome) => finished(job, outcome as Outcome));
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`failed: ${JSON.stringify(job)}`))));
    });
  const worker = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await start(job);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}
