import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoppedError, UserError } from '../../src/core/errors.ts';
import { trainRun } from '../../src/runs/run.ts';
import { standingOf, trainStored } from '../../src/runs/stored-run.ts';
import { FolderStore } from '../../src/runs/store.ts';
import { outcome, stopAfter, tinyConfig } from './tiny-run.ts';

let folder: string;
let store: FolderStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-stored-'));
  store = new FolderStore(join(folder, 'stored'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plain = async (): Promise<ReturnType<typeof outcome>> => {
  await trainRun(join(folder, 'plain'), await tinyConfig(), null);
  return outcome(join(folder, 'plain'));
};

it('goes on from what another attempt has saved, and leaves what a run in a folder leaves', async () => {
  const config = await tinyConfig();
  for (const updates of [5, 7]) {
    await expect(trainStored(store, config, null, stopAfter(updates))).rejects.toThrow(StoppedError);
  }
  expect((await store.list('snapshot-')).length).toBe(1);
  expect(await standingOf(store)).toMatchObject({ finished: false, step: 13 * 128 });
  const steps: number[] = [];
  const result = await trainStored(store, config, null, { progress: ({ step }) => void steps.push(step) });
  expect(steps[0]).toBe(14 * 128);
  expect(outcome(store.folder)).toEqual(await plain());
  // Finished is finished.
  const nothing = stopAfter(0);
  expect(await trainStored(store, config, null, nothing)).toEqual(result);
  expect(await standingOf(store)).toEqual({ finished: true, step: 24 * 128, seconds: result.seconds, savedMs: 0 });
});

it('goes on with what was begun in the folder itself', async () => {
  const config = await tinyConfig();
  await expect(trainRun(store.folder, config, null, stopAfter(5))).rejects.toThrow(StoppedError);
  const steps: number[] = [];
  await trainStored(store, config, null, { progress: ({ step }) => void steps.push(step) });
  expect(steps[0]).toBe(6 * 128);
  expect(outcome(store.folder)).toEqual(await plain());
});

it('comes to the same where two attempts are under way at once: one result, for both', async () => {
  const config = await tinyConfig();
  const [one, other] = await Promise.all([0, 1].map(() => trainStored(store, config, null)));
  expect(one).toEqual(other);
  expect(outcome(store.folder)).toEqual(await plain());
});

it('refuses a run for other kernels than this machine takes', async () => {
  const stored = trainStored(store, { ...(await tinyConfig()), kernels: 'other' }, null);
  await expect(stored).rejects.toThrow(UserError);
  await expect(stored).rejects.toThrow('the run is for kernels "other"');
  expect(await store.list()).toEqual([]);
});

it('leaves no scratch folder', async () => {
  await trainStored(store, await tinyConfig(), null);
  const own = readdirSync(tmpdir()).filter(
    (name) => name.startsWith('ngplus-scratch-') && name.includes(`-${process.pid}-`),
  );
  expect(own).toEqual([]);
});
