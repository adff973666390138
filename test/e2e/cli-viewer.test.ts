import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { isCi } from '../../scripts/debian.ts';
import { findRedis } from '../../scripts/servers.ts';
import type { LibraryEntry } from '../../src/live/library.ts';
import type { Hello, MatchInfo } from '../../src/live/protocol.ts';
import { startRedis } from '../servers/redis.ts';
import { buildOnce } from './build-once.ts';
import { emptyFolder, ngplus, type Running, startNgplus } from './processes.ts';

const cwd = emptyFolder();
const URL_LINE = /at (http:\/\/127\.0\.0\.1:(\d+)\/)/;
const INVITATION =
  /at (\S+\?token=([\w-]{22})) .*\nfor others: https:\/\/viewer\.example\/\?token=\2\n(█{37}\n(?:██.{33}██\n)+▀{37})\n/;

beforeAll(async () => {
  await buildOnce();
  const line = 'train cartpole --total-timesteps 1024 --evaluations 1 --evaluation-episodes 1 --folder run';
  expect((await ngplus(line, { cwd })).code).toBe(0);
  expect((await ngplus('new-game mine.ts', { cwd })).code).toBe(0);
}, 60_000);

/** Starts a command with a viewer, which must answer. */
async function startViewing(line: string): Promise<{ running: Running; url: string; port: number }> {
  const running = startNgplus(line, { cwd });
  const [, url, port] = await running.says(URL_LINE);
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('<title>New Game+</title>');
  return { running, url, port: Number(port) };
}

/** The matches that a page is shown. Its socket stays open, as that of a page that nobody closes. */
const matchesAt = (url: string): Promise<MatchInfo[]> =>
  new Promise((resolve, reject) => {
    const socket = io(url, { transports: ['websocket'], reconnection: false });
    socket.on('connect_error', reject).on('matches', resolve);
  });

const helloAt = (url: string): Promise<Hello> =>
  new Promise((resolve, reject) => {
    const socket = io(url, { transports: ['websocket'], reconnection: false });
    socket.on('connect_error', reject).on('hello', resolve);
  });

/** The matches, once each is either opened or tells why not. */
async function settledAt(url: string): Promise<MatchInfo[]> {
  for (;;) {
    const matches = await matchesAt(url);
    if (matches.every(({ stage, problem }) => stage !== null || problem !== undefined)) return matches;
    await sleep(20);
  }
}

async function interrupt(running: Running, signal: NodeJS.Signals = 'SIGINT') {
  running.signal(signal);
  return running.ended;
}

describe('a viewer', () => {
  it('of a run takes the next port where one is taken, and ends at Ctrl-C', async () => {
    const first = await startViewing('watch run --port 0');
    const second = await startViewing(`watch run --port ${first.port}`);
    expect(second.port).toBeGreaterThan(first.port);
    for (const { url } of [first, second]) {
      expect(await matchesAt(url)).toMatchObject([{ id: 'run', label: 'cartpole, seed 0', driver: 'policy' }]);
    }
    expect(await interrupt(first.running)).toMatchObject({ code: 0, stderr: '' });
    expect(await interrupt(second.running, 'SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });

  it('of a folder of runs, of an empty one and of none at all is a lobby', async () => {
    mkdirSync(join(cwd, 'empty'));
    for (const [folder, isThere] of [
      ['.', true],
      ['empty', false],
      ['', false],
    ] as const) {
      const { running, url } = await startViewing(`watch ${folder} --port 0`);
      expect(await matchesAt(url)).toEqual([]);
      const entries = (await (await fetch(`${url}api/library`)).json()) as LibraryEntry[];
      expect(entries.some(({ id }) => id === 'run')).toBe(isThere);
      expect(entries.some(({ id }) => id === 'zoo:breakout')).toBe(true);
      expect(await interrupt(running)).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it('shows a policy of the zoo without any training', async () => {
    const { running, url } = await startViewing('watch zoo:breakout --port 0');
    expect(await matchesAt(url)).toMatchObject([{ id: 'zoo:breakout', driver: 'policy', stage: { env: 'breakout' } }]);
    expect(await interrupt(running)).toMatchObject({ code: 0, stderr: '' });
  });

  it('for others needs the token that it prints, also as a QR code, and only watches unless told', async () => {
    for (const [flags, readOnly] of [
      ['', true],
      [' --control', false],
    ] as const) {
      const running = startNgplus(`watch run --port 0 --origin https://viewer.example${flags}`, { cwd });
      const [, url] = await running.says(INVITATION);
      expect((await fetch(url.split('?')[0])).status).toBe(403);
      expect(await helloAt(url)).toMatchObject({ readOnly });
      expect(await interrupt(running)).toMatchObject({ code: 0, stderr: '' });
    }
    const wrong = await ngplus('watch run --origin viewer.example', { cwd });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--origin') });
  });

  it('listens on the address that it is told, and prints that', async () => {
    const running = startNgplus('watch run --port 0 --host 127.0.0.2', { cwd });
    const [, url, port] = await running.says(/at (http:\/\/127\.0\.0\.2:(\d+)\/) /);
    expect((await fetch(url)).status).toBe(200);
    expect(await matchesAt(url)).toMatchObject([{ id: 'run' }]);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
    expect(await interrupt(running)).toMatchObject({ code: 0, stderr: '' });
  });

  it.skipIf(!findRedis() && !isCi())('shows what another viewer plays, by Redis', async () => {
    const redis = await startRedis();
    const playing = await startViewing(`watch run --port 0 --redis ${redis.url}`);
    const relaying = await startViewing(`watch ${redis.url} --port 0`);
    expect(await matchesAt(relaying.url)).toMatchObject([{ id: 'run', label: 'cartpole, seed 0' }]);
    for (const { running } of [playing, relaying]) {
      expect(await interrupt(running)).toMatchObject({ code: 0, stderr: '' });
    }
    await redis.stop();
    const gone = await ngplus(`watch run --redis ${redis.url}`, { cwd });
    expect(gone).toMatchObject({ code: 2, stderr: expect.stringContaining("can't reach Redis at 127.0.0.1") });
  });

  it.each([
    ['breakout?paddleWidth=2', 'breakout?paddleWidth=2'],
    ['mine.ts', 'mine'],
  ])('lets people play %s', async (game, env) => {
    const { running, url } = await startViewing(`play ${game} --port 0`);
    expect(await matchesAt(url)).toMatchObject([{ driver: 'keys', stage: { env } }]);
    expect(await interrupt(running)).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    ['cartpole', 'run', '.'],
    ['breakout', 'zoo:breakout', 'zoo:breakout'],
  ])('lets people play %s against %s', async (game, against, id) => {
    const line = `play ${game} --against ${against} --seed 4 --port 0`;
    const home = `play?${new URLSearchParams({ id, seed: '4' })}`;
    const { running, url } = await startViewing(line);
    expect(await helloAt(url)).toMatchObject({ home, readOnly: false });
    expect(await interrupt(running)).toMatchObject({ code: 0, stderr: '' });
    // And so for all who come by the address that is meant for others.
    const shared = startNgplus(`${line} --origin https://viewer.example`, { cwd });
    const [, theirs] = await shared.says(INVITATION);
    expect(await helloAt(theirs)).toMatchObject({ home, readOnly: false });
    expect(await interrupt(shared)).toMatchObject({ code: 0, stderr: '' });
  });

  it('loads the game of a run by itself; a game that is gone is told on its match', async () => {
    const line = 'train --game mine.ts --total-timesteps 512 --num-steps 8 --evaluations 1 --evaluation-episodes 1';
    for (const job of ['kept', 'gone']) {
      expect((await ngplus(`${line} --folder runs/jobs/${job}`, { cwd })).code).toBe(0);
    }
    writeFileSync(join(cwd, 'runs/study.json'), '{}');
    const bundle = readdirSync(join(cwd, 'runs/jobs/gone')).find((name) => name.endsWith('.mjs'))!;
    // A game of the same content is loaded once: only alone is it missed.
    const both = await startViewing('watch runs --port 0');
    expect(await settledAt(both.url)).toMatchObject([{ stage: { env: 'mine' } }, { stage: { env: 'mine' } }]);
    expect((await interrupt(both.running)).code).toBe(0);
    rmSync(join(cwd, 'runs/jobs/gone', bundle));
    const { running, url } = await startViewing('watch runs/jobs/gone --port 0');
    const [match] = await settledAt(url);
    expect(match).toMatchObject({ stage: null, problem: expect.stringContaining(`has no ${bundle}`) });
    expect(await interrupt(running)).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);

  it('shows a training while it lasts', async () => {
    const training = startNgplus('train breakout --num-steps 16 --total-timesteps 1000000 --folder long', { cwd });
    while (!existsSync(join(cwd, 'long/checkpoints'))) await sleep(20);
    const { running, url } = await startViewing('watch long --port 0');
    expect(await matchesAt(url)).toMatchObject([{ id: 'long', label: 'breakout, seed 0', driver: 'policy' }]);
    expect(await interrupt(running)).toMatchObject({ code: 0, stderr: '' });
    expect(await interrupt(training)).toMatchObject({ code: 130 });
  });
});

describe('the demo, with no terminal', () => {
  const folder = join(cwd, 'demo');
  const jobs = join(folder, 'jobs');
  const metricsOf = (job: string): string => readFileSync(join(jobs, job, 'metrics.jsonl'), 'utf8');

  /** Waits for the first job's checkpoint of this number: metrics are written with each. */
  async function checkpoint(count: number): Promise<string> {
    for (;;) {
      const [job] = existsSync(jobs) ? readdirSync(jobs) : [];
      const made = job === undefined ? '' : join(jobs, job, 'checkpoints');
      if (existsSync(made) && readdirSync(made).length >= count) return job;
      await sleep(20);
    }
  }

  it('shows itself, stops at Ctrl-C, and goes on when it is started again', async () => {
    const first = await startViewing(`demo --folder demo --threads 1 --port 0`);
    const job = await checkpoint(2);
    const stopped = await interrupt(first.running);
    expect(stopped.code).toBe(130);
    expect(stopped.stderr.trimEnd().split('\n').at(-1)).toMatch(/^ngplus demo: stopped/);
    const before = metricsOf(job);
    expect(before).not.toBe('');

    const second = await startViewing(`demo --folder demo --threads 1 --port 0`);
    expect(await checkpoint(3)).toBe(job);
    expect((await interrupt(second.running)).code).toBe(130);
    // The speeds of the first session are still there: nothing was done again.
    expect(metricsOf(job).startsWith(before)).toBe(true);
    expect(metricsOf(job).length).toBeGreaterThan(before.length);
  });
});
