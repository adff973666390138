import * as z from 'zod';
import { defineGame } from '../core/game.ts';
import { CELLS, FIRE, LEFT, MINATAR_MAX_STEPS, MINATAR_STICKY, RIGHT, SIX_ACTIONS, SIZE } from './minatar.ts';

/*
 * Space Invaders. A cannon on the bottom row shoots at a block of aliens, which goes sideways, turns and comes a row
 * down at the edges, moves faster the fewer are left, and shoots back. An alien gives 1. A bullet or an alien on the
 * cannon ends the episode, and so does a block that would come down from the bottom row. A cleared wave is followed by
 * the next, with ramping a little faster.
 *
 * A step: the cannon acts; its bullets go up a row; the aliens' go down; the block moves if its countdown is over; the
 * alien nearest to the cannon's column shoots if that countdown is over; then bullets hit. No draws.
 */

const variants = z.object({
  alienRows: z.int().min(1).max(5).default(4).describe('rows of a wave'),
  alienColumns: z.int().min(2).max(8).default(6).describe('columns of a wave'),
  movePeriod: z.int().min(3).max(30).default(12).describe('steps between moves of the block, at most; more is easier'),
  shotPeriod: z.int().min(3).max(60).default(10).describe('steps between shots of the aliens; more is easier'),
  shotPause: z.int().min(1).max(20).default(5).describe('steps before the cannon can shoot again; fewer is easier'),
  ramping: z.boolean().default(true).describe('is every wave faster than the one before?'),
});

interface State {
  readonly variant: z.output<typeof variants>;
  cannon: number;
  /** For each row, the columns with an alien as bits: bit x is column x. */
  readonly aliens: Uint16Array;
  aliensLeft: number;
  /** -1 when the block goes left, 1 when it goes right. */
  direction: number;
  movePeriod: number;
  moveWait: number;
  alienShotWait: number;
  shotWait: number;
  ramp: number;
  /** Cells (row * 10 + column) of the cannon's and the aliens' bullets; at most one of a kind on a cell. */
  readonly bullets: Int16Array;
  bulletCount: number;
  readonly alienBullets: Int16Array;
  alienBulletCount: number;
}

const CHANNELS = 6;
const CANNON = 0;
const ALIEN = 1;
const ALIEN_LEFT = 2;
const ALIEN_RIGHT = 3;
const FRIENDLY_BULLET = 4;
const ENEMY_BULLET = 5;
const BOTTOM = SIZE - 1;
const LEFT_EDGE = 1;
const RIGHT_EDGE = 1 << (SIZE - 1);
/** Ramping goes no further than this. */
const SHORTEST_PERIOD = 6;

export const spaceInvaders = defineGame<State, typeof variants>({
  id: 'space-invaders',
  revision: 1,
  summary: 'Shoot down waves of aliens before they land, and dodge their bullets.',
  players: 1,
  variants,
  actions: SIX_ACTIONS,
  minimalActions: ['noop', 'left', 'right', 'fire'],
  sticky: MINATAR_STICKY,
  maxSteps: MINATAR_MAX_STEPS,

  observation: () => ({
    kind: 'planes',
    height: SIZE,
    width: SIZE,
    channels: [
      { name: 'cannon', roles: ['self'] },
      { name: 'alien', roles: ['target', 'threat'] },
      { name: 'alien_left', roles: ['trail', 'left'] },
      { name: 'alien_right', roles: ['trail', 'right'] },
      { name: 'friendly_bullet', roles: ['own-projectile'] },
      { name: 'enemy_bullet', roles: ['threat-projectile', 'threat'] },
    ],
  }),

  create: (variant) => ({
    variant,
    cannon: 0,
    aliens: new Uint16Array(SIZE),
    aliensLeft: 0,
    direction: -1,
    movePeriod: 0,
    moveWait: 0,
    alienShotWait: 0,
    shotWait: 0,
    ramp: 0,
    bullets: new Int16Array(CELLS),
    bulletCount: 0,
    alienBullets: new Int16Array(CELLS),
    alienBulletCount: 0,
  }),

  reset(state) {
    const { movePeriod, shotPeriod } = state.variant;
    state.cannon = 5;
    state.direction = -1;
    state.movePeriod = state.moveWait = movePeriod;
    state.alienShotWait = shotPeriod;
    state.shotWait = 0;
    state.ramp = 0;
    state.bullets.fill(0);
    state.bulletCount = 0;
    state.alienBullets.fill(0);
    state.alienBulletCount = 0;
    startWave(state);
  },

  step(state, actions, _rng, rewards) {
    rewards[0] = 0;
    act(state, actions[0]);
    state.bulletCount = moveBullets(state.bullets, state.bulletCount, -SIZE);
    state.alienBulletCount = moveBullets(state.alienBullets, state.alienBulletCount, SIZE);
    let over = hasBullet(state.alienBullets, state.alienBulletCount, BOTTOM * SIZE + state.cannon);
    over = onCannon(state) || over;
    if (state.moveWait === 0) over = moveBlock(state) || over;
    if (state.alienShotWait === 0) {
      state.alienShotWait = state.variant.shotPeriod;
      shootBack(state);
    }
    rewards[0] = hitAliens(state);
    if (state.shotWait > 0) state.shotWait--;
    state.moveWait--;
    state.alienShotWait--;
    if (state.aliensLeft === 0) nextWave(state);
    return over;
  },

  observe(state, _player, out, offset) {
    out.fill(0, offset, offset + CELLS * CHANNELS);
    out[offset + (BOTTOM * SIZE + state.cannon) * CHANNELS + CANNON] = 1;
    const heading = state.direction < 0 ? ALIEN_LEFT : ALIEN_RIGHT;
    for (let y = 0; y < SIZE; y++) {
      let at = offset + y * SIZE * CHANNELS;
      for (let row = state.aliens[y]; row !== 0; row >>= 1) {
        if ((row & 1) === 1) {
          out[at + ALIEN] = 1;
          out[at + heading] = 1;
        }
        at += CHANNELS;
      }
    }
    for (let i = 0; i < state.bulletCount; i++) out[offset + state.bullets[i] * CHANNELS + FRIENDLY_BULLET] = 1;
    for (let i = 0; i < state.alienBulletCount; i++) out[offset + state.alienBullets[i] * CHANNELS + ENEMY_BULLET] = 1;
  },
});

function startWave(state: State): void {
  const { alienRows, alienColumns } = state.variant;
  const row = ((1 << alienColumns) - 1) << ((SIZE - alienColumns) >> 1);
  state.aliens.fill(0);
  state.aliens.fill(row, 0, alienRows);
  state.aliensLeft = alienRows * alienColumns;
}

function nextWave(state: State): void {
  if (state.variant.ramping && state.movePeriod > SHORTEST_PERIOD) {
    state.movePeriod--;
    state.ramp++;
  }
  startWave(state);
}

function act(state: State, action: number): void {
  if (action === LEFT) state.cannon = Math.max(0, state.cannon - 1);
  else if (action === RIGHT) state.cannon = Math.min(SIZE - 1, state.cannon + 1);
  else if (action === FIRE && state.shotWait === 0) {
    state.bullets[state.bulletCount++] = BOTTOM * SIZE + state.cannon;
    state.shotWait = state.variant.shotPause;
  }
}

/** Moves all bullets by `by` cells and drops those that leave the board; returns how many are left. */
function moveBullets(bullets: Int16Array, count: number, by: number): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const cell = bullets[i] + by;
    if (cell >= 0 && cell < CELLS) bullets[kept++] = cell;
  }
  return kept;
}

function hasBullet(bullets: Int16Array, count: number, cell: number): boolean {
  for (let i = 0; i < count; i++) if (bullets[i] === cell) return true;
  return false;
}

const onCannon = (state: State): boolean => ((state.aliens[BOTTOM] >> state.cannon) & 1) === 1;

/** Columns with an alien, as bits. */
function columnsInUse(state: State): number {
  let columns = 0;
  for (let y = 0; y < SIZE; y++) columns |= state.aliens[y];
  return columns;
}

/** True when the block has landed. */
function moveBlock(state: State): boolean {
  const { aliens, direction } = state;
  state.moveWait = Math.min(state.aliensLeft, state.movePeriod);
  const edge = direction < 0 ? LEFT_EDGE : RIGHT_EDGE;
  if ((columnsInUse(state) & edge) === 0) {
    for (let y = 0; y < SIZE; y++) aliens[y] = direction < 0 ? aliens[y] >> 1 : aliens[y] << 1;
    return onCannon(state);
  }
  state.direction = -direction;
  const lowest = aliens[BOTTOM];
  for (let y = BOTTOM; y > 0; y--) aliens[y] = aliens[y - 1];
  // The original's rows wrap round; the episode is over when it happens.
  aliens[0] = lowest;
  return lowest !== 0 || onCannon(state);
}

/** The lowest alien of the column nearest to the cannon (the left one of two) shoots. */
function shootBack(state: State): void {
  const column = nearestColumn(columnsInUse(state), state.cannon);
  if (column < 0) return;
  let y = BOTTOM;
  while (((state.aliens[y] >> column) & 1) === 0) y--;
  const cell = y * SIZE + column;
  if (hasBullet(state.alienBullets, state.alienBulletCount, cell)) return;
  state.alienBullets[state.alienBulletCount++] = cell;
}

function nearestColumn(columns: number, from: number): number {
  for (let distance = 0; distance < SIZE; distance++) {
    const left = from - distance;
    if (left >= 0 && ((columns >> left) & 1) === 1) return left;
    if (((columns >> (from + distance)) & 1) === 1) return from + distance;
  }
  return -1;
}

/** Removes each alien with a bullet on its cell, and the bullet; returns how many. */
function hitAliens(state: State): number {
  const { aliens, bullets } = state;
  let kept = 0;
  for (let i = 0; i < state.bulletCount; i++) {
    const cell = bullets[i];
    const y = (cell / SIZE) | 0;
    const bit = 1 << (cell - y * SIZE);
    if ((aliens[y] & bit) === 0) bullets[kept++] = cell;
    else aliens[y] ^= bit;
  }
  const hits = state.bulletCount - kept;
  state.bulletCount = kept;
  state.aliensLeft -= hits;
  return hits;
}
