import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { replayClassic, replayMinAtar } from '../../scripts/golden-replay.ts';
import { observationSize } from '../../src/core/game.ts';
import { envSpec } from '../../src/envs/env-id.ts';
import { findGame } from '../../src/envs/index.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';

/* Recordings of MinAtar 1.0.15 and Gymnasium 1.4.0, described in README.md beside this file. */

const GOLDEN = import.meta.dirname;
const scratch = mkdtempSync(join(tmpdir(), 'ngplus-golden-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const lines = (file: string): any[] =>
  gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const minatar = readdirSync(join(GOLDEN, 'minatar')).map((name) => join(GOLDEN, 'minatar', name));
const episodes = (all: any[]): any[] => all.filter(({ type }) => type === 'episode');

describe('MinAtar', () => {
  it.each(minatar)('replays %s with the recorded draws', (file) => {
    const result = replayMinAtar(file, 'tape');
    expect(result.mismatch).toBeUndefined();
    expect([result.passed, result.failed]).toEqual([episodes(lines(file)).length, 0]);
  });

  it.each(minatar)('replays %s from the seeds alone', (file) => {
    const result = replayMinAtar(file, 'seed');
    const seeded = lines(file).filter(({ type, seed }) => type === 'set' && seed !== null);
    const expected = episodes(lines(file)).filter(({ set }) => seeded.some((one) => one.set === set));
    expect(result.mismatch).toBeUndefined();
    expect([result.passed, result.failed]).toEqual([expected.length, 0]);
  });

  it.each(minatar.filter((file) => !file.includes('chosen')))('%s: a vec env with rng=mt19937 follows', (file) => {
    const [header, ...rest] = lines(file);
    const game = findGame(header.game.replaceAll('_', '-'));
    let checked = 0;
    for (const set of rest.filter(({ type }) => type === 'set')) {
      const ramping = 'ramping' in game.variants.shape ? { ramping: set.ramping } : {};
      const spec = envSpec(game, { ...ramping, sticky: set.sticky, maxSteps: 0, rng: 'mt19937' });
      // Of two environments of seed s, one is seeded with 2s and the other with 2s + 1: the recording is one of them.
      const index = set.seed % 2;
      const env = createVecEnv(spec, 2, (set.seed - index) / 2);
      const size = observationSize(spec.observation);
      env.reset();
      // Automatic resets follow the recording as long as nothing was played after an end, and nothing was cut.
      for (const episode of episodes(rest).filter((one) => one.set === set.set)) {
        const steps = episode.first_terminal === null ? episode.steps : episode.first_terminal + 1;
        for (let i = 0; i < steps; i++) {
          const actions = new Int32Array(2);
          actions[index] = Number(episode.actions[i]);
          env.step(actions);
          expect(env.rewards[index]).toBe(episode.rewards[i]);
          expect(env.terminated[index]).toBe(Number(episode.terminals[i]));
        }
        const seen = (episode.first_terminal === null ? env.obs : env.finalObs).subarray(
          index * size,
          (index + 1) * size,
        );
        const bits = Buffer.from(episode.obs[steps - 1], 'base64');
        expect([...seen]).toEqual(Array.from(seen, (_, i) => (bits[i >> 3] >> (i & 7)) & 1));
        checked++;
        if (set.acts_after_terminal > 0 || episode.first_terminal === null) break;
      }
    }
    expect(checked).toBeGreaterThan(10);
  });
});

describe('classic control', () => {
  it.each(['cartpole', 'mountaincar', 'acrobot'])('replays %s step by step', (name) => {
    const result = replayClassic(join(GOLDEN, 'classic', `${name}.jsonl.gz`));
    expect(result.mismatch).toBeUndefined();
    expect([result.passed, result.failed]).toEqual([20, 0]);
  });

  // The README's tolerances for whole episodes from the first state; acrobot is chaotic.
  it.each([
    ['cartpole', 1e-7],
    ['mountaincar', 1e-14],
  ])('%s stays within %f over whole episodes', (name, tolerance) => {
    const spec = envSpec(findGame(name));
    for (const episode of episodes(lines(join(GOLDEN, 'classic', `${name}.jsonl.gz`)))) {
      const state = spec.game.create(spec.variant) as { values: Float64Array };
      state.values.set(episode.state0);
      episode.actions.forEach((action: number, i: number) => {
        const ended = spec.game.step(state, [action], undefined as never, new Float32Array(1));
        expect(ended).toBe(i === episode.steps - 1 && episode.terminated);
        state.values.forEach((value, k) => expect(Math.abs(value - episode.states[i][k])).toBeLessThan(tolerance));
      });
    }
  });
});

describe('a recording that differs', () => {
  /** The breakout recording, with one episode changed. */
  function changed(change: (episode: any) => void): string {
    const all = lines(join(GOLDEN, 'minatar', 'breakout.jsonl.gz'));
    change(all.find(({ type, set, episode }) => type === 'episode' && set === 1 && episode === 2));
    const folder = mkdtempSync(join(scratch, 'changed-'));
    const file = join(folder, 'minatar', 'breakout.jsonl.gz');
    mkdirSync(join(folder, 'minatar'));
    writeFileSync(file, gzipSync(all.map((line) => JSON.stringify(line)).join('\n')));
    return folder;
  }
  const replay = (folder: string) => replayMinAtar(join(folder, 'minatar', 'breakout.jsonl.gz'), 'tape');

  it('is named by cell and channel', () => {
    const folder = changed((episode) => {
      const bits = Buffer.from(episode.obs[3], 'base64');
      const bit = (9 * 10 + 7) * 4;
      bits[bit >> 3] ^= 1 << (bit & 7);
      episode.obs[3] = bits.toString('base64');
    });
    const { passed, failed, mismatch } = replay(folder);
    expect([passed, failed]).toEqual([106, 1]);
    expect(mismatch).toBe(
      'breakout.jsonl.gz, set 1, episode 2, step 3: cell (x 7, y 9), channel paddle: expected 1, got 0',
    );
  });

  it.each([
    ['reward', (e: any) => (e.rewards[1] += 1), /step 1: reward: expected \d, got \d/],
    ['terminal', (e: any) => (e.terminals = `1${e.terminals.slice(1)}`), /step 0: terminal: expected 1, got 0/],
    ['a draw left over', (e: any) => e.draws[4].push(['rand', [], 0.5]), /step 4: 1 draws left over/],
    ['a draw missing', (e: any) => e.draws[4].pop(), /step 4: draw: expected no more draws, got rand\(\)/],
    [
      'other arguments',
      (e: any) => (e.reset_draws[0][1] = [0, 3]),
      /reset: draw: expected randint\(0,3\), got randint\(0,2\)/,
    ],
  ])('by %s', (_what, change, message) => {
    const { failed, mismatch } = replay(changed(change));
    expect(failed).toBe(1);
    expect(mismatch).toMatch(message);
  });

  it('makes the script end with exit code 1', async () => {
    const folder = changed((episode) => (episode.rewards[0] = 5));
    cpSync(join(GOLDEN, 'classic'), join(folder, 'classic'), { recursive: true });
    const script = join(GOLDEN, '..', '..', 'scripts', 'golden.ts');
    const run = promisify(execFile)(process.execPath, ['--import', 'tsx', script, folder]);
    const { code, stdout } = await run.then(
      (output) => ({ code: 0, ...output }),
      (error) => error as { code: number; stdout: string },
    );
    expect(code).toBe(1);
    expect(stdout).toContain('breakout.jsonl.gz, set 1, episode 2, step 0: reward: expected 5, got 0');
    expect(stdout).toContain('pendulum.jsonl.gz: skipped');
    expect(stdout).toContain('mountaincar_continuous.jsonl.gz: skipped');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('166 passed, 1 failed');
  });
});
