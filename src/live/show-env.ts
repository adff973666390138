import type { Feature, Shape } from '../core/game.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { createVecEnv, type GameVecEnv } from '../envs/vec-env.ts';
import type { Picture, Stage } from './protocol.ts';

/** One environment on show, with pictures of every state, an episode's last one included. */
export interface ShowEnv {
  readonly stage: Stage;
  readonly env: GameVecEnv;
  /** Begins an episode, whatever has become of the last. */
  begin(): void;
  /** Did the last step end the episode? */
  hasEnded(): boolean;
  /** The state now; where the last step ended the episode, the state it ended in. */
  picture(): Picture;
}

/** Opens an environment for a show. Features without `shapes` are drawn as bars. */
export function openShowEnv(spec: EnvSpec, seed: number): ShowEnv {
  const { game, observation } = spec;
  let shapesAtEnd: Shape[] = [];
  let inEpisode = false;
  // The vec env resets at once; the shapes of the state before that are kept here.
  const reset: typeof game.reset = (state, rng) => {
    if (inEpisode) shapesAtEnd = game.shapes?.(state) ?? [];
    game.reset(state, rng);
  };
  const env = createVecEnv({ ...spec, game: { ...game, reset } }, 1, seed);
  const hasEnded = (): boolean => env.terminated[0] === 1 || env.truncated[0] === 1;
  const seen = (): ArrayLike<number> => (hasEnded() ? env.finalObs : env.obs).subarray(0, env.obsSize);
  const cells = (): Uint8Array => Uint8Array.from(seen());
  const shapes = (): readonly Shape[] => {
    if (observation.kind === 'features' && game.shapes === undefined) return bars(observation.features, seen());
    return hasEnded() ? shapesAtEnd : (game.shapes?.(env.states[0]) ?? []);
  };
  return {
    env,
    hasEnded,
    stage: { game: game.id, env: spec.id, board: boardOf(spec), actions: spec.actionSet },
    begin: () => {
      // What no episode has been played in, or what a game threw in the midst of, is not fit to be drawn.
      inEpisode = false;
      env.reset();
      inEpisode = true;
    },
    picture: () =>
      observation.kind === 'planes'
        ? { kind: 'planes', cells: cells() }
        : { kind: 'shapes', shapes: shapes(), features: Array.from(seen()) },
  };
}

/**
 * A row for each feature, in order: a bar from the middle of the picture, to the right where the value is positive, as
 * wide as half the picture where it is twice its scale or more.
 */
function bars(features: readonly Feature[], values: ArrayLike<number>): Shape[] {
  const row = 1 / features.length;
  const middle: Shape = { kind: 'line', role: 'wall', x: 0.5, y: 0, x2: 0.5, y2: 1 };
  return [
    middle,
    ...features.map(({ scale }, i): Shape => {
      const extent = Math.max(-1, Math.min(1, values[i] / (2 * scale))) / 2;
      const y = (i + 0.2) * row;
      return {
        kind: 'box',
        role: 'gauge',
        x: 0.5 + Math.min(0, extent),
        y,
        width: Math.abs(extent),
        height: 0.6 * row,
      };
    }),
  ];
}

function boardOf({ observation }: EnvSpec): Stage['board'] {
  if (observation.kind === 'features') return { kind: 'shapes', features: observation.features };
  const { height, width, channels } = observation;
  return { kind: 'planes', height, width, channels };
}
