import type { Shape } from '../core/game.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { createVecEnv, type GameVecEnv } from '../envs/vec-env.ts';
import type { Picture, Stage } from './protocol.ts';

/** One environment on show, with pictures of every state, an episode's last one included. */
export interface ShowEnv {
  readonly stage: Stage;
  readonly env: GameVecEnv;
  /** The state now; where the last step ended the episode, the state it ended in. */
  picture(): Picture;
}

/** Opens an environment for a show. Throws where its game can't be drawn. */
export function openShowEnv(spec: EnvSpec, seed: number): ShowEnv {
  const { game, observation } = spec;
  if (observation.kind === 'features' && game.shapes === undefined) {
    throw new Error(`${game.id} sees features and has no shapes(), so there is nothing to draw`);
  }
  let shapesAtEnd: Shape[] = [];
  // The vec env resets at once; the shapes of the state before that are kept here.
  const reset: typeof game.reset = (state, rng) => {
    shapesAtEnd = game.shapes?.(state) ?? [];
    game.reset(state, rng);
  };
  const env = createVecEnv({ ...spec, game: { ...game, reset } }, 1, seed);
  const hasEnded = (): boolean => env.terminated[0] === 1 || env.truncated[0] === 1;
  const cells = (): Uint8Array => Uint8Array.from((hasEnded() ? env.finalObs : env.obs).subarray(0, env.obsSize));
  const shapes = (): Shape[] => (hasEnded() ? shapesAtEnd : (game.shapes?.(env.states[0]) ?? []));
  return {
    env,
    stage: { game: game.id, env: spec.id, board: boardOf(spec), actions: spec.actionSet },
    picture: () =>
      observation.kind === 'planes' ? { kind: 'planes', cells: cells() } : { kind: 'shapes', shapes: shapes() },
  };
}

function boardOf({ observation }: EnvSpec): Stage['board'] {
  if (observation.kind === 'features') return { kind: 'shapes' };
  const { height, width, channels } = observation;
  return { kind: 'planes', height, width, channels };
}
