import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
  await writeFile(join(at, 'config.json'), JSON.stringify({ env: 'breakout', seed: 3, label: '', ...config }));
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
  test('are those of its jobs; jobs that begin later appear', async () => {
    await writeFile(join(folder, 'study.json'), '{}');
    const feed = await runMatches(folder);
    expect(await feed.list()).toEqual([]);
    await makeRun(join(folder, 'jobs', 'b1'), { label: 'breakout scratch, seed 1' });
    await makeRun(join(folder, 'jobs', 'a1'), { label: 'asterix source, seed 1', env: 'asterix' });
    await mkdir(join(folder, 'jobs', 'c1'));
    expect(await feed.list()).toMatchObject([
      { id: 'a1', arm: 'source', env: 'asterix' },
      { id: 'b1', arm: 'scratch', env: 'breakout' },
    ]);
    await makeRun(join(folder, 'jobs', 'c1'), { label: 'asterix → breakout', transfer: {} });
    expect((await feed.list()).map(({ id, arm }) => [id, arm])).toContainEqual(['c1', 'transferred']);
  });
});
