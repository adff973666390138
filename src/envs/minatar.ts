import type { Named } from '../core/game.ts';

/** What the five MinAtar games share: a board of 10 x 10 cells and six actions, which every game accepts. */
export const SIZE = 10;
export const CELLS = SIZE * SIZE;

export const LEFT = 1;
export const UP = 2;
export const RIGHT = 3;
export const DOWN = 4;
export const FIRE = 5;

export const SIX_ACTIONS: readonly Named[] = ['noop', 'left', 'up', 'right', 'down', 'fire'].map((name) => ({
  name,
  roles: [name],
}));

/** The environment's defaults in MinAtar, and the time limit training uses (the games but freeway have none). */
export const MINATAR_STICKY = 0.1;
export const MINATAR_MAX_STEPS = 10_000;
