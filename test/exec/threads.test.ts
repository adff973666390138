import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { StoppedError, UserError } from '../../src/core/errors.ts';
import type { TaskExecutor } from '../../src/exec/executor.ts';
import { inlineExecutor } from '../../src/exec/inline.ts';
import type { RandomTask, TrainTask } from '../../src/exec/task.ts';
import { threadExecutor } from '../../src/exec/threads.ts';
import type { TrainingRequest } from '../../src/runs/config.ts';
import { bundleOf, loadGameModule } from '../../src/runs/game-module.ts';
import { type RunProgress, type RunResult, trainRun } from '../../src/runs/run.ts';
import { outcome, tinyConfig } from '../runs/tiny-run.ts';

let folder: string;
let executor: TaskExecutor;
const inside = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-threads-'));
  executor = threadExecutor(2);
});
afterEach(async () => {
  await executor.close();
  rmSync(folder, { recursive: true, force: true });
});

const task = async (name: string, request: Partial<TrainingRequest> = {}): Promise<TrainTask> => {
  const config = await tinyConfig(request);
  return {
    kind: 'train',
    id: name,
    parents: [],
    folder: inside(name),
    source: null,
    tensorboard: false,
    threads: 1,
    config,
    modules: config.modules.map(bundleOf),
  };
};
const randomPlay = (env: string): RandomTask => ({
  kind: 'random',
  id: 'random',
  parents: [],
  env,
  modules: [],
  episodes: 30,
  seed: 1,
});
const ignore = (): void => {};

describe('worker threads', () => {
  it('train to the same bits as this one, two at a time, and tell of their progress', async () => {
    const seen: RunProgress[][] = [[], []];
    const tasks = await Promise.all([
      task('a', { seed: 1, totalTimesteps: 8 * 128 }),
      task('b', { seed: 2, totalTimesteps: 8 * 128 }),
    ]);
    await Promise.all(tasks.map((each, i) => executor.run(each, (now) => void seen[i].push(now))));
    for (const [i, { config }] of tasks.entries()) {
      await trainRun(inside('here'), config, null);
      expect(outcome(tasks[i].folder)).toEqual(outcome(inside('here')));
      rmSync(inside('here'), { recursive: true });
      const steps = seen[i].map(({ step }) => step);
      expect(new Set(steps).size).toBe(9);
      expect(steps).toEqual(steps.toSorted((a, b) => a - b));
      expect(seen[i].at(-1)).toMatchObject({ phase: 'finished', totalTimesteps: 8 * 128 });
      expect(seen[i].at(-1)?.evaluations).toHaveLength(7);
    }
  });

  it('share the work of one training among them without a difference', async () => {
    const shared = { ...(await task('a', { seed: 3, totalTimesteps: 20 * 128 })), threads: 3 };
    await executor.run(shared, ignore);
    await trainRun(inside('here'), shared.config, null);
    expect(outcome(shared.folder)).toEqual(outcome(inside('here')));
  });

  it('play at random as this one does', async () => {
    const expected = await inlineExecutor().run(randomPlay('cartpole'), ignore);
    expect(await executor.run(randomPlay('cartpole'), ignore)).toEqual(expected);
  });

  it('save and stop when told, refuse what comes then, and resume in another executor', async () => {
    const [long, other] = await Promise.all([task('a', { totalTimesteps: 30 * 128 }), task('b')]);
    let reports = 0;
    const stopped = executor.run(long, () => {
      if (++reports === 12) executor.stop();
    });
    await expect(stopped).rejects.toThrow(StoppedError);
    await expect(executor.run(other, ignore)).rejects.toThrow(StoppedError);
    await trainRun(inside('here'), long.config, null);
    const again = threadExecutor(1);
    try {
      const steps: number[] = [];
      await again.run(long, ({ step }) => void steps.push(step));
      expect(steps[0]).toBeGreaterThan(128);
    } finally {
      await again.close();
    }
    expect(outcome(long.folder)).toEqual(outcome(inside('here')));
  });

  it('go on after a task that failed, with its error as it was', async () => {
    const bad = await task('a', { algorithmConfig: { numEnvs: 8, numSteps: 16, numMinibatches: 3 } });
    const failed = executor.run(bad, ignore);
    await expect(failed).rejects.toThrow(UserError);
    await expect(failed).rejects.toThrow('numMinibatches 3 does not divide');
    const foreign = executor.run({ ...bad, source: inside('nowhere') }, ignore);
    await expect(foreign).rejects.toThrow(`there is no checkpoint or run folder "${inside('nowhere')}"`);
    const result = (await executor.run(await task('b', { totalTimesteps: 128 }), ignore)) as RunResult;
    expect(result.step).toBe(128);
  });

  it('refuse a folder that another thread trains in', async () => {
    const [first, second] = [
      await task('a', { totalTimesteps: 8000 * 128 }),
      await task('a', { totalTimesteps: 8000 * 128 }),
    ];
    let refused: Promise<unknown> | undefined;
    const running = executor.run(first, () => {
      refused ??= executor.run(second, ignore).catch((error: Error) => error);
      void refused.finally(() => executor.stop());
    });
    await expect(running).rejects.toThrow(StoppedError);
    const error = (await refused) as UserError;
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(/is in use by thread \d+ of this process/);
  });
});

describe("a user's game that fails", () => {
  const game = (id: string, step: string): string => `
    import { z, defineGame } from 'ngplus';
    let steps = 0;
    export default defineGame({
      id: '${id}', revision: 1, summary: 'Fails.', players: 1, variants: z.object({}), maxSteps: 9,
      actions: [{ name: 'noop', roles: ['noop'] }, { name: 'fire', roles: ['fire'] }],
      observation: () => ({ kind: 'features', features: [{ name: 'x', roles: ['self'], scale: 1 }] }),
      create: () => ({}), reset() {}, observe(_state, _player, out, offset) { out[offset] = 1; },
      step(_state, _actions, _rng, rewards) { rewards[0] = 1; ${step} return false; },
    });`;
  const start = async (id: string, step: string): Promise<TrainTask> => {
    writeFileSync(inside(`${id}.ts`), game(id, step));
    await loadGameModule(inside(`${id}.ts`));
    return task(id, { env: id });
  };

  it('by an error is reported with the place in it', async () => {
    const running = executor.run(
      await start('thrower', "if (++steps > 99) throw new TypeError('no such thing');"),
      ignore,
    );
    await expect(running).rejects.toMatchObject({ name: 'TypeError', message: 'no such thing' });
    await running.catch(({ stack }: Error) => {
      expect(stack).toMatch(/thrower\.ts:9:\d+/);
      expect(stack).not.toContain('base64');
    });
  });

  it('after its task is over does no harm', async () => {
    const { modules, id } = await start(
      'late',
      "if (++steps === 5) setTimeout(() => { throw new Error('late'); }, 200);",
    );
    const play = { ...randomPlay(id), modules };
    await executor.run(play, ignore);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const result = (await executor.run(await task('b', { totalTimesteps: 128 }), ignore)) as RunResult;
    expect(result.step).toBe(128);
  });

  test.each([
    ['leaver', 'if (++steps > 99) process.exit(3);', 'a worker thread ended with code 3'],
    ['bomber', "if (++steps === 99) setTimeout(() => { throw new Error('later'); });", 'later'],
  ])(
    'by taking its thread with it (%s) is reported, and the next task runs on a new one',
    async (id, step, message) => {
      await expect(executor.run(await start(id, step), ignore)).rejects.toThrow(message);
      const result = (await executor.run(await task('b', { totalTimesteps: 128 }), ignore)) as RunResult;
      expect(result.step).toBe(128);
    },
  );
});
