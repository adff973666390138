import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thin } from '../../src/live/api/metrics.ts';
import type { StoredStudy } from '../../src/live/api/studies.ts';
import type { Metrics } from '../../src/live/api/metrics.ts';
import { openLibrary } from '../../src/live/library.ts';
import { startViewer, type Viewer } from '../../src/live/server.ts';
import { apart, type Configs, flatSettings } from '../../src/live/settings.ts';
import { storeStudy } from './stored-study.ts';

let root: string;
let viewer: Viewer;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ngplus-dashboard-'));
  await storeStudy(join(root, 'done'), { isFinished: true });
  await storeStudy(join(root, 'under-way'), { isFinished: false });
  viewer = await startViewer({ port: 0, library: openLibrary(root) });
});
afterAll(async () => {
  await viewer.close();
  await rm(root, { recursive: true });
});

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(new URL(`api/${path}`, viewer.url));
  if (!answer.ok) throw new Error(`${answer.status} ${(await answer.text()).trim()}`);
  return (await answer.json()) as T;
}

describe('studies', () => {
  test('have their pairs with results and runs, by the ids of the library', async () => {
    const [done] = await get<StoredStudy[]>('studies');
    expect(done).toMatchObject({ id: 'done', verdict: expect.stringContaining('transfer helped in 1, hurt in 0') });
    expect(done.runs).toHaveLength(20);
    expect(done.pairs.map(({ target, result }) => [target, result!.comparison.outcome])).toEqual([
      ['breakout', 'helped'],
      ['asterix', 'unclear'],
    ]);
    const [{ runs, control }] = done.pairs;
    expect(control).toBeNull();
    expect(runs.scratch).toEqual([0, 1, 2, 3].map((i) => `done/jobs/scratch-breakout-${i}`));
    expect(runs.transfer).toEqual([0, 1, 2, 3].map((i) => `done/jobs/transfer-freeway-breakout-full-${i}`));
  });

  test('under way have pairs without results', async () => {
    const [, underWay] = await get<StoredStudy[]>('studies');
    expect(underWay).toMatchObject({ id: 'under-way', verdict: null });
    expect(underWay.pairs.map(({ result }) => result)).toEqual([null, null]);
  });

  test('are read again where a file of theirs is another one, and only there', async () => {
    const file = join(root, 'done', 'result.json');
    const before = await readFile(file, 'utf8');
    const time = new Date(1_700_000_000_000);
    await utimes(file, time, time);
    const read = async () => (await get<StoredStudy[]>('studies')).find(({ id }) => id === 'done')!.verdict;
    const verdict = await read();
    // As long as before and of the same time: nobody looks into it.
    await writeFile(file, before.replaceAll('{', '!'));
    await utimes(file, time, time);
    expect(await read()).toBe(verdict);
    await rm(file);
    expect(await read()).toBeNull();
    await writeFile(file, before);
    expect(await read()).toBe(verdict);
  });
});

describe('metrics', () => {
  test('are thinned, the first and the last row kept', async () => {
    const { steps, values, rows } = await get<Metrics>('metrics?id=done/jobs/scratch-breakout-0');
    expect([steps.length, steps[0], steps.at(-1), rows]).toEqual([500, 0, 1199, 1200]);
    expect(Object.keys(values)).toEqual(['entropy', 'valueLoss']);
    expect(values['entropy'][0]).toBe(2);
    expect(new Set(steps).size).toBe(500);
  });

  test('of what is not listed are refused', async () => {
    await expect(get('metrics?id=../done')).rejects.toThrow('404 unknown agent');
    await expect(get('metrics?id=zoo:breakout')).rejects.toThrow('404 unknown run');
    await expect(get('metrics')).rejects.toThrow('400');
  });

  test('few rows are left as they are', () => {
    expect(thin([1, 2, 3], 3)).toEqual([1, 2, 3]);
    expect(thin([1, 2, 3, 4, 5], 3)).toEqual([1, 3, 5]);
  });
});

describe('settings', () => {
  test('are told apart into what all share and what each has of its own', async () => {
    const { shared, runs } = await get<Configs>('configs');
    expect(shared).toMatchObject({ algorithm: 'ppo', 'algorithmConfig.clipCoef': 0.2, totalTimesteps: 1000 });
    expect(Object.keys(runs)).toHaveLength(40);
    expect(runs['done/jobs/transfer-freeway-breakout-full-2']).toEqual({
      env: 'breakout',
      seed: 1002,
      'algorithmConfig.gamma': 0.95,
    });
  });

  test('nested ones become paths, lists become text', () => {
    expect(flatSettings({ a: { b: 1, c: [1, 2] }, d: null })).toEqual({ 'a.b': 1, 'a.c': '[1,2]', d: null });
  });

  test('what one run lacks is not shared', () => {
    expect(
      apart([
        ['x', { a: 1, b: 2 }],
        ['y', { a: 1 }],
      ]),
    ).toEqual({ shared: { a: 1 }, runs: { x: { b: 2 }, y: {} } });
    expect(apart([])).toEqual({ shared: {}, runs: {} });
  });
});
