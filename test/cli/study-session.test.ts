import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { followStudy } from '../../src/cli/study-session.ts';
import { prepareStudy } from '../../src/exec/api.ts';
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
