import { afterEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { defineGame, type Game } from '../../src/core/game.ts';
import { registerGame } from '../../src/envs/index.ts';
import { Exhibition } from '../../src/live/exhibition.ts';
import type { ExhibitionOptions } from '../../src/live/match.ts';
import type { PlayedSource, PolicySource } from '../../src/live/match-source.ts';
import { decodeFrame, type Frame } from '../../src/live/protocol.ts';
import { freshPolicy } from './fresh-policy.ts';

const running: Exhibition[] = [];
afterEach(() => {
  running.splice(0).forEach((exhibition) => exhibition.close());
  vi.useRealTimers();
});

/** An exhibition at 500 steps a second that keeps its frames. */
function exhibit(source: PlayedSource, options: ExhibitionOptions = {}): { exhibition: Exhibition; frames: Frame[] } {
  const frames: Frame[] = [];
  const exhibition: Exhibition = new Exhibition(source, {
    stepsPerSecond: 500,
    onFrame: (text) => frames.push(decodeFrame(text, exhibition.info().stage!.board)),
    ...options,
  });
  running.push(exhibition);
  return { exhibition, frames };
}

/** Breakout for the keyboard, watched. */
function played(stepsPerSecond: number): { exhibition: Exhibition; frames: Frame[] } {
  const game = exhibit({ id: 'play', label: 'you', driver: 'keys', env: 'breakout?sticky=0' }, { stepsPerSecond });
  game.exhibition.setWatchers(1);
  return game;
}

const fixed = (env: string, step = 1000): PolicySource => ({
  id: 'm',
  label: env,
  latest: async (after) => (step > after ? { step, bytes: freshPolicy(env, step) } : null),
});

const waitMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 10_000; !condition(); await waitMs(2)) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
  }
}

describe('an exhibition', () => {
  test('plays only while somebody watches, and goes on from where it stood', async () => {
    const { exhibition, frames } = exhibit(fixed('breakout'));
    await waitMs(50);
    expect(frames).toEqual([]);
    exhibition.setWatchers(1);
    await until(() => frames.length > 5, 'frames');
    exhibition.setWatchers(0);
    await waitMs(20);
    const count = frames.length;
    await waitMs(100);
    expect(frames.length).toBe(count);
    exhibition.setWatchers(2);
    await until(() => frames.length > count, 'more frames');
    expect(frames.map(({ frame }) => frame)).toEqual(frames.map((_, i) => i));
  });

  test('shows what the policy makes of every state, the training step and the whole episode', async () => {
    const { exhibition, frames } = exhibit(fixed('breakout', 84_000));
    exhibition.setWatchers(1);
    await until(() => frames.some(({ episode }) => episode === 2), 'a third episode');
    expect(exhibition.info()).toMatchObject({ state: 'playing', stage: { game: 'breakout', env: 'breakout' } });
    for (const frame of frames) {
      expect(frame.trainingStep).toBe(84_000);
      if (frame.terminated) {
        expect(frame).toMatchObject({ action: null, probabilities: null, value: null });
      } else {
        expect(frame.probabilities!.reduce((a, b) => a + b)).toBeCloseTo(1, 1);
        expect(frame.action).toBeLessThan(6);
        expect(frame.value).not.toBeNull();
      }
    }
    const first = frames.filter(({ episode }) => episode === 0);
    expect(first.map(({ step }) => step)).toEqual(first.map((_, i) => i));
    expect(first.at(-1)!.terminated).toBe(true);
    // The ball is seen where it was lost: on the bottom row, which an automatic reset would have hidden.
    const { picture } = first.at(-1)!;
    expect(picture.kind === 'planes' && ballRow(picture.cells)).toBe(9);
    expect(first.at(-1)!.episodeReturn).toBe(first.reduce((sum, { reward }) => sum + reward, 0));
  });

  test('shows where an episode of shapes ended', async () => {
    const { exhibition, frames } = exhibit(fixed('cartpole'));
    exhibition.setWatchers(1);
    await until(() => frames.some(({ terminated }) => terminated), 'the end');
    const end = frames.find(({ terminated }) => terminated)!;
    const pole = end.picture.kind === 'shapes' ? end.picture.shapes.find(({ role }) => role === 'ball') : undefined;
    const lean = pole?.kind === 'line' ? Math.abs(Math.atan2(pole.x2 - pole.x, pole.y - pole.y2)) : 0;
    expect(lean).toBeGreaterThan(0.2);
  });

  test('equal seeds see equal matches', async () => {
    const one = exhibit(fixed('asterix'), { seed: 4 });
    const two = exhibit(fixed('asterix'), { seed: 4 });
    const other = exhibit(fixed('asterix'), { seed: 5 });
    for (const { exhibition } of [one, two, other]) exhibition.setWatchers(1);
    await until(() => [one, two, other].every(({ frames }) => frames.length > 100), 'frames');
    expect(two.frames.slice(0, 100)).toEqual(one.frames.slice(0, 100));
    expect(other.frames.slice(0, 100)).not.toEqual(one.frames.slice(0, 100));
  });

  test('waits for the first weights and renews them between episodes', async () => {
    let step = -1;
    const { exhibition, frames } = exhibit({
      ...fixed('breakout'),
      latest: async (after) => (step > after ? { step, bytes: freshPolicy('breakout', step, step) } : null),
    });
    exhibition.setWatchers(1);
    await waitMs(50);
    expect(exhibition.info().state).toBe('waiting');
    expect(frames).toEqual([]);
    step = 0;
    await until(() => frames.length > 0, 'a first frame');
    step = 500;
    await until(() => frames.some(({ trainingStep }) => trainingStep === 500), 'renewed weights');
    const change = frames.findIndex(({ trainingStep }) => trainingStep === 500);
    expect(frames[change].step).toBe(0);
    expect(frames[change - 1].terminated).toBe(true);
  });

  test('an endless episode gives way to newer weights', async () => {
    // Freeway's episodes last 2,500 steps whoever plays.
    let step = 1;
    const { exhibition, frames } = exhibit(
      {
        ...fixed('freeway'),
        latest: async (after) => (step > after ? { step, bytes: freshPolicy('freeway', step) } : null),
      },
      { stepsPerSecond: 4000 },
    );
    exhibition.setWatchers(1);
    await until(() => frames.length > 0, 'frames');
    step = 2;
    await until(() => frames.some(({ trainingStep }) => trainingStep === 2), 'newer weights');
    const change = frames.findIndex(({ trainingStep }) => trainingStep === 2);
    expect(frames[change - 1].step).toBeGreaterThanOrEqual(600);
    expect(frames[change - 1].step).toBeLessThan(2400);
    expect(frames[change]).toMatchObject({ episode: 1, step: 0 });
  });

  test('weights that cannot be read are told, and the old ones play on', async () => {
    let step = 1;
    const { exhibition, frames } = exhibit({
      ...fixed('breakout'),
      latest: async (after) =>
        step <= after ? null : { step, bytes: step === 1 ? freshPolicy('breakout', 1) : new Uint8Array(100) },
    });
    exhibition.setWatchers(1);
    await until(() => frames.length > 0, 'frames');
    step = 2;
    await until(() => exhibition.info().problem !== undefined, 'a problem');
    expect(exhibition.info().problem).toContain('checkpoint 2 of breakout');
    const count = frames.length;
    await until(() => frames.length > count + 30, 'more frames');
    expect(frames.at(-1)!.trainingStep).toBe(1);
  });

  test('a game nobody has registered is a problem on the page, not a crash', async () => {
    const { exhibition } = exhibit({ ...fixed('breakout'), env: 'pong' });
    await until(() => exhibition.info().problem !== undefined, 'a problem');
    expect(exhibition.info()).toMatchObject({ state: 'waiting', stage: null });
    expect(exhibition.info().problem).toContain('unknown game "pong"');
  });

  test('pause stands still, next begins anew', async () => {
    const { exhibition, frames } = exhibit(fixed('freeway'), { stepsPerSecond: 25 });
    exhibition.setWatchers(1);
    await until(() => frames.length > 3, 'frames');
    exhibition.setPaused(true);
    await waitMs(40);
    // The frame it stands on is handed over once more, for those who missed it.
    expect(frames.at(-1)).toEqual(frames.at(-2));
    const paused = frames.length;
    await waitMs(200);
    expect(frames.length).toBe(paused);
    expect(exhibition.info().state).toBe('paused');

    exhibition.next();
    await until(() => frames.length > paused, 'the next episode');
    await waitMs(100);
    expect(frames.length).toBe(paused + 1);
    expect(frames.at(-1)).toMatchObject({ episode: 1, step: 0 });
  });

  test('speed makes haste', async () => {
    vi.useFakeTimers();
    const { exhibition, frames } = exhibit(fixed('freeway'), { stepsPerSecond: 25 });
    exhibition.setWatchers(1);
    await vi.advanceTimersByTimeAsync(200);
    const counts: number[] = [];
    for (const speed of [1, 4, 0.25]) {
      const before = frames.length;
      exhibition.setSpeed(speed);
      await vi.advanceTimersByTimeAsync(640);
      counts.push(frames.length - before);
    }
    // The step that was due when the speed changed comes when it was due.
    expect(counts).toEqual([16, 61, 4]);
  });
});

describe('a game for the keyboard', () => {
  test('waits for a key, obeys it at once, and does nothing without one', async () => {
    vi.useFakeTimers();
    const { exhibition, frames } = played(2);
    await vi.advanceTimersByTimeAsync(600);
    expect(frames.length).toBe(1);
    expect(exhibition.info().state).toBe('ready');

    exhibition.press(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(frames.length).toBe(2);
    expect(exhibition.info().state).toBe('playing');
    const column = (frame: Frame) => frame.picture.kind === 'planes' && paddleColumn(frame.picture.cells);
    expect(column(frames[1])).toBe(Number(column(frames[0])) - 1);

    exhibition.press(null);
    await vi.advanceTimersByTimeAsync(1000);
    expect(frames.length).toBe(4);
    expect(column(frames[3])).toBe(column(frames[1]));
  });

  test('a tap between two steps counts', async () => {
    const { exhibition, frames } = played(10);
    await until(() => frames.length === 1, 'the start');
    exhibition.press(0);
    await until(() => frames.length === 2, 'the first step');
    exhibition.press(3);
    exhibition.press(null);
    await until(() => frames.length === 3, 'the second step');
    const columns = frames.map(({ picture }) => (picture.kind === 'planes' ? paddleColumn(picture.cells) : -1));
    expect(columns[2]).toBe(columns[1] + 1);
  });

  test('a tap counts while another key is held, and that goes on', async () => {
    const { exhibition, frames } = played(10);
    await until(() => frames.length === 1, 'the start');
    exhibition.press(1);
    await until(() => frames.length > 1, 'the first step');
    const tapped = frames.length;
    exhibition.press(3);
    exhibition.press(1);
    await until(() => frames.length > tapped + 1, 'two more');
    const columns = frames.map(({ picture }) => (picture.kind === 'planes' ? paddleColumn(picture.cells) : -1));
    const moves = columns.slice(1).map((column, i) => column - columns[i]);
    expect(moves.slice(tapped - 2, tapped + 1)).toEqual([-1, 1, -1]);
  });

  test('keys do nothing where a policy plays, nor do actions the game has not', async () => {
    const agent = exhibit(fixed('breakout'));
    agent.exhibition.press(1);
    const human = exhibit({ id: 'play', label: 'you', driver: 'keys', env: 'cartpole' });
    human.exhibition.setWatchers(1);
    await until(() => human.frames.length === 1, 'the start');
    human.exhibition.press(2);
    await waitMs(50);
    expect(human.frames.length).toBe(1);
  });

  test('chance plays by itself', async () => {
    const { exhibition, frames } = exhibit({ id: 'm', label: 'random', driver: 'random', env: 'breakout' });
    exhibition.setWatchers(1);
    await until(() => frames.length > 60, 'frames');
    expect(new Set(frames.flatMap(({ action }) => action ?? [])).size).toBe(6);
    expect(frames[0]).toMatchObject({ probabilities: null, trainingStep: null });
  });
});

/** A game of two features with no shapes: the step over 10, and its negative over 2. It breaks where it is told to. */
const plain = (id: string, broken: Partial<Game<{ step: number }>> = {}) =>
  defineGame({
    id,
    revision: 1,
    summary: 'Counts.',
    players: 1,
    variants: z.object({}),
    actions: [{ name: 'noop', roles: ['noop'] }],
    observation: () => ({
      kind: 'features',
      features: [
        { name: 'step', roles: ['position'], scale: 10 },
        { name: 'debt', roles: ['position'], scale: 2 },
      ],
    }),
    create: () => ({ step: 0 }),
    reset: (state) => void (state.step = 0),
    step: (state) => ++state.step === 6,
    observe: (state, _player, out, offset) => out.set([state.step, -state.step], offset),
    ...broken,
  });
const ouch = (): never => {
  throw new Error('ouch');
};
const ouchAfter3 = (state: { step: number }): boolean => (++state.step > 3 ? ouch() : false);
const lateShapes = (state: { step: number }) => (state.step > 3 ? ouch() : []);
const lateObserve: Game<{ step: number }>['observe'] = (state) => state.step > 3 && ouch();
registerGame(plain('no-shapes'));
registerGame(plain('bad-step', { step: ouchAfter3 }));
registerGame(plain('bad-shapes', { shapes: lateShapes }));
registerGame(plain('bad-observe', { observe: lateObserve }));
registerGame(plain('bad-create', { create: ouch }));

describe('a game of a user', () => {
  test('that has no shapes is drawn as bars of its features, from the middle', async () => {
    const { exhibition, frames } = exhibit({ id: 'm', label: 'random', driver: 'random', env: 'no-shapes' });
    exhibition.setWatchers(1);
    await until(() => frames.length > 6, 'an episode');
    const bars = ({ picture }: Frame) =>
      picture.kind === 'shapes' && picture.shapes.filter(({ kind }) => kind === 'box');
    expect(frames[2].step).toBe(2);
    expect(bars(frames[2])).toMatchObject([
      { x: 0.5, width: expect.closeTo(0.05, 3), y: expect.closeTo(0.1, 3) },
      { x: 0.25, width: 0.25, y: expect.closeTo(0.6, 3) },
    ]);
    // The end is drawn too, and a value beyond twice its scale ends at the border.
    expect(frames[6]).toMatchObject({ step: 6, terminated: true });
    expect(bars(frames[6])).toMatchObject([{ width: expect.closeTo(0.15, 3) }, { x: 0, width: 0.5 }]);
  });

  test.each(['bad-step', 'bad-shapes', 'bad-observe'])('that throws stops with the reason: %s', async (env) => {
    const { exhibition, frames } = exhibit({ id: 'm', label: env, driver: 'random', env });
    exhibition.setWatchers(1);
    await until(() => exhibition.info().problem !== undefined, 'a problem');
    expect(exhibition.info()).toMatchObject({ state: 'stopped', problem: 'ouch' });
    expect(frames.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    exhibition.next();
    await until(() => frames.length === 8, 'another try');
    await until(() => exhibition.info().state === 'stopped', 'another end');
  });

  test('that cannot be opened tells why, to whoever listens, and is not cleared by a look for weights', async () => {
    const { exhibition } = exhibit({ ...fixed('breakout'), env: 'bad-create', latest: async () => null });
    exhibition.setWatchers(1);
    await waitMs(50);
    expect(exhibition.info()).toMatchObject({ stage: null, problem: 'ouch' });
  });

  test('is loaded before it is opened, and again after that has failed', async () => {
    let tries = 0;
    const load = async (): Promise<void> => {
      if (++tries === 1) throw new Error('the file is gone');
      if (tries === 2) registerGame(plain('late'));
    };
    const { exhibition, frames } = exhibit({ id: 'm', label: 'late', driver: 'random', env: 'late', load });
    await until(() => exhibition.info().problem === 'the file is gone', 'a problem');
    exhibition.setWatchers(1);
    await until(() => frames.length > 2, 'frames');
    expect(exhibition.info()).toMatchObject({ problem: undefined, stage: { env: 'late' } });
  });
});

const ballRow = (cells: Uint8Array): number => Math.floor(cells.findIndex((bit, i) => i % 4 === 1 && bit === 1) / 40);

const paddleColumn = (cells: Uint8Array): number => (cells.findIndex((bit, i) => i % 4 === 0 && bit === 1) / 4) % 10;
