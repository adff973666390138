import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Game } from '../../src/core/game.ts';
import { checkGame } from '../../src/envs/check-game.ts';
import { findGame, games } from '../../src/envs/index.ts';
import { newGameSource } from '../../src/envs/new-game-template.ts';
import { nim, tag } from './two-player-games.ts';

const breakout = findGame('breakout');
const cartpole = findGame('cartpole');
const messages = (game: unknown) => checkGame(game).map(({ level, message }) => `${level}: ${message}`);

/** Breakout with some of it replaced. */
const broken = (change: Partial<Game>): Game => ({ ...breakout, ...change });

it('finds nothing wrong with the games at hand', () => {
  for (const game of [...games, nim, tag]) expect(messages(game)).toEqual([]);
});

/** Counts its episodes, and starts each elsewhere. */
const counting = broken({
  create: (variant) => ({ ...(breakout.create(variant) as object), episodes: 0 }),
  reset(state, rng) {
    breakout.reset(state, rng);
    state.paddle = Math.min(9, state.episodes++);
  },
});

it('lets a game that says so keep something from one episode to the next', () => {
  const lacking = 'reset leaves something of the episode before';
  expect(messages(counting).join()).toContain(lacking);
  expect(messages({ ...counting, remembers: true }).join()).not.toContain(lacking);
});

describe('what a game declares', () => {
  it.each<[string, unknown, string]>([
    ['no object', 7, 'error: not a game: export default defineGame({ … })'],
    ['nothing', undefined, 'error: not a game: export default defineGame({ … })'],
    ['a field missing', (({ observe: _, ...rest }) => rest)(breakout), 'error: "observe" is missing (a function)'],
    ['a field of another type', { ...breakout, step: 1 }, 'error: "step" must be a function'],
    [
      'id',
      broken({ id: 'My Game' }),
      'error: the id "My Game" must be lower-case words joined by hyphens, like my-game',
    ],
    ['revision', broken({ revision: 0 }), 'error: revision must be a whole number from 1'],
    ['sticky', broken({ sticky: 2 }), 'error: sticky must be 0 to 1'],
    [
      'maxSteps',
      broken({ maxSteps: 0 }),
      'error: maxSteps must be a whole number from 1 (leave it out for no time limit)',
    ],
    ['players', broken({ players: 3 as 2 }), 'error: players must be 1 or 2, not 3'],
    [
      'turns',
      { ...nim, turns: undefined },
      'error: a game for two players needs turns: "simultaneous" or "alternating"',
    ],
    ['toAct', { ...nim, toAct: undefined }, 'error: a game with alternating turns needs toAct(state)'],
    ['one action', broken({ actions: [] }), 'error: actions must be an array of at least two { name, roles }'],
    [
      'actions of one name',
      broken({ actions: [...breakout.actions, { name: 'fire', roles: ['fire'] }] }),
      'error: two of the actions are called "fire"',
    ],
    [
      'an unknown role',
      broken({ actions: [...breakout.actions, { name: 'jump', roles: ['jump'] }] }),
      'warning: action "jump" has the role "jump", which no other game knows; known: noop, left, right, up, down, fire, place',
    ],
    [
      'no roles',
      broken({ actions: [...breakout.actions, { name: 'jump', roles: [] }] }),
      'warning: action "jump" has no roles, so transfer cannot align it; roles: noop, left, right, up, down, fire, place',
    ],
    [
      'minimalActions',
      broken({ minimalActions: ['noop', 'lefft'] }),
      'error: minimalActions has "lefft", which is no action; valid: noop, left, up, right, down, fire',
    ],
    [
      'variants of another kind',
      broken({ variants: {} as never }),
      'error: variants must be a zod object: z.object({ … })',
    ],
    [
      'a variant without default',
      broken({ variants: z.object({ speed: z.number() }) }),
      'error: variant parameters without a valid default: speed',
    ],
    [
      'a variant that hides an option',
      broken({ variants: z.object({ sticky: z.number().default(1).describe('x') }) }),
      'error: the variant parameter "sticky" is an option of every game',
    ],
    [
      'a variant without description',
      broken({ variants: breakout.variants.extend({ extra: z.number().default(1) }) }),
      `warning: the variant parameter "extra" has no description: use .describe('…')`,
    ],
    [
      'channels of one name',
      broken({
        observation: () => ({
          kind: 'planes',
          height: 10,
          width: 10,
          channels: ['a', 'b', 'a', 'c'].map((name) => ({ name, roles: ['self'] })),
        }),
      }),
      'error: two of the channels are called "a"',
    ],
    [
      'no observation',
      broken({ observation: () => ({}) as never }),
      'error: observation: kind must be "planes" or "features"',
    ],
    [
      'a scale of 0',
      {
        ...cartpole,
        observation: () => ({ kind: 'features', features: [{ name: 'x', roles: ['position'], scale: 0 }] }),
      },
      'error: feature "x" needs a scale above 0',
    ],
    [
      'an action offered that is none',
      broken({ offered: () => ['noop', 'jump'] }),
      'error: offered has "jump", which is no action; valid: noop, left, up, right, down, fire',
    ],
  ])('%s', (_what, game, message) => {
    expect(messages(game)).toContain(message);
  });
});

describe('how a game plays', () => {
  let count = 0;
  let kept: unknown;
  it.each<[string, unknown, string]>([
    [
      'an observation out of bounds',
      broken({
        observe(state, player, out, offset) {
          breakout.observe(state, player, out, offset);
          out[offset] = 2;
        },
      }),
      'error: observe writes 2 to channel "paddle", not 0 or 1',
    ],
    [
      'an observation not fully written',
      broken({
        observe(state, _player, out, offset) {
          for (let i = 0; i < 400; i++) if (i % 4 !== 2) out[offset + i] = state.wall[i];
        },
      }),
      'error: observe does not write channel "trail"',
    ],
    [
      'an observation at the wrong place',
      broken({ observe: (state, player, out) => breakout.observe(state, player, out, 0) }),
      'error: observe writes outside of its observation: add offset',
    ],
    [
      'a feature that is not a number',
      {
        ...cartpole,
        observe(_state: unknown, _player: number, out: Float32Array, offset: number) {
          out.fill(NaN, offset, offset + 4);
        },
      },
      'error: observe writes NaN to feature "cart_position"',
    ],
    [
      'a reward that is not a number',
      broken({
        step(state, actions, rng, rewards) {
          const ended = breakout.step(state, actions, rng, rewards);
          rewards[0] = ended ? NaN : 0;
          return ended;
        },
      }),
      'error: step must set rewards[0] to a finite number, every time',
    ],
    [
      'a reward that is not set',
      broken({ step: (state, actions, rng) => breakout.step(state, actions, rng, new Float32Array(1)) }),
      'error: step must set rewards[0] to a finite number, every time',
    ],
    [
      'no word on the end',
      broken({ step: (state, actions, rng, rewards) => void breakout.step(state, actions, rng, rewards) as never }),
      'error: step must return true or false, it returned undefined',
    ],
    [
      'luck of its own',
      broken({
        reset(state, rng) {
          breakout.reset(state, rng);
          state.paddle = count++ % 7;
        },
      }),
      'error: two plays with the same seed and actions differ: draw only from rng, keep all in the state',
    ],
    [
      'something left by the episode before',
      counting,
      'error: reset leaves something of the episode before in the state',
    ],
    [
      'one state for all',
      broken({ create: (variant) => (kept ??= breakout.create(variant)) }),
      'error: create returns the same object twice: environments would share their state',
    ],
    [
      'a state in parts that are shared',
      broken(
        (() => {
          const wall = new Uint8Array(400);
          return { create: (variant: never) => ({ ...(breakout.create(variant) as object), wall }) };
        })(),
      ),
      'error: two environments side by side disturb each other: keep all in the state',
    ],
    [
      'a state that is not plain data',
      broken({ create: (variant) => ({ ...(breakout.create(variant) as object), seen: new Map() }) }),
      'error: the state must be plain data, but after create and reset state.seen is a Map',
    ],
    [
      'an action that no one can choose',
      {
        ...nim,
        legal: (_state: unknown, _player: number, out: Uint8Array, offset: number) =>
          void out.fill(0, offset, offset + 3),
      },
      'error: legal leaves player 0 without any action, and the episode goes on',
    ],
    ['a mask not written', { ...tag, legal: () => {} }, 'error: legal must write 0 or 1 for every action'],
    ['nobody to act', { ...nim, toAct: () => 2 }, 'error: toAct must return 0 or 1, it returned 2'],
    [
      'a ball that goes on beyond the board',
      broken({
        step: (state, actions, rng, rewards) => breakout.step(state, actions, rng, rewards) && state.ballY > 12,
      }),
      'error: observe writes outside of its observation: add offset',
    ],
    [
      'no end in sight',
      {
        ...tag,
        maxSteps: undefined,
        step: (_s: unknown, _a: unknown, _r: unknown, rewards: Float32Array) => (rewards.fill(1), false),
      },
      'warning: no episode ended in 20000 random steps: set maxSteps, or evaluation may never end',
    ],
    [
      'an end at once',
      { ...tag, step: (_s: unknown, _a: unknown, _r: unknown, rewards: Float32Array) => (rewards.fill(1), true) },
      'warning: every episode ends with its first step',
    ],
    [
      'no reward',
      broken({
        step(state, actions, rng, rewards) {
          const ended = breakout.step(state, actions, rng, rewards);
          rewards[0] = 0;
          return ended;
        },
      }),
      'warning: random play was never rewarded: learning will hardly start',
    ],
    [
      'actions that change nothing',
      broken({ step: (state, _actions, rng, rewards) => breakout.step(state, [0], rng, rewards) }),
      'warning: the actions change nothing',
    ],
    [
      'nothing to draw',
      { ...cartpole, shapes: undefined },
      'warning: no shapes(state): the viewer has nothing to draw for a game with features',
    ],
    [
      'a shape nowhere',
      { ...cartpole, shapes: () => [{ kind: 'disc', role: 'self', x: NaN, y: 0, radius: 1 }] },
      'error: shapes gives a disc a coordinate that is not a number',
    ],
    [
      'a game that throws',
      broken({ reset: () => void (null as never as number[]).length }),
      'error: the game throws: Cannot read',
    ],
    [
      'a variant that breaks it',
      broken({
        reset(state, rng) {
          if (state.variant.paddleWidth === 5) throw new Error('too wide');
          breakout.reset(state, rng);
        },
      }),
      'error: with paddleWidth=5, the game throws: too wide',
    ],
  ])('%s', (_what, game, message) => {
    const found = messages(game);
    expect(found.filter((line) => line.startsWith(message))).toHaveLength(1);
  });

  it('notices what is kept outside of the state', () => {
    const hidden = new WeakMap<object, number>();
    const forgetful = broken({
      reset(state, rng) {
        breakout.reset(state, rng);
        hidden.set(state, 0);
      },
      step(state, actions, rng, rewards) {
        hidden.set(state, hidden.get(state)! + 1);
        const moved = hidden.get(state)! % 3 === 0 ? [0] : actions;
        return breakout.step(state, moved, rng, rewards);
      },
    });
    expect(messages(forgetful)).toEqual([
      'error: a saved and restored state goes on differently: something is kept outside of the state',
    ]);
  });
});

describe('the game that new-game writes', () => {
  it('is complete and passes every check', async () => {
    // In the project's folder, so that what it imports is found; its `ngplus` is this one.
    const folder = mkdtempSync(join(import.meta.dirname, '.new-game-'));
    try {
      const source = newGameSource('star-catcher');
      writeFileSync(
        join(folder, 'ngplus.ts'),
        "export { z } from 'zod';\nexport { defineGame } from '../../../src/core/game.ts';\n",
      );
      writeFileSync(join(folder, 'star-catcher.ts'), source.replace("'ngplus'", "'./ngplus.ts'"));
      const { default: game } = (await import(join(folder, 'star-catcher.ts'))) as { default: Game };
      expect(source).toMatch(/^import \{ defineGame, z \} from 'ngplus';\n/);
      expect(game.id).toBe('star-catcher');
      expect(Object.keys(game.variants.shape).length).toBeGreaterThanOrEqual(2);
      expect(messages(game)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
