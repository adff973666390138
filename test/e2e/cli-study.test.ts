import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { buildOnce } from './build-once.ts';
import { emptyFolder, ngplus, startNgplus } from './processes.ts';

const cwd = emptyFolder();
const STUDY =
  'study --sources cartpole?force=20 --targets cartpole --seeds 2 --source-timesteps 2048 --target-timesteps 2048 ' +
  '--evaluations 2 --evaluation-episodes 4 --random-episodes 50 --controls none';

beforeAll(buildOnce, 180_000);

it('a study stops at Ctrl-C, goes on, and says with intervals what transfer was worth', async () => {
  const running = startNgplus(`${STUDY} --folder study`, { cwd });
  const finishedJobs = (): string[] => {
    const jobs = join(cwd, 'study/jobs');
    return existsSync(jobs) ? readdirSync(jobs).filter((job) => existsSync(join(jobs, job, 'result.json'))) : [];
  };
  while (finishedJobs().length === 0) await sleep(5);
  running.signal('SIGINT');
  const stopped = await running.ended;
  expect(stopped.code).toBe(130);
  expect(stopped.stderr.trimEnd().split('\n').at(-1)).toMatch(/^ngplus study: stopped/);
  expect(existsSync(join(cwd, 'study/result.json'))).toBe(false);
  const kept = finishedJobs().map((job) => join(cwd, 'study/jobs', job, 'result.json'));
  const times = kept.map((file) => statSync(file).mtimeMs);

  const { code, stdout } = await ngplus(`${STUDY} --folder study --json study.json`, { cwd });
  expect(code).toBe(0);
  // What was finished was not done again.
  expect(kept.map((file) => statSync(file).mtimeMs)).toEqual(times);
  expect(stdout).toContain('2 seeds an arm');
  expect(stdout).toContain('report: study/report.html');

  const result = JSON.parse(readFileSync(join(cwd, 'study/result.json'), 'utf8'));
  expect(JSON.parse(readFileSync(join(cwd, 'study.json'), 'utf8'))).toEqual(result);
  expect(result.pairs).toHaveLength(1);
  const [{ source, target, method, scratch, transfer, comparison }] = result.pairs;
  expect({ source, target, method }).toEqual({ source: 'cartpole?force=20', target: 'cartpole', method: 'full' });
  for (const arm of [scratch, transfer]) {
    expect(arm.curves.map(({ steps }: { steps: number[] }) => steps)).toEqual([
      [0, 1024, 2048],
      [0, 1024, 2048],
    ]);
  }
  const { value, low, high } = comparison.metrics.jumpstart;
  expect(low).toBeLessThanOrEqual(value);
  expect(high).toBeGreaterThanOrEqual(value);

  const report = readFileSync(join(cwd, 'study/report.html'), 'utf8');
  expect(report).toContain('<svg');
  expect(report).not.toMatch(/(src|href)="https?:/);
  expect(readFileSync(join(cwd, 'study/pairs.csv'), 'utf8').split('\n')).toHaveLength(1 + 1 + 1);
  // Two arms of two runs with three evaluations.
  expect(readFileSync(join(cwd, 'study/curves.csv'), 'utf8').split('\n')).toHaveLength(1 + 12 + 1);
  expect(readdirSync(join(cwd, 'study/figures'))).toHaveLength(2);
}, 90_000);

it('a finished study shows its result at once, and another one needs another folder', async () => {
  const first = await ngplus(`${STUDY} --folder study --json -`, { cwd });
  expect(first.code).toBe(0);
  expect(JSON.parse(first.stdout)).toEqual(JSON.parse(readFileSync(join(cwd, 'study/result.json'), 'utf8')));
  const other = await ngplus(`${STUDY} --folder study --seed 1`, { cwd });
  expect(other.code).toBe(2);
  expect(other.stderr.trimEnd()).toMatch(/study holds another study .*choose another folder or delete it$/);
});

it('studies without a folder get one each', async () => {
  const studies = [`${STUDY} --seed 1`, `${STUDY} --seed 2`].map((line) => startNgplus(line, { cwd }));
  const folders = (): string[] => (existsSync(join(cwd, 'runs')) ? readdirSync(join(cwd, 'runs')) : []);
  while (folders().length < 2) await sleep(20);
  for (const running of studies) running.signal('SIGINT');
  expect((await Promise.all(studies.map(({ ended }) => ended))).map(({ code }) => code)).toEqual([130, 130]);
  for (const folder of folders()) expect(folder).toMatch(/^study-[0-9a-f]{8}$/);
});

it('a study between planes and features gives each game the net that reads it, and the defaults of its kind', async () => {
  const line = STUDY.replace('cartpole?force=20', 'breakout').replace('--seeds 2', '--seeds 2 --filters 2');
  const wrong = await ngplus(`${line} --folder both`, { cwd });
  expect(wrong.code).toBe(2);
  const { code, stderr } = await ngplus(`${line.replace('--filters 2', '')} --folder both`, { cwd });
  expect(stderr).not.toContain('unknown option');
  expect(code).toBe(0);
  const jobs = join(cwd, 'both/jobs');
  const configs = readdirSync(jobs).map((id) => JSON.parse(readFileSync(join(jobs, id, 'config.json'), 'utf8')));
  const coefs = configs.map(({ env, algorithmConfig }) => `${env.split('?')[0]}: ${algorithmConfig.entCoef}`);
  expect([...new Set(coefs)].toSorted()).toEqual(['breakout: 0.02', 'cartpole: 0']);
});
