import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LibraryEntry, openLibrary } from '../../src/live/library.ts';
import { decodeFrame } from '../../src/live/protocol.ts';
import type { Recording } from '../../src/live/recording.ts';
import { startViewer, type Viewer } from '../../src/live/server.ts';
import { freshPolicy } from './fresh-policy.ts';

let root: string;
let viewer: Viewer;

async function makeRun(id: string, env: string, steps: readonly number[], rest: object = {}): Promise<void> {
  const folder = join(root, 'runs', id);
  await mkdir(join(folder, 'checkpoints'), { recursive: true });
  const config = { env, algorithm: 'ppo', seed: 7, totalTimesteps: 1000, modules: [], ...rest };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  for (const step of steps) {
    const name = `${String(step).padStart(12, '0')}.safetensors`;
    await writeFile(join(folder, 'checkpoints', name), freshPolicy(env, step, step));
  }
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ngplus-library-'));
  await makeRun('alone', 'breakout', [0, 500], { label: 'a run alone' });
  await writeFile(join(root, 'runs', 'alone', 'evaluations.jsonl'), '{"step":0,"mean":1.5}\nnot a row\n');
  await makeRun('study/jobs/s0', 'freeway', [1000]);
  await writeFile(join(root, 'runs', 'study', 'jobs', 's0', 'result.json'), '{}');
  await makeRun('study/jobs/t0', 'breakout', [10]);
  const jobs = [
    { id: 's0', arm: 'source' },
    { id: 't0', arm: 'transfer' },
  ];
  await writeFile(join(root, 'runs', 'study', 'study.json'), JSON.stringify({ jobs }));
  await mkdir(join(root, 'secret', 'checkpoints'), { recursive: true });
  await writeFile(
    join(root, 'secret', 'config.json'),
    '{"env":"breakout","algorithm":"ppo","seed":1,"totalTimesteps":1}',
  );
  await writeFile(join(root, 'secret', 'checkpoints', '000000000010.safetensors'), freshPolicy('breakout', 10));
  viewer = await startViewer({ port: 0, root, library: openLibrary(join(root, 'runs')) });
});
afterAll(async () => {
  await viewer.close();
  await rm(root, { recursive: true });
});

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(new URL(path, viewer.url));
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text.trim()}`);
  return JSON.parse(text) as T;
}

const recorded = (query: string): Promise<Recording> => get(`api/recording?${query}`);

describe('the library', () => {
  test('lists runs, those of studies with their arm, and the zoo', async () => {
    const entries = await get<LibraryEntry[]>('api/library');
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    expect(byId.get('alone')).toMatchObject({
      kind: 'run',
      label: 'a run alone',
      state: 'running',
      step: 500,
      checkpoints: [0, 500],
      evaluations: [[0, 1.5]],
    });
    expect(byId.get('study/jobs/s0')).toMatchObject({ arm: 'source', study: 'study', state: 'finished' });
    expect(byId.get('study/jobs/t0')).toMatchObject({ arm: 'transferred', label: 'breakout, seed 7' });
    expect(byId.get('zoo:breakout')).toMatchObject({ kind: 'zoo', env: 'breakout', state: 'finished' });
    expect(entries.some(({ id }) => id.includes('secret'))).toBe(false);
  });
});

describe('an answer', () => {
  const ask = (tag?: string) =>
    fetch(new URL('api/library', viewer.url), { headers: tag === undefined ? {} : { 'If-None-Match': tag } });

  test('is sent again only where it is another one since', async () => {
    const first = await ask();
    const tag = first.headers.get('etag')!;
    expect(tag).toMatch(/^"[\w-]{43}"$/);
    expect(first.headers.get('cache-control')).toBe('private, no-cache');
    for (const known of [tag, `"other", ${tag}`, `W/${tag}`]) {
      const again = await ask(known);
      expect([known, again.status, await again.text(), again.headers.get('etag')]).toEqual([known, 304, '', tag]);
      expect(again.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    }
    await makeRun('later', 'breakout', [100]);
    try {
      // A listing is good for a second.
      for (;;) {
        const now = await ask(tag);
        if (now.status === 304) continue;
        expect(now.headers.get('etag')).not.toBe(tag);
        expect(await now.text()).toContain('"id":"later"');
        break;
      }
    } finally {
      await rm(join(root, 'runs', 'later'), { recursive: true });
    }
  });

  test('is written once for all who ask', async () => {
    let count = 0;
    const listing = Object.assign([], { toJSON: () => [++count] });
    const other = await startViewer({ port: 0, root, library: { ...openLibrary(null), list: async () => listing } });
    const answers = await Promise.all([1, 2].map(() => fetch(new URL('api/library', other.url))));
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['[1]', '[1]']);
    await other.close();
  });

  test.each([['no tag at all'], ['"other"'], ['']])('is sent whole to who knows %j', async (tag) => {
    const answer = await ask(tag);
    expect(answer.status).toBe(200);
    expect(JSON.parse(await answer.text())).toBeInstanceOf(Array);
  });
});

describe('a recording', () => {
  test('is the same episode whenever it is asked for, and another one with another seed', async () => {
    const first = await recorded('id=alone&step=500&seed=3&maxSteps=200');
    const { frames, stage, length, episodeReturn, trainingStep } = first;
    expect([stage.env, trainingStep, frames.length]).toEqual(['breakout', 500, length + 1]);
    const decoded = frames.map((text) => decodeFrame(text, stage.board));
    expect(decoded.map(({ step }) => step)).toEqual(decoded.map((_, step) => step));
    expect(decoded.reduce((sum, { reward }) => sum + reward, 0)).toBe(episodeReturn);
    expect(decoded.at(-1)).toMatchObject({ terminated: true, action: null, episodeReturn });
    expect(await recorded('id=alone&seed=3&maxSteps=200')).toEqual(first);
    expect((await recorded('id=alone&seed=4&maxSteps=200')).frames).not.toEqual(frames);
    expect((await recorded('id=alone&step=0&seed=3&maxSteps=200')).frames).not.toEqual(frames);
  });

  test('is another one where the run has been trained anew in its folder', async () => {
    await makeRun('anew', 'breakout', [5]);
    const file = join(root, 'runs', 'anew', 'checkpoints', '000000000005.safetensors');
    const before = await readFile(file);
    const list = () => get<LibraryEntry[]>('api/library');
    while (!(await list()).some(({ id }) => id === 'anew'));
    const first = await recorded('id=anew&maxSteps=50');
    const after = freshPolicy('breakout', 5, 77);
    expect(after.length).toBe(before.length);
    await writeFile(file, after);
    expect((await recorded('id=anew&maxSteps=50')).frames).not.toEqual(first.frames);
    await rm(join(root, 'runs', 'anew'), { recursive: true });
  });

  test('is cut off where it was asked to be', async () => {
    const { frames, stage } = await recorded('id=zoo:breakout&maxSteps=5');
    expect(frames.length).toBe(6);
    expect(decodeFrame(frames[5], stage.board)).toMatchObject({ terminated: false, step: 5 });
  });

  test('of greedy play takes the likeliest action', async () => {
    const { frames, stage } = await recorded('id=alone&mode=greedy&maxSteps=50');
    for (const { action, probabilities } of frames.slice(0, -1).map((text) => decodeFrame(text, stage.board))) {
      expect(probabilities![action!]).toBe(Math.max(...probabilities!));
    }
  });
});

describe('what is not there', () => {
  test.each([
    ['api/recording?id=../secret', '404 unknown agent "../secret"'],
    ['api/recording?id=secret', '404 unknown agent "secret"'],
    ['api/recording?id=study/../../secret', '404 unknown agent'],
    ['api/recording?id=%2Fetc', '404 unknown agent'],
    ['api/recording?id=zoo:../zoo/breakout', '404 unknown agent'],
    ['api/recording?id=alone&step=501', '404 unknown checkpoint "501"'],
    ['api/recording?id=alone&step=-1', '400'],
    ['api/recording?id=alone&maxSteps=1e9', '400'],
    ['api/recording?id=alone&more=1', '400'],
    ['api/recording', '400'],
    ['api/toString', '404 not found'],
    ['api/', '404 not found'],
  ])('%s is refused', async (path, reason) => {
    await expect(get(path)).rejects.toThrow(reason);
  });

  test('only GET is answered, and only on this host', async () => {
    expect((await fetch(new URL('api/library', viewer.url), { method: 'POST' })).status).toBe(405);
    const status = await new Promise((resolve) =>
      request(new URL('api/library', viewer.url), { headers: { host: 'evil.example' } }, (answer) =>
        resolve(answer.statusCode),
      ).end(),
    );
    expect(status).toBe(403);
  });
});
