/** What a game's own file needs of `ngplus`: it is bundled with the file, so that a game runs wherever it is sent. */
export { z } from 'zod';
export { UserError } from './core/errors.ts';
export {
  defineGame,
  type Feature,
  type Game,
  type Named,
  type ObservationSpec,
  ROLES,
  type Shape,
} from './core/game.ts';
export { createRng, type Rng } from './core/rng.ts';
