import type { Game } from '../core/game.ts';
import { takenId, UserError } from '../core/errors.ts';
import { acrobot } from './acrobot.ts';
import { asterix } from './asterix.ts';
import { breakout } from './breakout.ts';
import { cartpole } from './cartpole.ts';
import { findGame as find, optionClashes, parseEnvId } from './env-id.ts';
import type { EnvSpec } from './env-id.ts';
import { freeway } from './freeway.ts';
import { mix } from './mix.ts';
import { mountaincar } from './mountaincar.ts';
import { seaquest } from './seaquest.ts';
import { spaceInvaders } from './space-invaders.ts';

/** The registered games, users' games included once `registerGame` has been called with them. */
export const games: Game[] = [breakout, asterix, freeway, seaquest, spaceInvaders, cartpole, mountaincar, acrobot, mix];

/** The registered game with this id; throws a UserError that lists them. */
export const findGame = (id: string): Game => find(id, games);

/** The environment an id like `breakout?paddleWidth=2` names, among the registered games. */
export const findEnv = (id: string): EnvSpec => parseEnvId(id, games);

/**
 * Adds a user's game to this thread: for playing and evaluating, while training takes the game's file. Throws a UserError
 * where its id is taken or one of its parameters has the name of an option.
 */
export function registerGame(game: Game): void {
  const ids = games.map(({ id }) => id);
  if (ids.includes(game.id)) throw takenId('game', game.id, ids);
  const clashes = optionClashes(game);
  if (clashes.length > 0) {
    throw new UserError(`${game.id}: the variant parameter "${clashes[0]}" has the name of an option of every game`);
  }
  games.push(game);
}
