import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { study, train } from '../../src/index.ts';
import { tinyStudy } from '../exec/tiny-study.ts';
import { TINY } from '../runs/tiny-run.ts';
import { ngplus } from './in-process.ts';

let folder: string;
const inside = (name: string): string => join(folder, name);
const jsonIn = (name: string) => JSON.parse(readFileSync(inside(name), 'utf8'));
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-runs-'));
  await train({ ...TINY, env: 'cartpole', totalTimesteps: 128, evaluations: 1, folder: inside('alone') });
  await study({ ...tinyStudy({ gate: true }), folder: inside('pair'), threads: 1 });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The lines of the list, without where they are. */
async function list(where: string): Promise<string[]> {
  const { code, stdout } = await ngplus(`runs ${inside(where)}`);
  expect(code).toBe(0);
  return stdout.replaceAll(`${folder}/`, '').trimEnd().split('\n');
}

describe('the list of runs', () => {
  it('has a line for a study, whatever number of runs it has', async () => {
    const [run, pair, ...others] = await list('');
    expect(run).toMatch(/^alone +cartpole +ppo\/mlp +seed 0 +scratch +finished at 128 +return [\d.]+$/);
    expect(pair).toMatch(
      /^pair +cartpole → acrobot\?maxSteps=50 +study +2 seeds +full, gate +finished, 10 trainings +helped 0, hurt 0, unclear 2$/,
    );
    expect(others).toEqual([]);
  });

  it('has the runs and races of a study whose folder is named', async () => {
    const [pair, ...jobs] = await list('pair');
    expect(pair).toMatch(/^pair +cartpole → /);
    expect(jobs).toHaveLength(10);
    expect(
      jobs.filter((line) => / race +finished at \S+, (scratch|full) won +return -[\d.]+$/.test(line)),
    ).toHaveLength(4);
    expect(await list('pair/jobs')).toHaveLength(10);
  });

  it('tells which candidate of a race has won', async () => {
    const { id } = jsonIn('pair/study.json').jobs.find(({ arm }: { arm: string }) => arm === 'race');
    const { winner } = jsonIn(`pair/jobs/${id}/result.json`);
    const states = ['left', 'left'].with(winner, 'won');
    const [race, ...candidates] = await list(`pair/jobs/${id}`);
    expect(race).toMatch(/ race +finished at /);
    const statesOf = (lines: string[]) => lines.map((line) => / (\w+) at \S+ +return /.exec(line)?.[1]);
    expect(statesOf(candidates)).toEqual(states);
    expect(statesOf(await list(`pair/jobs/${id}/candidates`))).toEqual(states);
  });

  it('counts what is finished of a study and a race under way', async () => {
    const { id } = jsonIn('pair/study.json').jobs.find(({ arm }: { arm: string }) => arm === 'race');
    for (const name of [`pair/jobs/${id}/result.json`, 'pair/result.json']) rmSync(inside(name));
    expect((await list(''))[1]).toMatch(/ 9 of 10 trainings$/);
    expect((await list(`pair/jobs/${id}`))[0]).toMatch(/ race +\d+ of 512$/);
    const { stdout } = await ngplus(`runs ${folder} --json -`);
    expect(JSON.parse(stdout)).toMatchObject([
      { kind: 'run', finished: true, from: null, step: 128 },
      { kind: 'study', finished: false, trainings: 10, trainingsFinished: 9, outcomes: null },
    ]);
    writeFileSync(inside('pair/study.json'), '{}');
    expect(await list('')).toHaveLength(11);
  });

  it('leaves out a line that was torn', async () => {
    rmSync(inside('alone/result.json'));
    writeFileSync(inside('alone/evaluations.jsonl'), '{"step":0,"mean":1,"returns":[1]}\n{"step":12');
    expect((await list('alone'))[0]).toMatch(/^alone +cartpole .* of 128 +return 1\.0+$/);
  });
});

it('a demo leaves a study that is none of its own as it is', async () => {
  for (const flags of ['', ' --fresh']) {
    const { code, stderr } = await ngplus(`demo --folder ${inside('pair')} --port 0${flags}`);
    expect(code).toBe(2);
    expect(stderr).toBe(`ngplus demo: "${inside('pair')}" holds no demo; choose another folder\n`);
  }
  expect(existsSync(inside('pair/jobs'))).toBe(true);
});
