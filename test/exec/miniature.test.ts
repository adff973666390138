import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StoppedError } from '../../src/core/errors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { study } from '../../src/exec/api.ts';
import { readStudyFile } from '../../src/exec/registration.ts';
import { describeStudy, type JobProgress } from '../../src/exec/study.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-miniature-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(readdirSync('studies'))('studies/%s can be run as it was registered', { timeout: 120_000 }, async (file) => {
  const { backend, kernels } = await loadEngine('wasm');
  const { jobs } = describeStudy(readStudyFile(join('studies', file)), folder, { backend, kernels });
  expect(jobs.length).toBeGreaterThan(100);
});

test('the matrix of all pairs in miniature, stopped in the midst and resumed', { timeout: 240_000 }, async () => {
  const { registration: _registration, ...registered } = readStudyFile('studies/all-pairs.yaml');
  const small = { seeds: 2, sourceTimesteps: 1024, targetTimesteps: 1024, evaluations: 2, evaluationEpisodes: 2 };
  const request = { ...registered, ...small, randomEpisodes: 20, controls: ['shuffled'] as const };
  const algorithmConfig = { numEnvs: 16, numSteps: 16, numMinibatches: 2, updateEpochs: 1 };
  const stop = new AbortController();
  const work = {
    ...request,
    algorithmConfig,
    controls: [...request.controls],
    folder: join(folder, 'study'),
    threads: 2,
  };
  let finished = 0;
  const progress = ({ state }: JobProgress): void => {
    if (state === 'finished' && ++finished === 12) stop.abort();
  };
  await expect(study({ ...work, signal: stop.signal, progress })).rejects.toThrow(StoppedError);
  const begun = readdirSync(join(folder, 'study', 'jobs')).length;
  const { pairs } = await study(work);
  expect(readdirSync(join(folder, 'study', 'jobs')).length).toBeGreaterThan(begun);
  const { sources } = registered;
  for (const control of [null, 'shuffled']) {
    const cells = pairs.filter((pair) => pair.control === control).map(({ source, target }) => `${source} ${target}`);
    const wanted = sources.flatMap((source) =>
      sources.filter((target) => target !== source).map((target) => `${source} ${target}`),
    );
    expect(cells.toSorted()).toEqual(wanted.toSorted());
  }
  for (const { comparison } of pairs) expect(comparison.arms.transfer.runs).toBe(2);
});
