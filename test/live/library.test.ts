import { copyFile, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LibraryEntry, openLibrary } from '../../src/live/library.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ngplus-library-'));
  await mkdir(join(root, 'a', 'checkpoints'), { recursive: true });
  const config = { env: 'breakout', algorithm: 'ppo', seed: 3, totalTimesteps: 100 };
  await writeFile(join(root, 'a', 'config.json'), JSON.stringify(config));
});
afterEach(() => rm(root, { recursive: true }));

const evaluated = (step: number) => writeFile(join(root, 'a', 'evaluations.jsonl'), `{"step":${step},"mean":1}\n`);

/** As a new look at the folder finds it. */
async function runs(): Promise<LibraryEntry[]> {
  return (await openLibrary(root).list()).filter(({ kind }) => kind === 'run');
}

test('a finished run is read anew where its result is another one, or gone', async () => {
  await evaluated(10);
  expect(await runs()).toMatchObject([{ id: 'a', state: 'running', evaluations: [[10, 1]] }]);
  const result = join(root, 'a', 'result.json');
  await writeFile(result, '{}');
  await evaluated(20);
  expect(await runs()).toMatchObject([{ state: 'finished', evaluations: [[20, 1]] }]);
  await evaluated(30);
  await writeFile(result, '{}');
  await utimes(result, 1e9, 1e9);
  expect(await runs()).toMatchObject([{ state: 'finished', evaluations: [[30, 1]] }]);
  await rm(result);
  await evaluated(40);
  expect(await runs()).toMatchObject([{ state: 'running', evaluations: [[40, 1]] }]);
});

test('a run that has been silent for a minute is stopped', async () => {
  const longAgo = Date.now() / 1000 - 90;
  await utimes(join(root, 'a', 'checkpoints'), longAgo, longAgo);
  expect(await runs()).toMatchObject([{ state: 'stopped', step: 0, checkpoints: [] }]);
});

test('a run whose checkpoints can’t be read is left out, and no other', async () => {
  await mkdir(join(root, 'b'));
  await copyFile(join(root, 'a', 'config.json'), join(root, 'b', 'config.json'));
  await symlink('checkpoints', join(root, 'b', 'checkpoints'));
  expect(await runs()).toMatchObject([{ id: 'a' }]);
});

test('a checkpoint deleted since the listing is none', async () => {
  const file = join(root, 'a', 'checkpoints', '000000000010.safetensors');
  await writeFile(file, '');
  const library = openLibrary(root);
  expect((await library.checkpoint('a')).name).toBe('a at step 10');
  await rm(file);
  await expect(library.checkpoint('a', 10)).rejects.toThrow('unknown checkpoint "10"');
});

test('what other programs keep is not looked into', async () => {
  await mkdir(join(root, 'node_modules', 'b'), { recursive: true });
  await mkdir(join(root, '.hidden', 'c'), { recursive: true });
  const config = JSON.stringify({ env: 'breakout', algorithm: 'ppo', seed: 3, totalTimesteps: 100 });
  for (const folder of ['node_modules/b', '.hidden/c']) await writeFile(join(root, folder, 'config.json'), config);
  expect((await runs()).map(({ id }) => id)).toEqual(['a']);
});
