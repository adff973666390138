import * as z from 'zod';
import { defineGame } from '../core/game.ts';
import type { Rng } from '../core/rng.ts';
import { CELLS, DOWN, LEFT, MINATAR_MAX_STEPS, MINATAR_STICKY, RIGHT, SIX_ACTIONS, SIZE, UP } from './minatar.ts';

/*
 * Asterix. The player walks on the eight middle rows, which gold and enemies cross from side to side, at most one thing
 * a row. Gold gives 1, an enemy ends the episode.
 *
 * A step: when its countdown is over, a thing is spawned at the left or right edge of a row that is free; the player
 * walks; what is on the player's cell is met; when their countdown is over, all things move a cell, and what arrives on
 * the player's cell is met. With ramping, things come more often every 102 steps and also move more often every 204.
 */

const variants = z.object({
  spawnPeriod: z.int().min(1).max(40).default(10).describe('steps from one spawn to the next, at the start'),
  movePeriod: z.int().min(1).max(20).default(5).describe('steps from one move of all things to the next, at the start'),
  goldChance: z
    .number()
    .min(0.05)
    .max(0.95)
    .default(1 / 3)
    .describe('probability that a thing is gold; more is easier'),
  rampPeriod: z.int().min(10).max(1000).default(100).describe('steps between ramp events, less two'),
  ramping: z.boolean().default(true).describe('do things come and move more often with time?'),
});

interface State {
  readonly variant: z.output<typeof variants>;
  playerX: number;
  playerY: number;
  /** For slot i, on row i + 1: column, direction (0 where the slot is empty), and 1 for gold. */
  readonly x: Int8Array;
  readonly dx: Int8Array;
  readonly gold: Uint8Array;
  spawnPeriod: number;
  movePeriod: number;
  spawnWait: number;
  moveWait: number;
  rampWait: number;
  ramp: number;
}

const SLOTS = 8;
const CHANNELS = 4;
const PLAYER = 0;
const ENEMY = 1;
const TRAIL = 2;
const GOLD = 3;

export const asterix = defineGame<State, typeof variants>({
  id: 'asterix',
  revision: 1,
  summary: 'Collect gold on eight rows of traffic and keep away from the enemies.',
  players: 1,
  variants,
  actions: SIX_ACTIONS,
  minimalActions: ['noop', 'left', 'up', 'right', 'down'],
  sticky: MINATAR_STICKY,
  maxSteps: MINATAR_MAX_STEPS,

  observation: () => ({
    kind: 'planes',
    height: SIZE,
    width: SIZE,
    channels: [
      { name: 'player', roles: ['self'] },
      { name: 'enemy', roles: ['threat'] },
      { name: 'trail', roles: ['trail'] },
      { name: 'gold', roles: ['pickup'] },
    ],
  }),

  create: (variant) => ({
    variant,
    playerX: 0,
    playerY: 0,
    x: new Int8Array(SLOTS),
    dx: new Int8Array(SLOTS),
    gold: new Uint8Array(SLOTS),
    spawnPeriod: 0,
    movePeriod: 0,
    spawnWait: 0,
    moveWait: 0,
    rampWait: 0,
    ramp: 0,
  }),

  reset(state) {
    const { spawnPeriod, movePeriod, rampPeriod } = state.variant;
    state.playerX = 5;
    state.playerY = 5;
    state.x.fill(0);
    state.dx.fill(0);
    state.gold.fill(0);
    state.spawnPeriod = state.spawnWait = spawnPeriod;
    state.movePeriod = state.moveWait = movePeriod;
    state.rampWait = rampPeriod;
    state.ramp = 0;
  },

  step(state, actions, rng, rewards) {
    rewards[0] = 0;
    if (state.spawnWait === 0) {
      spawn(state, rng);
      state.spawnWait = state.spawnPeriod;
    }
    walk(state, actions[0]);
    let caught = meet(state, state.playerY - 1, rewards);
    if (state.moveWait === 0) {
      state.moveWait = state.movePeriod;
      for (let slot = 0; slot < SLOTS; slot++) {
        if (moveThing(state, slot, rewards)) caught = true;
      }
    }
    state.spawnWait--;
    state.moveWait--;
    if (state.variant.ramping) ramp(state);
    return caught;
  },

  observe(state, _player, out, offset) {
    out.fill(0, offset, offset + CELLS * CHANNELS);
    out[offset + cell(state.playerX, state.playerY) + PLAYER] = 1;
    for (let slot = 0; slot < SLOTS; slot++) {
      const dx = state.dx[slot];
      if (dx === 0) continue;
      const x = state.x[slot];
      out[offset + cell(x, slot + 1) + (state.gold[slot] === 1 ? GOLD : ENEMY)] = 1;
      const behind = x - dx;
      if (behind >= 0 && behind < SIZE) out[offset + cell(behind, slot + 1) + TRAIL] = 1;
    }
  },
});

const cell = (x: number, y: number): number => (y * SIZE + x) * CHANNELS;

/** Three draws: side, kind, and which of the empty slots (no third draw where none is empty). */
function spawn(state: State, rng: Rng): void {
  const dx = rng.float() < 0.5 ? 1 : -1;
  const gold = rng.float() < state.variant.goldChance ? 1 : 0;
  let empty = 0;
  for (let slot = 0; slot < SLOTS; slot++) if (state.dx[slot] === 0) empty++;
  if (empty === 0) return;
  let skip = rng.int(0, empty);
  let slot = 0;
  while (state.dx[slot] !== 0 || skip-- > 0) slot++;
  state.x[slot] = dx === 1 ? 0 : SIZE - 1;
  state.dx[slot] = dx;
  state.gold[slot] = gold;
}

function walk(state: State, action: number): void {
  if (action === LEFT) state.playerX = Math.max(0, state.playerX - 1);
  else if (action === RIGHT) state.playerX = Math.min(SIZE - 1, state.playerX + 1);
  else if (action === UP) state.playerY = Math.max(1, state.playerY - 1);
  else if (action === DOWN) state.playerY = Math.min(SLOTS, state.playerY + 1);
}

/** The player takes the slot's gold, or is caught by its enemy, if it is on the player's cell. */
function meet(state: State, slot: number, rewards: Float32Array): boolean {
  if (state.dx[slot] === 0 || slot + 1 !== state.playerY || state.x[slot] !== state.playerX) return false;
  if (state.gold[slot] === 0) return true;
  state.dx[slot] = 0;
  rewards[0] += 1;
  return false;
}

function moveThing(state: State, slot: number, rewards: Float32Array): boolean {
  if (state.dx[slot] === 0) return false;
  const x = state.x[slot] + state.dx[slot];
  state.x[slot] = x;
  if (x < 0 || x >= SIZE) {
    state.dx[slot] = 0;
    return false;
  }
  return meet(state, slot, rewards);
}

function ramp(state: State): void {
  if (state.spawnPeriod <= 1 && state.movePeriod <= 1) return;
  if (state.rampWait >= 0) {
    state.rampWait--;
    return;
  }
  if (state.ramp % 2 === 1 && state.movePeriod > 1) state.movePeriod--;
  if (state.spawnPeriod > 1) state.spawnPeriod--;
  state.ramp++;
  state.rampWait = state.variant.rampPeriod;
}
