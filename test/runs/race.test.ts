import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotFiniteError, StoppedError, UserError } from '../../src/core/errors.ts';
import { createRng } from '../../src/core/rng.ts';
import { registerGame } from '../../src/envs/index.ts';
import { resolveTransfer } from '../../src/runs/config.ts';
import { readMetrics } from '../../src/runs/metrics-log.ts';
import { type Candidate, candidateFolder, type Race, type RaceResult, runRace } from '../../src/runs/race.ts';
import { RESUME_KEY, trainRun, trainUntil } from '../../src/runs/run.ts';
import { readSource } from '../../src/runs/source.ts';
import { raceStored, standingOf } from '../../src/runs/stored-run.ts';
import { FolderStore } from '../../src/runs/store.ts';
import { rungsOf } from '../../src/transfer/race.ts';
import { souring } from './souring-game.ts';
import { outcome, stopAfter, timeless as timelessRows, TINY, tinyConfig } from './tiny-run.ts';

const program = fileURLToPath(new URL('./race-child.ts', import.meta.url));

let folder: string;
let race: Race;
let through: RaceResult;
const inside = (name: string): string => join(folder, name);
const BUDGET = 24 * 128;

/** Scratch, three transfers that begin at the same source: full, head-only and a shuffled one. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-race-'));
  await trainRun(inside('source'), await tinyConfig({ seed: 1, totalTimesteps: 512, evaluations: 1 }), null);
  const env = 'cartpole?force=20';
  const { kernels } = await tinyConfig();
  const training = { ...TINY, env, totalTimesteps: BUDGET, evaluations: 6 };
  const transfer = (seed: number, more: object) => ({
    config: resolveTransfer({ ...training, seed, ...more }, { id: 'x', info: null }, { backend: 'wasm', kernels }),
    source: inside('source'),
  });
  race = {
    rules: { budget: BUDGET, share: 0.5, rungs: 0 },
    candidates: [
      { config: await tinyConfig({ env, seed: 10, totalTimesteps: BUDGET }), source: null },
      transfer(11, { method: 'full' }),
      transfer(12, { method: 'head-only' }),
      transfer(13, { method: 'full', control: 'shuffled' }),
    ],
  };
  through = await runRace(inside('through'), race);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A transfer that learns so fast that its weights overflow. */
function diverging(seed: number): Candidate {
  const [, { config, source }] = race.candidates;
  const stageLearningRates = ['heads/policy=1e38', 'heads/value=1e38'];
  return { config: { ...config, seed, transfer: { ...config.transfer!, stageLearningRates } }, source };
}

const timeless = ({ seconds: _seconds, ...result }: RaceResult): object => result;

describe('a run that is paused', () => {
  it('goes on to the same bits as one that is not', async () => {
    const config = await tinyConfig({ seed: 4 });
    await trainRun(inside('whole'), config, null);
    for (const until of [300, 1024]) {
      const { step, evaluations } = await trainUntil(inside('paused'), config, null, until);
      expect(step).toBe(Math.ceil(until / 128) * 128);
      expect(evaluations.map((row) => row.step)).toEqual(until === 300 ? [0] : [0, 512, 1024]);
      expect(existsSync(inside('paused/result.json'))).toBe(false);
    }
    await trainRun(inside('paused'), config, null);
    expect(outcome(inside('paused'))).toEqual(outcome(inside('whole')));
    await expect(trainUntil(inside('paused'), config, null, 2000)).rejects.toThrow(
      new UserError(`${inside('paused')} holds a finished run, which can't be paused`),
    );
  });

  it('plays an evaluation there: its own, where it has one', async () => {
    const config = await tinyConfig({ seed: 4 });
    const [first, again] = [
      await trainUntil(inside('plays'), config, null, 300),
      await trainUntil(inside('plays'), config, null, 300),
    ];
    expect(again.evaluation).toBe(first.evaluation);
    const { evaluation, evaluations } = await trainUntil(inside('plays'), config, null, 512);
    expect(evaluation).toBe(evaluations.at(-1)?.mean);
  });
});

describe('a race', () => {
  it('spends its budget, and not more than an update of each candidate besides', () => {
    expect(through.step).toBeGreaterThanOrEqual(BUDGET);
    expect(through.step).toBeLessThan(BUDGET + 4 * 128);
    const last = new Map(through.phases.flat().map(({ candidate, step }) => [candidate, step]));
    expect(through.step).toBe([...last.values()].reduce((a, b) => a + b));
    const rungs = rungsOf(4, race.rules);
    expect(rungs.map(({ candidates }) => candidates)).toEqual([4, 2]);
    expect(through.phases.map((pauses) => pauses.length)).toEqual([4, 2, 1]);
    for (const { step } of through.phases[0]) expect(step).toBe(Math.ceil(rungs[0].until / 128) * 128);
  });

  it('keeps the best of each rung, by what they collected in it for each episode', () => {
    const [first, second, [winner]] = through.phases;
    for (const [pauses, left, from] of [
      [first, second.map(({ candidate }) => candidate), 0],
      [second, [winner.candidate], first[0].step],
    ] as const) {
      for (const { candidate, score, step } of pauses) {
        const rows = readMetrics(`${candidateFolder(inside('through'), candidate)}/metrics.jsonl`).filter(
          (row) => Number(row.step) > from && Number(row.step) <= step,
        );
        const ended = rows.reduce((sum, row) => sum + Number(row.episodes), 0);
        // In cartpole each step is worth 1; in eight environments up to eight episodes are under way.
        const underWay = (step - from) / score! - ended;
        expect(underWay).toBeCloseTo(Math.round(underWay), 9);
        expect(underWay).toBeGreaterThan(5);
        expect(underWay).toBeLessThan(8.1);
      }
      const byScore = pauses.toSorted((a, b) => b.score! - a.score!).map(({ candidate }) => candidate);
      expect(new Set(left)).toEqual(new Set(byScore.slice(0, left.length)));
    }
    expect(through.winner).toBe(winner.candidate);
  });

  it('has a curve over the steps of all, from scratch before to the winner after', () => {
    const { evaluations } = through;
    expect(evaluations[0].step).toBe(0);
    expect(evaluations.at(-1)).toEqual({ step: through.step, mean: through.phases[2][0].evaluation });
    for (let i = 1; i < evaluations.length; i++) {
      expect(evaluations[i].step).toBeGreaterThanOrEqual(evaluations[i - 1].step);
    }
  });

  it('leaves a run folder for each, the losers cut short, with their logs and checkpoints', () => {
    race.candidates.forEach((_, i) => {
      const files = readdirSync(candidateFolder(inside('through'), i));
      for (const name of ['config.json', 'metrics.jsonl', 'evaluations.jsonl', 'checkpoints']) {
        expect(files).toContain(name);
      }
      expect(files).not.toContain('resume.safetensors');
    });
  });

  it('is stopped and goes on, again and again, to the same bits', async () => {
    let sessions = 0;
    for (const updates of [1, 3, 7, 2, 5, 1]) {
      await expect(runRace(inside('parts'), race, stopAfter(updates))).rejects.toThrow(StoppedError);
      sessions++;
    }
    expect(sessions).toBe(6);
    expect(existsSync(inside('parts/result.json'))).toBe(false);
    expect(timeless(await runRace(inside('parts'), race))).toEqual(timeless(through));
    race.candidates.forEach((_, i) => {
      const [parts, whole] = ['parts', 'through'].map((name) => candidateFolder(inside(name), i));
      expect(timelessRows(readMetrics(`${parts}/metrics.jsonl`))).toEqual(
        timelessRows(readMetrics(`${whole}/metrics.jsonl`)),
      );
      const [newest] = readdirSync(`${whole}/checkpoints`).sort().reverse();
      expect(readFileSync(`${parts}/checkpoints/${newest}`)).toEqual(readFileSync(`${whole}/checkpoints/${newest}`));
    });
  });

  it('is kept in a store, by one attempt after the other or two at once, and comes to the same bits', async () => {
    const store = new FolderStore(inside('stored'));
    const openSource = (source: string | null) => (source === null ? null : readSource(source));
    for (const updates of [3, 9, 6]) {
      await expect(raceStored(store, race, openSource, stopAfter(updates))).rejects.toThrow(StoppedError);
      expect((await store.list('snapshot-')).length).toBe(1);
    }
    // Of the candidates together: the last of each session's updates is told again by the next one.
    expect(await standingOf(store)).toMatchObject({ finished: false, step: (3 + 9 + 6 + 1) * 128 });
    const [one, other] = await Promise.all([0, 1].map(() => raceStored(store, race, openSource)));
    expect(one).toEqual(other);
    expect(timeless(one)).toEqual(timeless(through));
    expect(await standingOf(store)).toMatchObject({ finished: true, step: through.step });
    const withoutLock = (await new FolderStore(inside('through')).list()).sort();
    expect(await store.list()).toEqual(withoutLock);
  });

  it('is killed at random moments and goes on to the same bits', async () => {
    writeFileSync(inside('race.json'), JSON.stringify(race));
    const rng = createRng(Date.now(), 'kills');
    let kills = 0;
    for (let finished = false; !finished;) {
      const child = fork(program, [inside('killed'), inside('race.json')], {
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      const exit = once(child, 'exit');
      let reports = 0;
      // Only so often: the sixth process may finish.
      const last = kills < 5 ? rng.int(2, 14) : Infinity;
      child.on('message', () => ++reports === last && child.kill('SIGKILL'));
      const [code, signal] = await exit;
      finished = existsSync(inside('killed/result.json'));
      if (signal === 'SIGKILL') kills++;
      else expect(code).toBe(0);
    }
    expect(kills).toBeGreaterThan(1);
    expect(timeless(await runRace(inside('killed'), race))).toEqual(timeless(through));
  }, 120_000);

  it('goes on without a candidate that diverges, charged as far as it came', async () => {
    const withOne = { ...race, candidates: [race.candidates[0], diverging(11)] };
    const result = await runRace(inside('diverges'), withOne);
    const [[, lost], [last]] = result.phases;
    expect(lost).toMatchObject({ candidate: 1, score: null });
    expect(lost.step).toBeLessThan(rungsOf(2, race.rules)[0].until);
    expect(result.winner).toBe(0);
    expect(result.step).toBe(last.step + lost.step);
    expect(result.step).toBe(BUDGET);
    // Stopped once that one has left, it does not go back to it.
    const alone = result.phases[0][0].step / 128 + lost.step / 128;
    await expect(runRace(inside('diverges in parts'), withOne, stopAfter(alone + 2))).rejects.toThrow(StoppedError);
    expect(timeless(await runRace(inside('diverges in parts'), withOne))).toEqual(timeless(result));
  });

  it('ends with the error where nobody is left, whenever it is asked for again', async () => {
    const all = { ...race, candidates: [diverging(11), diverging(12)] };
    const message = /^no candidate is left: training diverged in update \d+ .*; the last good checkpoint is kept/;
    for (let i = 0; i < 2; i++) {
      const error = await runRace(inside('none left'), all).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(NotFiniteError);
      expect((error as Error).message).toMatch(message);
    }
  });

  it('ends with the error where the winner diverges in the first update after its rung', async () => {
    registerGame(souring);
    // Of 8 environments and 16 steps an update: the rung has four updates each, the fifth is the first that is bad.
    const algorithmConfig = { ...TINY.algorithmConfig, scaleRewards: false };
    const config = await tinyConfig({ env: 'souring?good=64', totalTimesteps: BUDGET, algorithmConfig });
    const candidates = [10, 11].map((seed) => ({ config: { ...config, seed }, source: null }));
    const sour = { candidates, rules: { budget: BUDGET, share: 1 / 3, rungs: 0 } };
    await expect(runRace(inside('sour'), sour)).rejects.toThrow(
      /^no candidate is left: training diverged in update 5 /,
    );
  });

  it('decides by what it knows where a rung is shorter than an update', async () => {
    const short = { ...race, rules: { ...race.rules, share: 0.05, rungs: 3 } };
    const { phases } = await runRace(inside('short rungs'), short);
    const [first, ...others] = phases.slice(0, -1);
    const scores = new Map(first.map(({ candidate, score }) => [candidate, score]));
    const idle = others.flat().filter(({ step }) => step === first[0].step);
    expect(idle.length).toBeGreaterThan(0);
    for (const { candidate, score } of idle) expect(score).toBe(scores.get(candidate));
    const [best] = first.toSorted((a, b) => b.score! - a.score!);
    expect(phases.at(-1)![0].candidate).toBe(best.candidate);
  });

  it('is refused in the folder of a run or study, and no run begins in that of a race', async () => {
    await expect(runRace(inside('source'), race)).rejects.toThrow(
      new UserError(`${inside('source')} holds a run; choose another folder`),
    );
    await expect(trainRun(inside('through'), await tinyConfig(), null)).rejects.toThrow(
      new UserError(`${inside('through')} holds a race; choose another folder`),
    );
  });

  it('is read back when it has finished, and refused in the folder of another', async () => {
    // As it is left by a kill after the result was stored.
    const leftover = join(candidateFolder(inside('through'), 1), RESUME_KEY);
    writeFileSync(leftover, 'all that was needed to go on');
    expect(await runRace(inside('through'), race)).toEqual(JSON.parse(JSON.stringify(through)));
    expect(existsSync(leftover)).toBe(false);
    const other = { ...race, rules: { ...race.rules, share: 0.4 } };
    await expect(runRace(inside('through'), other)).rejects.toThrow(
      new UserError(`${inside('through')} holds another race; choose another folder`),
    );
  });
});
