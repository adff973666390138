import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Duel } from '../../src/live/duel.ts';
import { openLibrary } from '../../src/live/library.ts';
import { type Ask, decodeFrame, DUEL, type Frame, type MatchInfo } from '../../src/live/protocol.ts';
import { recordEpisode } from '../../src/live/recording.ts';
import { startViewer } from '../../src/live/server.ts';
import { freshPolicy } from './fresh-policy.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 20_000; !condition(); await new Promise((go) => setTimeout(go, 2))) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
  }
}

function duel(env: string, seed: number, stepsPerSecond = 400) {
  const bytes = freshPolicy(env, 500);
  const frames: Record<string, Frame[]> = { [DUEL.you]: [], [DUEL.agent]: [] };
  const match: Duel = new Duel(bytes, 'the agent', {
    seed,
    stepsPerSecond,
    onFrame: (id, text) => frames[id].push(decodeFrame(text, match.infos()[0].stage!.board)),
    onChange: () => undefined,
  });
  endings.push(() => match.close());
  return { match, bytes, you: frames[DUEL.you], agent: frames[DUEL.agent] };
}

describe('a duel', () => {
  test('waits for the first key, then both boards go in step, each to its end', async () => {
    const { match, you, agent } = duel('breakout?sticky=0', 3);
    match.setWatched(true);
    await until(() => agent.length === 1, 'the start');
    expect(match.infos().map(({ driver, state }) => [driver, state])).toEqual([
      ['keys', 'ready'],
      ['policy', 'playing'],
    ]);
    // The same luck: both see the same start.
    expect(agent[0].picture).toEqual(you[0].picture);
    await new Promise((go) => setTimeout(go, 100));
    expect(you.length).toBe(1);
    match.press(1);
    await until(() => match.infos()[0].state === 'ready' && you.length > 3, 'the next pair');
    const [mine, theirs] = [you, agent].map((frames) => frames.filter(({ episode }) => episode === 0));
    for (const frames of [mine, theirs]) {
      expect(frames.map(({ step }) => step)).toEqual(frames.map((_, i) => i));
      expect(frames.at(-1)!.terminated).toBe(true);
    }
    // Whoever is out waits for the other.
    const together = Math.min(mine.length, theirs.length);
    expect(mine.slice(0, together).map(({ frame }) => frame)).toEqual(
      theirs.slice(0, together).map(({ frame }) => frame),
    );
    expect(new Set(mine.slice(1).map(({ human }) => human))).toEqual(new Set(['now']));
    expect(new Set(theirs.map(({ human }) => human))).toEqual(new Set([undefined]));
    expect(you.at(-1)).toMatchObject({ episode: 1, step: 0 });
  });

  test('has the agent play what a recording of the same seed shows', async () => {
    const { match, bytes, agent } = duel('asterix', 11, 2000);
    match.setWatched(true);
    await until(() => match.infos()[0].state === 'ready', 'the start');
    match.press(0);
    await until(() => agent.at(-1)!.terminated, 'the end');
    const { frames, stage } = await recordEpisode(bytes, 'x', { seed: 11, mode: 'sampled', maxSteps: 5000 });
    expect(agent.filter(({ episode }) => episode === 0)).toEqual(frames.map((text) => decodeFrame(text, stage.board)));
  });

  test('stands still while it is paused or nobody watches; next begins anew', async () => {
    const { match, you } = duel('freeway', 1, 100);
    match.setWatched(true);
    await until(() => you.length === 1, 'the start');
    match.press(2);
    await until(() => you.length > 5, 'frames');
    for (const stop of [(on: boolean) => match.setPaused(on), (on: boolean) => match.setWatched(!on)]) {
      stop(true);
      await new Promise((go) => setTimeout(go, 50));
      const stood = you.length;
      await new Promise((go) => setTimeout(go, 150));
      expect(you.length).toBe(stood);
      stop(false);
      await until(() => you.length > stood + 3, 'more');
    }
    match.next();
    await until(() => you.at(-1)!.episode === 1, 'the next pair');
    expect(match.infos()[0].state).toBe('ready');
  });

  test('is refused for what is no policy', () => {
    const options = { seed: 0, onFrame: () => undefined, onChange: () => undefined };
    expect(() => new Duel(new Uint8Array(20), 'noise', options)).toThrow('noise');
  });
});

describe('duels of a server', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'ngplus-duel-'));
  });
  afterAll(() => rm(root, { recursive: true }));

  async function visit(options: { hasLibrary: boolean }) {
    const library = options.hasLibrary ? openLibrary(root) : undefined;
    const viewer = await startViewer({ port: 0, root, stepsPerSecond: 100, library });
    endings.push(() => viewer.close());
    const guest = () => {
      const socket = io(viewer.url, { transports: ['websocket'], reconnection: false });
      endings.push(() => socket.close());
      const infos = new Map<string, MatchInfo>();
      const frames: string[] = [];
      socket.on('match', (info: MatchInfo) => infos.set(info.id, info));
      socket.on('frame', (id: string) => frames.push(id));
      return { infos, frames, socket, ask: (ask: Ask) => socket.emit('ask', ask) };
    };
    return [guest(), guest()] as const;
  }

  test('belong to the page that asked, and a new one takes the place of the last', async () => {
    const [one, other] = await visit({ hasLibrary: true });
    await until(() => other.socket.connected, 'another guest');
    one.ask({ ask: 'duel', match: 'zoo:breakout', seed: 1 });
    await until(() => one.frames.length >= 2, 'a start');
    expect(one.infos.get(DUEL.agent)).toMatchObject({ driver: 'policy', label: expect.stringContaining('breakout') });
    expect(one.infos.get(DUEL.you)).toMatchObject({ driver: 'keys', state: 'ready' });
    // Another page's keys are not heard.
    other.ask({ ask: 'press', match: DUEL.you, action: 1 });
    await new Promise((go) => setTimeout(go, 100));
    expect(one.infos.get(DUEL.you)!.state).toBe('ready');
    expect([other.infos.size, other.frames.length]).toEqual([0, 0]);
    one.ask({ ask: 'press', match: DUEL.you, action: 1 });
    await until(() => one.infos.get(DUEL.you)!.state === 'playing', 'play');
    one.ask({ ask: 'duel', match: 'zoo:freeway', seed: 1 });
    await until(() => one.infos.get(DUEL.you)!.stage!.game === 'freeway', 'another game');
    expect(one.infos.get(DUEL.you)!.state).toMatch(/playing|ready/);
  });

  test('can be with an agent as it was earlier', async () => {
    const folder = join(root, 'run', 'checkpoints');
    await mkdir(folder, { recursive: true });
    const config = { env: 'breakout', algorithm: 'ppo', seed: 7, totalTimesteps: 90, modules: [] };
    await writeFile(join(root, 'run', 'config.json'), JSON.stringify(config));
    for (const step of [30, 90])
      await writeFile(join(folder, `${String(step).padStart(12, '0')}.safetensors`), freshPolicy('breakout', step));
    const [one] = await visit({ hasLibrary: true });
    const steps: (number | null)[] = [];
    one.socket.on('frame', (id: string, text: string) => {
      if (id === DUEL.agent) steps.push(decodeFrame(text, one.infos.get(id)!.stage!.board).trainingStep);
    });
    one.ask({ ask: 'duel', match: 'run', step: 30, seed: 1 });
    await until(() => steps.length === 1, 'a start');
    one.ask({ ask: 'duel', match: 'run', seed: 1 });
    await until(() => steps.length === 2, 'another');
    expect(steps).toEqual([30, 90]);
    one.ask({ ask: 'duel', match: 'run', step: 31, seed: 1 });
    await until(() => one.infos.get(DUEL.agent)!.state === 'stopped', 'an answer');
    expect(one.infos.get(DUEL.agent)!.problem).toContain('unknown checkpoint "31"');
  });

  test.each([
    [true, 'zoo:chess', 'unknown agent "zoo:chess"'],
    [true, '../../etc', 'unknown agent "../../etc"'],
    [false, 'zoo:breakout', 'no agents are stored here'],
  ])('with a library (%s) against %s tell why not', async (hasLibrary, match, reason) => {
    const [one] = await visit({ hasLibrary });
    one.ask({ ask: 'duel', match, seed: 0 });
    await until(() => one.infos.get(DUEL.agent)?.state === 'stopped', 'an answer');
    expect(one.infos.get(DUEL.agent)!.problem).toContain(reason);
    expect(one.frames).toEqual([]);
  });
});
