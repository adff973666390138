import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import { lobbyMatches } from '../../src/live/lobby-matches.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ngplus-lobby-'));
});
afterEach(() => rm(root, { recursive: true }));

async function makeRun(id: string, isFinished: boolean): Promise<void> {
  await mkdir(join(root, id, 'checkpoints'), { recursive: true });
  const config = { env: 'breakout', algorithm: 'ppo', seed: 3, totalTimesteps: 100, label: `label of ${id}` };
  await writeFile(join(root, id, 'config.json'), JSON.stringify(config));
  await writeFile(join(root, id, 'checkpoints', '000000000007.safetensors'), `weights of ${id}`);
  if (isFinished) await writeFile(join(root, id, 'result.json'), '{}');
}

test('plays what trains now, under its id in the library', async () => {
  await mkdir(join(root, 'study', 'jobs'), { recursive: true });
  await writeFile(join(root, 'study', 'study.json'), JSON.stringify({ jobs: [{ id: 'a', arm: 'transfer' }] }));
  await makeRun('study/jobs/a', false);
  await makeRun('done', true);
  const feed = lobbyMatches(openLibrary(root), root);
  const sources = await feed.list();
  expect(sources).toMatchObject([{ id: 'study/jobs/a', label: 'label of study/jobs/a', arm: 'transferred' }]);
  const weights = await ('latest' in sources[0] ? sources[0].latest(-1) : null);
  expect(new TextDecoder().decode(weights!.bytes)).toBe('weights of study/jobs/a');
  expect(await feed.status!()).toEqual({ caption: `2 runs in ${root}, 1 training` });
});

test('plays twelve at most', async () => {
  for (let i = 0; i < 15; i++) await makeRun(`run-${i}`, false);
  const feed = lobbyMatches(openLibrary(root), root);
  expect((await feed.list()).length).toBe(12);
  expect(await feed.status!()).toEqual({ caption: `15 runs in ${root}, 15 training` });
});

test('has nothing to play where nothing is, or nothing trains', async () => {
  const missing = join(root, 'missing');
  const nothing = lobbyMatches(openLibrary(missing), missing);
  expect(await nothing.list()).toEqual([]);
  expect(await nothing.status!()).toEqual({ caption: `No runs in ${missing} yet: here is the zoo` });
  await makeRun('done', true);
  expect(await lobbyMatches(openLibrary(root), root).status!()).toEqual({
    caption: `1 run in ${root}, none training`,
  });
});
