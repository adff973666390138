import type * as z from 'zod';
import type { Rng } from './rng.ts';

/**
 * A channel, feature or action with its meaning. `roles` is what transfer aligns by and what the viewer draws by; the
 * first role is the main one. Roles the project uses are listed in `ROLES`; a game may add its own.
 */
export interface Named {
  readonly name: string;
  readonly roles: readonly string[];
}

/** The meanings in use: what things are to the player, then what actions do. */
export const ROLES = {
  observation: {
    self: 'the body the player moves',
    'self-part': 'a further part of the body',
    threat: 'ends the episode or costs on contact',
    target: 'worth hitting',
    pickup: 'worth touching',
    ball: 'a thing kept in play',
    'own-projectile': 'shot by the player',
    'threat-projectile': 'shot at the player',
    trail: 'where a moving thing was: shows its direction and speed',
    wall: 'stands in the way',
    gauge: 'a level shown as a bar',
    left: 'moves to the left',
    right: 'moves to the right',
    speed: 'of a class of speed, or a velocity',
    position: 'a position',
    angle: 'an angle, or its sine or cosine',
    opponent: 'belongs to the other player',
  },
  action: {
    noop: 'does nothing',
    left: 'moves or pushes left',
    right: 'moves or pushes right',
    up: 'moves up',
    down: 'moves down',
    fire: 'shoots',
    place: 'puts a piece on a place',
  },
} as const;

/** What a player sees: binary planes `[height, width, channel]` (Uint8Array) or features `[n]` (Float32Array). */
export type ObservationSpec =
  | { readonly kind: 'planes'; readonly height: number; readonly width: number; readonly channels: readonly Named[] }
  | { readonly kind: 'features'; readonly features: readonly Feature[] };

/** One number of a feature observation; `scale` is its typical magnitude, by which nets divide it. */
export interface Feature extends Named {
  readonly scale: number;
}

/** A thing to draw, for games that are not planes. Coordinates in [0, 1], x to the right, y downwards. */
export type Shape =
  | { readonly kind: 'disc'; readonly role: string; readonly x: number; readonly y: number; readonly radius: number }
  | {
      readonly kind: 'box';
      readonly role: string;
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
    }
  | {
      readonly kind: 'line';
      readonly role: string;
      readonly x: number;
      readonly y: number;
      readonly x2: number;
      readonly y2: number;
    };

export type VariantSchema = z.ZodObject;

/**
 * A game: pure functions over a plain-data state (numbers, booleans, strings, arrays, plain objects, typed arrays; no
 * functions, no class instances), so that any state can be copied and saved. No I/O, no clock, no randomness but `rng`.
 * `step`, `reset` and `observe` are called millions of times and should allocate nothing.
 */
export interface Game<State = any, Variant extends VariantSchema = VariantSchema> {
  /** Equal to the file name: `space-invaders`. */
  readonly id: string;
  /** Raised whenever behaviour changes: part of every run's identity. */
  readonly revision: number;
  /** One sentence for lists and help. */
  readonly summary: string;
  readonly players: 1 | 2;
  /** With two players: do both act in every step, or one in turn (`toAct`)? */
  readonly turns?: 'simultaneous' | 'alternating';
  /** Parameters that change the rules; each with a description and a default, which is the original game. */
  readonly variants: Variant;
  readonly actions: readonly Named[];
  /** Names of the actions that do something; the option `actions=minimal` offers only these. */
  readonly minimalActions?: readonly string[];
  /**
   * Does the state keep something from one episode to the next (which game was played how long, a running mean)? An
   * episode then also depends on those before it.
   */
  readonly remembers?: boolean;
  /** Default probability that the previous action is repeated (0 if left out). */
  readonly sticky?: number;
  /** Default time limit in steps, a truncation (none if left out). */
  readonly maxSteps?: number;
  /** Names of the actions that this variant has, in the order of `actions`; all of them if left out. */
  offered?(variant: z.output<Variant>): readonly string[];
  /** What the players see in this variant. */
  observation(variant: z.output<Variant>): ObservationSpec;
  create(variant: z.output<Variant>): State;
  /** Brings the state to the start of an episode. */
  reset(state: State, rng: Rng): void;
  /**
   * One step. `actions[player]` are indices into `actions`; adds nothing but sets `rewards[player]` for every player.
   * Returns true when the episode has ended by the rules (`terminated`). Not called again before the next reset.
   */
  step(state: State, actions: ArrayLike<number>, rng: Rng, rewards: Float32Array): boolean;
  /** Writes all of the player's observation to `out` from `offset` on. */
  observe(state: State, player: number, out: Uint8Array | Float32Array, offset: number): void;
  /** Whose turn it is (alternating games). */
  toAct?(state: State): number;
  /** Writes 1 for each action the player may choose, 0 for the others. All are legal if left out. */
  legal?(state: State, player: number, out: Uint8Array, offset: number): void;
  /** What to draw, for games whose observation is features. */
  shapes?(state: State): Shape[];
}

/** Gives a game its types: the state from `create`, the variant from `variants`. */
export function defineGame<State, Variant extends VariantSchema>(game: Game<State, Variant>): Game<State, Variant> {
  return game;
}

/** Number of values in one observation. */
export function observationSize(spec: ObservationSpec): number {
  return spec.kind === 'planes' ? spec.height * spec.width * spec.channels.length : spec.features.length;
}

/** An array that holds `count` observations of this kind. */
export function observationArray(spec: ObservationSpec, count: number): Uint8Array | Float32Array {
  const size = count * observationSize(spec);
  return spec.kind === 'planes' ? new Uint8Array(size) : new Float32Array(size);
}
