import type { Named, ObservationSpec } from './game.ts';

/**
 * Any number of copies of a game stepped as one, with automatic reset. All arrays are allocated once and overwritten by
 * each step; `E` environments, `P` players, `A` actions.
 */
export interface VecEnv {
  /** The canonical env id, options included: `breakout?paddleWidth=2`. */
  readonly id: string;
  readonly numEnvs: number;
  readonly players: number;
  readonly observation: ObservationSpec;
  /** Values in one observation. */
  readonly obsSize: number;
  readonly actions: readonly Named[];
  /** `[E, P, obsSize]`: what the players see now; after an automatic reset, the new episode's first observation. */
  readonly obs: Uint8Array | Float32Array;
  /** `[E, P, obsSize]`: the last observation of an episode that ended in this step; else unspecified. */
  readonly finalObs: Uint8Array | Float32Array;
  /** `[E, P, A]`: what could have been chosen there, where a time limit cut the episode in this step; else unspecified. */
  readonly finalLegal: Uint8Array;
  /** `[E, P]`: rewards of this step. */
  readonly rewards: Float32Array;
  /** `[E]`: 1 where the rules ended the episode in this step. */
  readonly terminated: Uint8Array;
  /** `[E]`: 1 where a time limit cut the episode in this step. */
  readonly truncated: Uint8Array;
  /** `[E, P, A]`: 1 for the actions the player may choose now. */
  readonly legal: Uint8Array;
  /** `[E]`: the player to act now, or -1 where all act. */
  readonly toAct: Int8Array;
  /** `[E, P]`: return so far; where the episode ended in this step, the whole of that episode's return. */
  readonly returns: Float64Array;
  /** `[E]`: steps so far; where the episode ended in this step, its whole length. */
  readonly lengths: Int32Array;
  /** Starts new episodes everywhere. */
  reset(): void;
  /** One step everywhere; `actions` is `[E, P]`. */
  step(actions: Int32Array): void;
  /** One step in one environment alone, by its actions in the same `[E, P]`: all else stays as it is. */
  stepOne(env: number, actions: Int32Array): void;
  /** Env steps so far that somebody else has played between those of `step`: they count as training. Default: 0. */
  readonly extraSteps?: number;
  /** The whole state as plain data, to go on from exactly here. */
  save(): unknown;
  load(state: unknown): void;
}
