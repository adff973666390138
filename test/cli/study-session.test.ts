import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { finishedStatus, followStudy, studyStatus } from '../../src/cli/study-session.ts';
import { prepareStudy } from '../../src/exec/api.ts';
import type { ViewerStatus } from '../../src/live/protocol.ts';
import { tinyStudy } from '../exec/tiny-study.ts';
import { testIo } from './in-process.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'ngplus-session-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function follow(): Promise<string[]> {
  const io = testIo();
  await followStudy(io, await prepareStudy({ ...tinyStudy(), folder, threads: 1 }));
  return io.written.stderr.split('\n').filter((line) => line.includes('100%'));
}

it('shows a rate for what it has done, none for what it only read back', async () => {
  const first = await follow();
  expect(first.join('\n')).toMatch(/^source 1: cartpole 100% {2}\S+\/s/m);
  // Each job is told of once at its end: a second time the rate would be that of no time at all.
  expect(first).toHaveLength(8);
  rmSync(join(folder, 'result.json'));
  const again = await follow();
  expect(again).toHaveLength(8);
  expect(again.join('\n')).toMatch(/^source 1: cartpole 100%/m);
  expect(again.filter((line) => line.includes('/s'))).toEqual([]);
}, 60_000);

it('shows a curve for each target and method, under the same names from the beginning to the end', async () => {
  const targets = ['acrobot?maxSteps=50', 'mountaincar'];
  const own = join(folder, 'several');
  const request = { ...tinyStudy({ targets, methods: ['full', 'head-only'] }), folder: own, threads: 1 };
  const prepared = await prepareStudy(request);
  const seen: ViewerStatus[] = [];
  const result = await followStudy(testIo(), prepared, (jobs) => seen.push(studyStatus(prepared.study, jobs)));
  const finished = finishedStatus(result);
  expect(finished.verdict).toMatch(/^Of 4 comparisons with learning from scratch/);
  expect(finished.caption).toBe(
    'On acrobot?maxSteps=50, mountaincar: some agents learned it from scratch, some came from cartpole',
  );
  expect(seen.map(({ caption }) => caption)).toContainEqual(
    expect.stringMatching(/^Learned cartpole, now learning acrobot\?maxSteps=50, mountaincar, step /),
  );
  for (const { curves = [], curvesTitle } of [seen.at(-1)!, finished]) {
    expect(curvesTitle).toBe('return on acrobot?maxSteps=50, mountaincar');
    expect(curves.map(({ label }) => label).toSorted()).toEqual(
      ['cartpole, full', 'cartpole, head-only', 'scratch'].flatMap((name) =>
        targets.map((target) => `from ${name}, ${target}`),
      ),
    );
    const [scratch] = curves.filter(({ label }) => label === 'from scratch, mountaincar');
    expect(scratch).toMatchObject({ arm: 'scratch', env: 'mountaincar' });
    expect(scratch.points.map(([, mean]) => mean)).toEqual(
      result.pairs[2].scratch.curves[0].returns.map(
        (value, i) => (value + result.pairs[2].scratch.curves[1].returns[i]) / 2,
      ),
    );
  }
}, 60_000);
