import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, it, test } from 'vitest';
import { isCi } from '../../scripts/debian.ts';
import { findMoto } from '../../scripts/moto.ts';
import { findPostgres, findRedis } from '../../scripts/servers.ts';
import { StoppedError, UserError } from '../../src/core/errors.ts';
import { prepareStudy } from '../../src/exec/api.ts';
import { inlineExecutor } from '../../src/exec/inline.ts';
import { openQueue } from '../../src/exec/queue.ts';
import { queueExecutor } from '../../src/exec/queue-executor.ts';
import { startQueueWorker } from '../../src/exec/queue-worker.ts';
import { runStudy, type StudyResult } from '../../src/exec/study.ts';
import { readStudyStatus, type StudyStatus } from '../../src/exec/study-status.ts';
import type { TrainTask } from '../../src/exec/task.ts';
import { trainRun } from '../../src/runs/run.ts';
import { FolderStore } from '../../src/runs/store.ts';
import { outcome, tinyConfig } from '../runs/tiny-run.ts';
import { BUCKET, startMoto } from '../servers/moto.ts';
import { startPostgres } from '../servers/postgres.ts';
import { freePort, type Server } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';
import { timeless, tinyStudy } from './tiny-study.ts';
import { type NgplusProcess, startNgplusProcess, startWorkerProcess } from './ngplus-process.ts';

const folders: string[] = [];
const emptyFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ngplus-queue-'));
  folders.push(folder);
  return folder;
};
let workers: NgplusProcess[] = [];
let servers: Server[] = [];
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await Promise.all(servers.map((server) => server.stop()));
  [workers, servers] = [[], []];
});
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Without its server a test fails in CI, where the test command has installed it, and is skipped elsewhere. */
const lacks = (isThere: boolean): boolean => !isThere && !isCi();
/** A worker that is killed or frozen is missed after about ten seconds alone. */
const SLOW = { timeout: 180_000 };
const hasRedis = findRedis();
const ignore = (): void => {};

describe('a study on three workers, of which one is killed in mid-job', () => {
  /** The sources train long enough to be killed in between: some seconds, saved at each of 20 evaluations. */
  const request = tinyStudy({ sourceTimesteps: 1500 * 128, targetTimesteps: 20 * 128, evaluations: 20 });
  const VICTIM = 'source/cartpole/0';
  let inline: StudyResult;
  let inlineFolder: string;
  beforeAll(async () => {
    inlineFolder = emptyFolder();
    const { study } = await prepareStudy({ ...request, folder: inlineFolder });
    inline = await runStudy(study, inlineFolder, inlineExecutor());
  });

  test.for([
    { server: 'Redis', start: startRedis, isThere: hasRedis, places: 'a shared folder' },
    { server: 'PostgreSQL', start: startPostgres, isThere: findPostgres() !== undefined, places: 'an S3 store' },
  ])(
    'comes to the same bits as inline and does nothing twice: $server, $places',
    SLOW,
    async ({ start, isThere, places }, { skip }) => {
      const inS3 = places === 'an S3 store';
      if (lacks(isThere && !(inS3 && !findMoto()))) skip('a server is not installed');
      const s3 = inS3 ? await startMoto() : undefined;
      const before = { ...process.env };
      onTestFinished(() => void (process.env = before));
      Object.assign(process.env, s3?.env);
      const server = await start();
      servers = [server, ...(s3 ? [s3] : [])];
      workers = [1, 2, 3].map(() => startWorkerProcess(server.url));
      const folder = emptyFolder();
      const store = s3 && `s3://${BUCKET}/study`;
      const { study, executor } = await prepareStudy({ ...request, folder, queue: server.url, store });
      let killed: NgplusProcess | undefined;
      let savedStep = 0;
      let midway: Promise<StudyStatus> | undefined;
      const result = await runStudy(study, folder, executor, ({ key, progress }) => {
        const evaluations = progress?.evaluations ?? [];
        if (killed || key !== VICTIM || evaluations.length < 3) return;
        killed = workers.find((worker) => worker.lines().some((line) => line.startsWith('took source 1 ')));
        killed?.child.kill('SIGKILL');
        midway = readStudyStatus(folder, store);
        // The newest may not have been saved yet.
        savedStep = evaluations[evaluations.length - 2].step;
      });
      await executor.close();

      expect(killed?.child.signalCode).toBe('SIGKILL');
      expect(timeless(result)).toEqual(timeless(inline));
      const states = (status?: StudyStatus) => status?.trainings.map(({ state }) => state);
      expect(states(await midway)).toContain('running');
      expect(states(await midway)).toContain('waiting');
      expect(new Set(states(await readStudyStatus(folder, store)))).toEqual(new Set(['finished']));
      for (const { task } of study.jobs) {
        if (task.kind !== 'train') continue;
        expect(outcome(task.folder)).toEqual(outcome(join(inlineFolder, 'jobs', task.id)));
      }
      const lines = workers.flatMap((worker) => worker.lines());
      const finished = lines.filter((line) => line.startsWith('finished '));
      expect(finished).toHaveLength(study.jobs.length);
      expect(new Set(finished).size).toBe(study.jobs.length);
      expect(lines.filter((line) => line.startsWith('took '))).toHaveLength(study.jobs.length + 1);
      expect(finished.filter((line) => !line.endsWith('attempt 1'))).toEqual([
        expect.stringMatching(/^finished source 1 .* attempt 2$/),
      ]);
      const resumed = lines.map((line) => /^source 1 .* attempt 2: from step (\d+)$/.exec(line)?.[1]).find(Boolean);
      expect(Number(resumed)).toBeGreaterThanOrEqual(savedStep);
    },
  );
});

describe.skipIf(lacks(hasRedis))('a queue', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  const training = async (folder: string, updates: number, seed = 1): Promise<TrainTask> => ({
    kind: 'train',
    id: `run-${seed}`,
    parents: [],
    modules: [],
    folder: join(folder, 'jobs', `run-${seed}`),
    config: await tinyConfig({ seed, totalTimesteps: updates * 128, evaluations: 20 }),
    source: null,
    tensorboard: false,
    threads: 1,
  });
  const inlineOutcome = async ({ config }: TrainTask) => {
    const folder = emptyFolder();
    await trainRun(folder, config, null);
    return outcome(folder);
  };

  it('refuses what a worker brings whose job another one has taken over', SLOW, async () => {
    const folder = emptyFolder();
    const task = await training(folder, 2000);
    const frozen = startWorkerProcess(server.url);
    workers = [frozen];
    const executor = await queueExecutor(server.url, { folder });
    const steps: number[] = [];
    const running = executor.run(task, ({ step, evaluations }) => {
      steps.push(step);
      if (evaluations.length < 3 || workers.length > 1) return;
      frozen.child.kill('SIGSTOP');
      workers.push(startWorkerProcess(server.url));
    });
    const result = await running;
    await executor.close();
    const expected = await inlineOutcome(task);
    // Who is frozen while it writes keeps a temporary file until it goes on, which may become a checkpoint long deleted.
    const { files: _files, checkpoints, ...rest } = expected;
    const written = { ...rest, checkpoints: expect.arrayContaining(checkpoints) };
    expect(outcome(task.folder)).toMatchObject(written);
    expect(workers[1].lines()).toContainEqual(expect.stringMatching(/^finished .* attempt 2$/));
    frozen.child.kill('SIGCONT');
    await frozen.says(/^(stopped|finished) .* attempt 1/);
    await frozen.says(/lock|Missing key/);
    expect(outcome(task.folder)).toMatchObject(written);
    expect(JSON.parse(JSON.stringify(outcome(task.folder).result))).toMatchObject({
      step: (result as { step: number }).step,
    });
  });

  it('gets back what a worker that is stopped has saved, and another goes on with it at once', SLOW, async () => {
    const folder = emptyFolder();
    const task = await training(folder, 2000);
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const first = await startQueueWorker(server.url, { threads: 1, log });
    const executor = await queueExecutor(server.url, { folder });
    let next: ReturnType<typeof startQueueWorker> | undefined;
    await executor.run(task, ({ step }) => {
      if (step > 0) next ??= first.close().then(() => startQueueWorker(server.url, { threads: 1, log }));
    });
    await executor.close();
    await (await next)?.close();
    expect(lines.filter((line) => line.startsWith('finished '))).toEqual([expect.stringContaining('attempt 2')]);
    expect(outcome(task.folder)).toEqual(await inlineOutcome(task));
  });

  it('holds nothing of a study that was stopped, which goes on when it is started again', SLOW, async () => {
    const folder = emptyFolder();
    const tasks = await Promise.all([training(folder, 1000, 1), training(folder, 20, 2)]);
    const worker = await startQueueWorker(server.url, { threads: 1, log: ignore });
    const executor = await queueExecutor(server.url, { folder });
    const stopped = tasks.map((task) => executor.run(task, ({ step }) => void (step > 0 && executor.stop())));
    for (const each of await Promise.allSettled(stopped)) {
      expect(each).toMatchObject({ status: 'rejected', reason: expect.any(StoppedError) });
    }
    await executor.close();
    const queue = (await openQueue(server.url)).tasks();
    expect(await queue.getJobCountByTypes('active', 'waiting', 'delayed', 'failed', 'completed')).toBe(0);
    await queue.close();

    const again = await queueExecutor(server.url, { folder });
    const steps: number[] = [];
    await Promise.all(tasks.map((task) => again.run(task, ({ step }) => void steps.push(step))));
    await again.close();
    await worker.close();
    for (const task of tasks) expect(outcome(task.folder)).toEqual(await inlineOutcome(task));
  });

  it('lets the command of a study end at Ctrl-C', SLOW, async () => {
    const folder = emptyFolder();
    const line = `study --sources cartpole?force=20 --targets cartpole --seeds 2 --queue ${server.url} --folder ${folder}`;
    const study = startNgplusProcess(...line.split(' '));
    workers = [study];
    const lines: string[] = [];
    const worker = await startQueueWorker(server.url, { threads: 1, log: (text) => void lines.push(text) });
    await expect.poll(() => lines.some((text) => text.includes('from step 0')), { timeout: 60_000 }).toBe(true);
    study.child.kill('SIGINT');
    expect(await once(study.child, 'exit')).toEqual([130, null]);
    expect(study.lines().at(-2)).toBe('ngplus study: stopped; the same command goes on from here');
    expect(lines.at(-1)).toMatch(/^stopped source 1 /);
    await worker.close();
  });

  it('races: a gate whose worker is killed comes to the same as inline', SLOW, async () => {
    // The races take some seconds, in two rungs and the winner's part.
    const targetTimesteps = 1200 * 128;
    const gated = { gate: true, gateShare: 0.5, gateRungs: 2, targetTimesteps, evaluations: 20 };
    const request = tinyStudy({ ...gated, targets: ['cartpole?force=20'], methods: ['full'] });
    const [folder, inlineFolder] = [emptyFolder(), emptyFolder()];
    const { study: through } = await prepareStudy({ ...request, folder: inlineFolder });
    const inline = await runStudy(through, inlineFolder, inlineExecutor());
    workers = [1, 2].map(() => startWorkerProcess(server.url));
    const { study, executor } = await prepareStudy({ ...request, folder, queue: server.url });
    let killed: NgplusProcess | undefined;
    const result = await runStudy(study, folder, executor, ({ key, progress }) => {
      if (killed || !key.startsWith('gate/') || (progress?.step ?? 0) < targetTimesteps / 3) return;
      killed = workers.find((worker) => worker.lines().some((line) => line.startsWith('took gate 1, ')));
      killed?.child.kill('SIGKILL');
    });
    await executor.close();
    expect(killed?.child.signalCode).toBe('SIGKILL');
    expect(timeless(result)).toEqual(timeless(inline));
    const lines = workers.flatMap((worker) => worker.lines());
    expect(lines).toContainEqual(expect.stringMatching(/^finished gate 1, .* attempt 2$/));
    const status = await readStudyStatus(folder);
    expect(new Set(status.trainings.map(({ state }) => state))).toEqual(new Set(['finished']));
    for (const { task } of study.jobs) {
      if (task.kind !== 'race') continue;
      const files = (at: string): Promise<string[]> => new FolderStore(join(at, 'jobs', task.id)).list();
      expect(await files(folder)).toEqual(await files(inlineFolder));
    }
  });

  it('brings the error of a task as it was', async () => {
    const folder = emptyFolder();
    const task = await training(folder, 20);
    const worker = await startQueueWorker(server.url, { threads: 1, log: ignore });
    const executor = await queueExecutor(server.url, { folder });
    const { algorithmConfig } = task.config;
    const bad = { ...task, config: { ...task.config, algorithmConfig: { ...algorithmConfig, numMinibatches: 3 } } };
    const failed = executor.run(bad, ignore);
    await expect(failed).rejects.toThrow(UserError);
    await expect(failed).rejects.toThrow(/^[^\n]*numMinibatches[^\n]*$/);
    await executor.close();
    await worker.close();
  });
});

describe('the URL of a queue', () => {
  test.each(['localhost:6379', 'redis', 'http://localhost:6379', 'mysql://localhost/a', 'redis://'])(
    '%j is refused in one line',
    async (url) => {
      await expect(openQueue(url)).rejects.toThrow(UserError);
      await expect(openQueue(url)).rejects.toThrow(/^bad queue [^\n]*; valid: redis:[^\n]+$/);
    },
  );

  test.each(['redis://user:secret@127.0.0.1:PORT', 'postgres://user:secret@127.0.0.1:PORT/base'])(
    '%j where no one listens is told in one line, without the password',
    async (url) => {
      const opening = openQueue(url.replace('PORT', String(await freePort())));
      await expect(opening).rejects.toThrow(UserError);
      await expect(opening).rejects.toThrow(/^can't reach the queue's server at (?!.*secret)[^\n]*ECONNREFUSED/);
    },
  );
});
