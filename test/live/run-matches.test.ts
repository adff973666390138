import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PolicySource } from '../../src/live/match-source.ts';
import { runMatches } from '../../src/live/run-matches.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ngplus-runs-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function makeRun(at: string, config: object): Promise<void> {
  await mkdir(join(at, 'checkpoints'), { recursive: true });
  await writeFile(
    join(at, 'config.json'),
    JSON.stringify({ env: 'breakout', algorithm: 'ppo', seed: 3, totalTimesteps: 100, label: '', ...config }),
  );
}

const checkpoint = (at: string, step: number): Promise<void> =>
  writeFile(join(at, 'checkpoints', `${String(step).padStart(12, '0')}.safetensors`), `weights of ${step}`);

describe('matches of a run', () => {
  test('have its name and play its newest checkpoint, once', async () => {
    await makeRun(folder, { label: 'my agent', transfer: { method: 'full' } });
    const [source] = (await (await runMatches(folder)).list()) as PolicySource[];
    expect(source).toMatchObject({ label: 'my agent', arm: 'transferred', env: 'breakout' });
    expect(await source.latest(-1)).toBeNull();
    await checkpoint(folder, 0);
    await checkpoint(folder, 900);
    await checkpoint(folder, 12_800);
    await writeFile(join(folder, 'checkpoints', 'notes.txt'), 'not a checkpoint');
    const weights = await source.latest(900);
    expect(weights!.step).toBe(12_800);
    expect(new TextDecoder().decode(weights!.bytes)).toBe('weights of 12800');
    expect(await source.latest(12_800)).toBeNull();
  });

  test('a run without a name is called by its environment and seed', async () => {
    await makeRun(folder, {});
    expect(await (await runMatches(folder)).list()).toMatchObject([{ label: 'breakout, seed 3', arm: undefined }]);
  });

  test('a folder that is neither run nor study is named', async () => {
    await expect(runMatches(join(folder, 'nothing'))).rejects.toThrow(
      `${join(folder, 'nothing')}" holds neither a run`,
    );
    await writeFile(join(folder, 'config.json'), '{"compilerOptions":{}}');
    await expect(runMatches(folder)).rejects.toThrow('holds neither a run');
  });
});

describe('matches of a study', () => {
  const jobs = [
    { id: 'b1', arm: 'source' },
    { id: 'a1', arm: 'scratch' },
    { id: 'a2', arm: 'scratch' },
    { id: 'c1', arm: 'transfer' },
  ];

  test('are those of its jobs, in its order; jobs that begin later appear', async () => {
    await writeFile(join(folder, 'study.json'), JSON.stringify({ jobs }));
    const feed = await runMatches(folder);
    expect(await feed.list()).toEqual([]);
    await makeRun(join(folder, 'jobs', 'a1'), { label: 'scratch 1' });
    await makeRun(join(folder, 'jobs', 'b1'), { label: 'source 1', env: 'asterix' });
    await mkdir(join(folder, 'jobs', 'c1'));
    expect(await feed.list()).toMatchObject([
      { id: 'b1', arm: 'source', env: 'asterix' },
      { id: 'a1', arm: 'scratch', env: 'breakout' },
    ]);
    await makeRun(join(folder, 'jobs', 'c1'), { label: 'transferred 1', transfer: {} });
    expect((await feed.list()).map(({ id, arm }) => [id, arm])).toContainEqual(['c1', 'transferred']);
  });

  test('come with the curves of the arms on the target and each job’s progress', async () => {
    await writeFile(join(folder, 'study.json'), JSON.stringify({ jobs }));
    const rows = (...means: number[]) => means.map((mean, i) => `${JSON.stringify({ step: 25 * i, mean })}\n`).join('');
    for (const [id, means] of Object.entries({ b1: [9, 9], a1: [1, 2, 3], a2: [3, 6] })) {
      await makeRun(join(folder, 'jobs', id), { label: id });
      await writeFile(join(folder, 'jobs', id, 'evaluations.jsonl'), rows(...means));
    }
    await writeFile(join(folder, 'jobs', 'b1', 'result.json'), '{}');
    // A row may be only half written.
    await appendFile(join(folder, 'jobs', 'a2', 'evaluations.jsonl'), '{"step":50,"me');
    const status = await (await runMatches(folder)).status!();
    expect(status.curves).toEqual([
      {
        label: 'scratch',
        arm: 'scratch',
        env: 'breakout',
        points: [
          [0, 2, 1, 3],
          [25, 4, 2, 6],
          [50, 3],
        ],
      },
    ]);
    expect(status.jobs!.map(({ id, state, progress }) => [id, state, progress])).toEqual([
      ['b1', 'finished', 1],
      ['a1', 'running', 0.5],
      ['a2', 'running', 0.25],
    ]);
  });
});
