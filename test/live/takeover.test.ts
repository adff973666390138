import { io } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import { Exhibition } from '../../src/live/exhibition.ts';
import type { PolicySource } from '../../src/live/match-source.ts';
import { type Ask, decodeFrame, type Frame, type MatchInfo } from '../../src/live/protocol.ts';
import { startViewer } from '../../src/live/server.ts';
import { freshPolicy } from './fresh-policy.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Freeway: an episode lasts 2,500 steps whatever happens to the chicken. */
const agent = (env = 'freeway?sticky=0'): PolicySource => ({
  id: 'm',
  label: env,
  env,
  latest: async (after) => (after < 9 ? { step: 9, bytes: freshPolicy(env, 9) } : null),
});

function exhibit(source: PolicySource, stepsPerSecond = 200): { match: Exhibition; frames: Frame[] } {
  const frames: Frame[] = [];
  const match: Exhibition = new Exhibition(source, {
    stepsPerSecond,
    onFrame: (text) => frames.push(decodeFrame(text, match.info().stage!.board)),
  });
  match.setWatchers(1);
  endings.push(() => match.close());
  return { match, frames };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 20_000; !condition(); await new Promise((go) => setTimeout(go, 2))) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
  }
}

const UP = 2;
/** The row of freeway's chicken, the first channel. */
const row = ({ picture }: Frame): number => {
  if (picture.kind !== 'planes') throw new Error('freeway is planes');
  const channels = picture.cells.length / 100;
  return Math.floor(picture.cells.findIndex((bit, i) => i % channels === 0 && bit === 1) / channels / 10);
};

describe('who takes over in mid-match', () => {
  test('goes on from the present state by keys, and hands back to the policy', async () => {
    const { match, frames } = exhibit(agent());
    await until(() => frames.length > 30, 'the policy plays');
    match.setSpeed(8);
    expect(match.take('me')).toBe(true);
    expect(match.info()).toMatchObject({ driver: 'keys', human: 'me', speed: 1, state: 'playing' });
    match.setSpeed(8);
    expect(match.info().speed).toBe(1);
    const before = frames.length;
    match.press(UP, 'me');
    await until(() => frames.length > before + 40, 'a human plays');
    match.handBack('me');
    expect(match.info()).toMatchObject({ driver: 'policy', human: undefined });
    const after = frames.length;
    await until(() => frames.length > after + 20, 'the policy goes on');

    // One episode without a gap, whose steps say who made them.
    expect(frames.map(({ step, episode }) => [step, episode])).toEqual(frames.map((_, i) => [i, 0]));
    const [agents, humans, again] = [frames.slice(0, before), frames.slice(before, after), frames.slice(after + 1)];
    expect(new Set(agents.map(({ human }) => human))).toEqual(new Set([undefined]));
    expect(new Set(humans.slice(1).map(({ human }) => human))).toEqual(new Set(['now']));
    expect(new Set(again.map(({ human }) => human))).toEqual(new Set(['before']));
    // What the policy makes of it is still seen, but not as an action.
    expect(humans.at(-1)).toMatchObject({ action: null, probabilities: expect.any(Array) });
    expect(again.at(-1)!.action).not.toBeNull();
    // The key held: the chicken only goes up, but for cars and the far side that send it back to its start.
    const rows = humans.slice(2).map(row);
    expect(rows.slice(1).every((to, i) => to <= rows[i] || to === 9)).toBe(true);
    expect(new Set(rows).size).toBeGreaterThan(2);
  });

  test('is alone: nobody else takes over, presses or hands back', async () => {
    const { match, frames } = exhibit(agent());
    await until(() => frames.length > 5, 'the policy plays');
    expect(match.take('me')).toBe(true);
    expect(match.take('you')).toBe(false);
    match.handBack('you');
    match.press(UP, 'you');
    match.press(UP);
    expect(match.info().human).toBe('me');
    const from = frames.length;
    await until(() => frames.length > from + 40, 'frames');
    // No key of theirs: the chicken stays, or goes back to its start.
    const rows = frames.slice(from + 1).map(row);
    expect(rows.slice(1).every((to, i) => to === rows[i] || to === 9)).toBe(true);
  });

  test('plays to the end of the episode at most', async () => {
    const { match, frames } = exhibit(agent('breakout'));
    await until(() => match.take('me'), 'taking over');
    await until(() => frames.at(-1)?.episode === 1, 'the next episode');
    expect(match.info()).toMatchObject({ driver: 'policy', human: undefined, state: 'playing' });
    expect(frames.findLast(({ episode }) => episode === 0)).toMatchObject({ human: 'now', terminated: true });
    expect(frames.at(-1)!.human).toBeUndefined();
  });

  test('must watch: the server gives the match back when they leave or are gone', async () => {
    const viewer = await startViewer({ port: 0, matches: [agent()], stepsPerSecond: 50 });
    endings.push(() => viewer.close());
    const visit = () => {
      const socket = io(viewer.url, { transports: ['websocket'], reconnection: false });
      const state: { info: MatchInfo | null } = { info: null };
      socket.on('matches', ([info]: MatchInfo[]) => (state.info = info));
      socket.on('match', (info: MatchInfo) => (state.info = info));
      endings.push(() => socket.close());
      return { socket, state, ask: (ask: Ask['ask']) => socket.emit('ask', { ask, match: 'm' }) };
    };
    const [one, other] = [visit(), visit()];
    other.ask('watch');
    await until(() => other.state.info?.state === 'playing', 'a match');
    await until(() => one.socket.connected, 'another visitor');
    // Without watching there is nothing to take.
    one.ask('take');
    other.ask('take');
    await until(() => other.state.info?.driver === 'keys', 'taking over');
    expect(other.state.info!.human).toBe(other.socket.id);
    one.ask('hand-back');
    one.ask('watch');
    await until(() => one.state.info?.driver === 'keys', 'the news');
    expect(one.state.info!.human).toBe(other.socket.id);
    other.socket.close();
    await until(() => one.state.info?.driver === 'policy', 'the policy again');
    one.ask('take');
    await until(() => one.state.info?.human === one.socket.id, 'taking over');
    one.ask('leave');
    await until(() => one.state.info?.driver === 'policy', 'the policy again');
  });
});
