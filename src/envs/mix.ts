import * as z from 'zod';
import { defineGame, type Game, type Named } from '../core/game.ts';
import { deviationOf, takeIn } from '../core/moments.ts';
import type { Rng } from '../core/rng.ts';
import { asterix } from './asterix.ts';
import { breakout } from './breakout.ts';
import { canonicalGame, canonicalPlanes } from './canonical.ts';
import { freeway } from './freeway.ts';
import { MINATAR_MAX_STEPS, MINATAR_STICKY, SIX_ACTIONS, SIZE } from './minatar.ts';
import { seaquest } from './seaquest.ts';
import { spaceInvaders } from './space-invaders.ts';

/*
 * Several games in turn, to learn from more than one source: each episode is one of a game. All are seen on canonical
 * planes. An environment plays the game that it has played the fewest steps of so far, so that games of long episodes
 * get no larger share; by chance among equals.
 *
 * Each game has six actions of its own, the only legal ones while it is played: a policy then has rows of its own for
 * each game on one trunk, and no game pulls at another's. With `heads=shared` all games take the same six, so that the
 * policy also fits every one of the games alone.
 *
 * Rewards are divided by the running deviation of their game's discounted return, so that no game outweighs the others.
 */

const originals: readonly Game[] = [breakout, asterix, freeway, seaquest, spaceInvaders] as readonly Game[];
const DEFAULTS = originals.map((game) => game.variants.parse({}) as Record<string, unknown>);
const GAMES = originals.map((game, i) => canonicalGame(game, DEFAULTS[i]));

/** The games that may take part. */
export const mixedGames: readonly string[] = GAMES.map(({ id }) => id);

const switches = Object.fromEntries(
  GAMES.map(({ id }) => [id, z.boolean().default(true).describe(`is ${id} one of the games?`)]),
);
const variants = z
  .object({
    ...switches,
    heads: z
      .enum(['per-game', 'shared'])
      .default('per-game')
      .describe('actions, and with them rows of the policy, for each game, or the same for all'),
    scaleRewards: z
      .boolean()
      .default(true)
      .describe("are each game's rewards divided by the running deviation of its discounted return?"),
  })
  .refine((variant) => playedIn(variant).length > 0, `at least one game must be left: ${mixedGames.join(', ')}`);

interface Variant extends Record<string, unknown> {
  readonly heads: 'per-game' | 'shared';
  readonly scaleRewards: boolean;
}

interface State {
  readonly variant: Variant;
  /** Indices of the games that take part. */
  readonly played: Int32Array;
  /** Index of the game of this episode. */
  current: number;
  /** Of every game: its state, and the steps played so far. */
  readonly states: object[];
  readonly steps: Float64Array;
  /** The action as the game knows it. */
  readonly action: Int32Array;
  /** Discounted return of the running episode. */
  readonly discounted: Float64Array;
  /** `[game][3]`: count, mean and sum of squared deviations of the discounted returns seen. */
  readonly moments: Float64Array;
}

const GAMMA = 0.99;
/** A deviation of 1 is believed for as many steps: the first rewards would be divided by next to nothing. */
const PRIOR_STEPS = 100;

/** What a mix calls an action of a game's own. */
export const mixedAction = (game: string, action: string): string => `${game}:${action}`;

const ownActions = ({ id }: Game): Named[] =>
  SIX_ACTIONS.map(({ name, roles }) => ({ name: mixedAction(id, name), roles }));

/** Indices of the games that take part. */
const playedIn = (variant: Record<string, unknown>): number[] =>
  [...GAMES.keys()].filter((game) => variant[GAMES[game].id] === true);

export const mix = defineGame<State, typeof variants>({
  id: 'mix',
  revision: 1,
  summary: 'Several games in turn on canonical planes, to learn from more than one source.',
  players: 1,
  variants,
  // The six that all share, then each game's own.
  actions: [...SIX_ACTIONS, ...GAMES.flatMap(ownActions)],
  minimalActions: [
    ...SIX_ACTIONS.map(({ name }) => name),
    ...GAMES.flatMap(({ id, minimalActions = [] }) => minimalActions.map((name) => mixedAction(id, name))),
  ],
  sticky: MINATAR_STICKY,
  maxSteps: MINATAR_MAX_STEPS,
  remembers: true,

  offered(variant) {
    const actions =
      variant.heads === 'shared' ? SIX_ACTIONS : playedIn(variant).flatMap((game) => ownActions(GAMES[game]));
    return actions.map(({ name }) => name);
  },

  observation: () => canonicalPlanes(SIZE, SIZE),

  create: (variant) => ({
    variant: variant as Variant,
    played: Int32Array.from(playedIn(variant)),
    current: 0,
    states: GAMES.map((game, i) => game.create(DEFAULTS[i]) as object),
    steps: new Float64Array(GAMES.length),
    action: new Int32Array(1),
    discounted: new Float64Array(1),
    moments: Float64Array.from(GAMES.flatMap(() => [PRIOR_STEPS, 0, PRIOR_STEPS])),
  }),

  reset(state, rng) {
    state.current = leastPlayed(state, rng);
    state.discounted[0] = 0;
    GAMES[state.current].reset(state.states[state.current], rng);
  },

  step(state, actions, rng, rewards) {
    const { current, states, steps, action, variant } = state;
    action[0] = actions[0] % SIX_ACTIONS.length;
    const isOver = GAMES[current].step(states[current], action, rng, rewards);
    steps[current]++;
    if (variant.scaleRewards) rewards[0] /= deviation(state, rewards[0]);
    return isOver;
  },

  observe(state, player, out, offset) {
    GAMES[state.current].observe(state.states[state.current], player, out, offset);
  },

  legal(state, _player, out, offset) {
    const group = state.variant.heads === 'shared' ? 0 : state.current + 1;
    const first = offset + group * SIX_ACTIONS.length;
    out.fill(0, offset, offset + (GAMES.length + 1) * SIX_ACTIONS.length);
    out.fill(1, first, first + SIX_ACTIONS.length);
  },
});

/** The game with the fewest steps; of equals each is as likely. */
function leastPlayed({ played, steps }: State, rng: Rng): number {
  let least = played[0];
  let equals = 1;
  for (let i = 1; i < played.length; i++) {
    const game = played[i];
    if (steps[game] > steps[least]) continue;
    equals = steps[game] === steps[least] ? equals + 1 : 1;
    if (equals === 1 || rng.int(0, equals) === 0) least = game;
  }
  return least;
}

/** Takes in a reward of the current game; the running deviation of that game's discounted return. */
function deviation({ discounted, moments, current }: State, reward: number): number {
  const at = 3 * current;
  discounted[0] = discounted[0] * GAMMA + reward;
  takeIn(moments, discounted[0], at);
  return deviationOf(moments, at);
}
