import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoppedError, UserError } from '../../src/core/errors.ts';
import { prepareStudy } from '../../src/exec/api.ts';
import { inlineExecutor } from '../../src/exec/inline.ts';
import { runStudy } from '../../src/exec/study.ts';
import { readStudyStatus } from '../../src/exec/study-status.ts';
import { tinyStudy } from './tiny-study.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-status-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('tells what is finished, runs and waits, the cost so far and in all, and the time left', async () => {
  const { study, executor: threads } = await prepareStudy({ ...tinyStudy(), folder });
  await threads.close();
  // Two trainings of 256 steps are finished, the third is stopped after the second of its four updates.
  const executor = inlineExecutor();
  const stopped = runStudy(study, folder, executor, ({ key, progress }) => {
    if (key.startsWith('scratch') && progress?.step === 256) executor.stop();
  });
  await expect(stopped).rejects.toThrow(StoppedError);

  const status = await readStudyStatus(folder);
  const state = ({ state: each, step }: (typeof status.trainings)[number]): unknown => [each, step];
  expect(status.trainings.map(state)).toEqual([
    ['finished', 256],
    ['finished', 256],
    ['running', 256],
    ['waiting', 0],
    ['waiting', 0],
    ['waiting', 0],
  ]);
  expect(status).toMatchObject({ steps: 768, totalSteps: 2560 });
  const [first, second, third] = status.trainings.map(({ seconds }) => seconds);
  expect(status.coreHours * 3600).toBeCloseTo(first + second + third, 9);
  // All that is left is of the game that the third one plays: 1792 steps at its pace, one at a time.
  const left = (1792 * third) / 256;
  expect(status.secondsLeft).toBeCloseTo(left, 9);
  expect(status.coreHoursInAll).toBeCloseTo(status.coreHours + left / 3600, 9);

  const later = await readStudyStatus(folder, folder, Date.now() + 60_000);
  expect(later.trainings[2]).toMatchObject({ state: 'waiting', step: 256 });
  expect(later.secondsLeft).toBeNull();

  await runStudy(study, folder, inlineExecutor());
  const over = await readStudyStatus(folder);
  expect(over).toMatchObject({ steps: 2560, totalSteps: 2560 });
  expect(over.coreHoursInAll).toBe(over.coreHours);
});

it('refuses a folder without a study', async () => {
  await expect(readStudyStatus(folder)).rejects.toThrow(UserError);
  await expect(readStudyStatus(folder)).rejects.toThrow('holds no study');
});
