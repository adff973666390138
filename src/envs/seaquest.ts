import * as z from 'zod';
import { defineGame } from '../core/game.ts';
import type { Rng } from '../core/rng.ts';
import { CELLS, DOWN, FIRE, LEFT, MINATAR_MAX_STEPS, MINATAR_STICKY, RIGHT, SIX_ACTIONS, SIZE, UP } from './minatar.ts';

/*
 * Seaquest. A submarine shoots fish and enemy subs (1 each), picks up divers and has to come up for air in time. Coming
 * up with a full crew gives up to 9, the more the more air is left; coming up with nobody ends the episode, and so do
 * touching an enemy or a bullet and running out of air. Every time the submarine has been up, one diver is gone and, with
 * ramping, enemies come and move faster.
 *
 * A step: spawns; the submarine acts; then its bullets, divers, enemy subs (which shoot), their bullets and fish move,
 * the newest of each first, and meet what they meet; at last the air. Nothing is cut short by the end of the episode.
 *
 * A quirk of the original is kept: a delivered crew leaves -1 divers, and only a count of exactly 0 is deadly at the
 * surface.
 */

const variants = z.object({
  spawnPeriod: z.int().min(1).max(60).default(20).describe('steps between enemies, at the start; more is easier'),
  movePeriod: z.int().min(2).max(12).default(5).describe('enemies move every n+1 steps, at the start; more is easier'),
  diverPeriod: z.int().min(5).max(100).default(30).describe('steps between divers; fewer is easier'),
  subChance: z
    .number()
    .min(0)
    .max(1)
    .default(1 / 3)
    .describe('probability that an enemy is a sub, which shoots'),
  oxygen: z.int().min(50).max(1000).default(200).describe('steps the air lasts; more is easier'),
  crew: z.int().min(1).max(8).default(6).describe('divers that make a full crew; fewer is easier'),
  shotPause: z.int().min(1).max(20).default(5).describe('steps before the submarine can shoot again'),
  enemyShotPause: z.int().min(3).max(50).default(10).describe('an enemy sub shoots every n+1 steps'),
  ramping: z.boolean().default(true).describe('do enemies come and move faster with every surfacing?'),
});

type Variant = z.output<typeof variants>;

/** Things of a kind, in order of creation: cell, direction, steps before the next move and the next shot. */
interface Things {
  count: number;
  readonly x: Int8Array;
  readonly y: Int8Array;
  readonly dx: Int8Array;
  readonly moveWait: Int16Array;
  readonly shotWait: Int16Array;
}

interface State {
  readonly variant: Variant;
  x: number;
  y: number;
  facing: number;
  oxygen: number;
  divers: number;
  shotWait: number;
  /** Has the submarine taken air since it came up? */
  surfaced: boolean;
  spawnPeriod: number;
  movePeriod: number;
  spawnWait: number;
  diverWait: number;
  ramp: number;
  readonly bullets: Things;
  readonly enemyBullets: Things;
  readonly fish: Things;
  readonly subs: Things;
  readonly swimmers: Things;
}

const CHANNELS = 10;
const SUB_FRONT = 0;
const SUB_BACK = 1;
const FRIENDLY_BULLET = 2;
const TRAIL = 3;
const ENEMY_BULLET = 4;
const ENEMY_FISH = 5;
const ENEMY_SUB = 6;
const OXYGEN_GAUGE = 7;
const DIVER_GAUGE = 8;
const DIVER = 9;
const BOTTOM = SIZE - 1;
const DIVER_MOVE_PERIOD = 5;
/** Ramping goes no further than this. */
const SHORTEST_MOVE_PERIOD = 2;

export const seaquest = defineGame<State, typeof variants>({
  id: 'seaquest',
  revision: 1,
  summary: 'Dive for divers, shoot what is in the way, and come up for air in time.',
  players: 1,
  variants,
  actions: SIX_ACTIONS,
  minimalActions: ['noop', 'left', 'up', 'right', 'down', 'fire'],
  sticky: MINATAR_STICKY,
  maxSteps: MINATAR_MAX_STEPS,

  observation: () => ({
    kind: 'planes',
    height: SIZE,
    width: SIZE,
    channels: [
      { name: 'sub_front', roles: ['self'] },
      { name: 'sub_back', roles: ['self-part'] },
      { name: 'friendly_bullet', roles: ['own-projectile'] },
      { name: 'trail', roles: ['trail'] },
      { name: 'enemy_bullet', roles: ['threat-projectile', 'threat'] },
      { name: 'enemy_fish', roles: ['threat', 'target'] },
      { name: 'enemy_sub', roles: ['threat', 'target'] },
      { name: 'oxygen_guage', roles: ['gauge'] },
      { name: 'diver_guage', roles: ['gauge'] },
      { name: 'diver', roles: ['pickup'] },
    ],
  }),

  create(variant) {
    const { movePeriod, diverPeriod, enemyShotPause } = variant;
    const enemies = crossings(movePeriod, 1);
    // A bullet lives ten steps at most, also after its sub.
    const enemyBullets = (enemies + SIZE) * (Math.floor(SIZE / (enemyShotPause + 1)) + 1);
    return {
      variant,
      x: 0,
      y: 0,
      facing: -1,
      oxygen: 0,
      divers: 0,
      shotWait: 0,
      surfaced: true,
      spawnPeriod: 0,
      movePeriod: 0,
      spawnWait: 0,
      diverWait: 0,
      ramp: 0,
      bullets: createThings(SIZE + 2),
      enemyBullets: createThings(enemyBullets),
      fish: createThings(enemies),
      subs: createThings(enemies),
      swimmers: createThings(crossings(DIVER_MOVE_PERIOD, diverPeriod)),
    };
  },

  reset(state) {
    const { oxygen, spawnPeriod, movePeriod, diverPeriod } = state.variant;
    state.x = 5;
    state.y = 0;
    state.facing = -1;
    state.oxygen = oxygen;
    state.divers = 0;
    state.shotWait = 0;
    state.surfaced = true;
    state.spawnPeriod = state.spawnWait = spawnPeriod;
    state.movePeriod = movePeriod;
    state.diverWait = diverPeriod;
    state.ramp = 0;
    clear(state.bullets);
    clear(state.enemyBullets);
    clear(state.fish);
    clear(state.subs);
    clear(state.swimmers);
  },

  step(state, actions, rng, rewards) {
    rewards[0] = 0;
    if (state.spawnWait === 0) {
      spawnEnemy(state, rng);
      state.spawnWait = state.spawnPeriod;
    }
    if (state.diverWait === 0) {
      spawnDiver(state, rng);
      state.diverWait = state.variant.diverPeriod;
    }
    act(state, actions[0]);
    moveBullets(state, rewards);
    moveDivers(state);
    let over = moveSubs(state, rewards);
    over = moveEnemyBullets(state) || over;
    over = moveFish(state, rewards) || over;
    if (state.spawnWait > 0) state.spawnWait--;
    if (state.diverWait > 0) state.diverWait--;
    if (state.shotWait > 0) state.shotWait--;
    return breathe(state, rewards) || over;
  },

  observe(state, _player, out, offset) {
    out.fill(0, offset, offset + CELLS * CHANNELS);
    out[offset + cell(state.x, state.y) + SUB_FRONT] = 1;
    mark(out, offset, state.x - state.facing, state.y, SUB_BACK);
    markThings(out, offset, state.bullets, FRIENDLY_BULLET);
    markThings(out, offset, state.enemyBullets, ENEMY_BULLET);
    markThings(out, offset, state.fish, ENEMY_FISH);
    markThings(out, offset, state.subs, ENEMY_SUB);
    markThings(out, offset, state.swimmers, DIVER);
    markTrails(out, offset, state.fish);
    markTrails(out, offset, state.subs);
    markTrails(out, offset, state.swimmers);
    const air = Math.floor((Math.max(state.oxygen, 0) * SIZE) / state.variant.oxygen);
    for (let x = 0; x < air; x++) out[offset + cell(x, BOTTOM) + OXYGEN_GAUGE] = 1;
    for (let i = 1; i <= state.divers; i++) out[offset + cell(BOTTOM - i, BOTTOM) + DIVER_GAUGE] = 1;
  },
});

const cell = (x: number, y: number): number => (y * SIZE + x) * CHANNELS;
const isOff = (x: number): boolean => x < 0 || x >= SIZE;

function mark(out: Uint8Array | Float32Array, offset: number, x: number, y: number, channel: number): void {
  if (!isOff(x)) out[offset + cell(x, y) + channel] = 1;
}

function markThings(out: Uint8Array | Float32Array, offset: number, things: Things, channel: number): void {
  for (let i = 0; i < things.count; i++) out[offset + cell(things.x[i], things.y[i]) + channel] = 1;
}

function markTrails(out: Uint8Array | Float32Array, offset: number, things: Things): void {
  for (let i = 0; i < things.count; i++) mark(out, offset, things.x[i] - things.dx[i], things.y[i], TRAIL);
}

/** The most things that can be on the board when one comes every `spawnPeriod` steps and moves every `wait + 1`. */
const crossings = (wait: number, spawnPeriod: number): number => Math.ceil((SIZE * (wait + 1)) / spawnPeriod) + 2;

const createThings = (capacity: number): Things => ({
  count: 0,
  x: new Int8Array(capacity),
  y: new Int8Array(capacity),
  dx: new Int8Array(capacity),
  moveWait: new Int16Array(capacity),
  shotWait: new Int16Array(capacity),
});

/** Empties the list, also of what lies beyond `count`: equal episodes then have equal states. */
function clear(things: Things): void {
  things.count = 0;
  things.x.fill(0);
  things.y.fill(0);
  things.dx.fill(0);
  things.moveWait.fill(0);
  things.shotWait.fill(0);
}

function add(things: Things, x: number, y: number, dx: number, moveWait: number, shotWait: number): void {
  const i = things.count++;
  things.x[i] = x;
  things.y[i] = y;
  things.dx[i] = dx;
  things.moveWait[i] = moveWait;
  things.shotWait[i] = shotWait;
}

/** Takes one out; the others keep their order. */
function remove(things: Things, index: number): void {
  const last = --things.count;
  for (let i = index; i < last; i++) {
    things.x[i] = things.x[i + 1];
    things.y[i] = things.y[i + 1];
    things.dx[i] = things.dx[i + 1];
    things.moveWait[i] = things.moveWait[i + 1];
    things.shotWait[i] = things.shotWait[i + 1];
  }
}

/** The oldest on this cell, or -1. */
function oldestOn(things: Things, x: number, y: number): number {
  for (let i = 0; i < things.count; i++) if (things.x[i] === x && things.y[i] === y) return i;
  return -1;
}

const touches = (state: State, things: Things, i: number): boolean =>
  things.x[i] === state.x && things.y[i] === state.y;

/** Three draws: side, kind, row. Nothing comes into a row where an enemy goes the other way. */
function spawnEnemy(state: State, rng: Rng): void {
  const dx = rng.float() < 0.5 ? 1 : -1;
  const isSub = rng.float() < state.variant.subChance;
  const y = rng.int(1, 9);
  if (isOpposed(state.fish, y, dx) || isOpposed(state.subs, y, dx)) return;
  add(isSub ? state.subs : state.fish, entry(dx), y, dx, state.movePeriod, state.variant.enemyShotPause);
}

function isOpposed(things: Things, y: number, dx: number): boolean {
  for (let i = 0; i < things.count; i++) if (things.y[i] === y && things.dx[i] !== dx) return true;
  return false;
}

const entry = (dx: number): number => (dx === 1 ? 0 : SIZE - 1);

/** Two draws: side, row. */
function spawnDiver(state: State, rng: Rng): void {
  const dx = rng.float() < 0.5 ? 1 : -1;
  const y = rng.int(1, 9);
  add(state.swimmers, entry(dx), y, dx, DIVER_MOVE_PERIOD, 0);
}

function act(state: State, action: number): void {
  if (action === FIRE) {
    if (state.shotWait > 0) return;
    add(state.bullets, state.x, state.y, state.facing, 0, 0);
    state.shotWait = state.variant.shotPause;
  } else if (action === LEFT) {
    state.x = Math.max(0, state.x - 1);
    state.facing = -1;
  } else if (action === RIGHT) {
    state.x = Math.min(SIZE - 1, state.x + 1);
    state.facing = 1;
  } else if (action === UP) {
    state.y = Math.max(0, state.y - 1);
  } else if (action === DOWN) {
    state.y = Math.min(BOTTOM - 1, state.y + 1);
  }
}

/** A bullet takes one target: the oldest fish on its cell, or else the oldest sub. */
function moveBullets(state: State, rewards: Float32Array): void {
  const { bullets, fish, subs } = state;
  for (let i = bullets.count - 1; i >= 0; i--) {
    const x = bullets.x[i] + bullets.dx[i];
    const y = bullets.y[i];
    bullets.x[i] = x;
    if (isOff(x)) {
      remove(bullets, i);
      continue;
    }
    const hitFish = oldestOn(fish, x, y);
    const hitSub = hitFish < 0 ? oldestOn(subs, x, y) : -1;
    if (hitFish < 0 && hitSub < 0) continue;
    if (hitFish >= 0) remove(fish, hitFish);
    else remove(subs, hitSub);
    remove(bullets, i);
    rewards[0] += 1;
  }
}

function moveDivers(state: State): void {
  const divers = state.swimmers;
  for (let i = divers.count - 1; i >= 0; i--) {
    if (takeDiver(state, i)) continue;
    if (divers.moveWait[i] > 0) {
      divers.moveWait[i]--;
      continue;
    }
    divers.moveWait[i] = DIVER_MOVE_PERIOD;
    divers.x[i] += divers.dx[i];
    if (isOff(divers.x[i])) remove(divers, i);
    else takeDiver(state, i);
  }
}

function takeDiver(state: State, i: number): boolean {
  if (!touches(state, state.swimmers, i) || state.divers >= state.variant.crew) return false;
  remove(state.swimmers, i);
  state.divers++;
  return true;
}

function moveSubs(state: State, rewards: Float32Array): boolean {
  const { subs, enemyBullets } = state;
  let over = false;
  for (let i = subs.count - 1; i >= 0; i--) {
    // A sub that leaves the board or is shot in this step still shoots.
    const dx = subs.dx[i];
    const x = subs.moveWait[i] === 0 ? subs.x[i] + dx : subs.x[i];
    const y = subs.y[i];
    const shoots = subs.shotWait[i] === 0;
    subs.shotWait[i] = shoots ? state.variant.enemyShotPause : subs.shotWait[i] - 1;
    over = moveEnemy(state, subs, i, rewards) || over;
    if (shoots) add(enemyBullets, x, y, dx, 0, 0);
  }
  return over;
}

function moveFish(state: State, rewards: Float32Array): boolean {
  let over = false;
  for (let i = state.fish.count - 1; i >= 0; i--) over = moveEnemy(state, state.fish, i, rewards) || over;
  return over;
}

/** Moves one enemy if its countdown is over; true when it touches the submarine, before or after. */
function moveEnemy(state: State, enemies: Things, i: number, rewards: Float32Array): boolean {
  const touched = touches(state, enemies, i);
  if (enemies.moveWait[i] > 0) {
    enemies.moveWait[i]--;
    return touched;
  }
  enemies.moveWait[i] = state.movePeriod;
  enemies.x[i] += enemies.dx[i];
  if (isOff(enemies.x[i])) {
    remove(enemies, i);
    return touched;
  }
  if (touches(state, enemies, i)) return true;
  const bullet = oldestOn(state.bullets, enemies.x[i], enemies.y[i]);
  if (bullet >= 0) {
    remove(state.bullets, bullet);
    remove(enemies, i);
    rewards[0] += 1;
  }
  return touched;
}

function moveEnemyBullets(state: State): boolean {
  const bullets = state.enemyBullets;
  let hit = false;
  for (let i = bullets.count - 1; i >= 0; i--) {
    if (touches(state, bullets, i)) hit = true;
    bullets.x[i] += bullets.dx[i];
    if (isOff(bullets.x[i])) remove(bullets, i);
    else if (touches(state, bullets, i)) hit = true;
  }
  return hit;
}

/** True when the air is gone, or the submarine came up with nobody. */
function breathe(state: State, rewards: Float32Array): boolean {
  const choked = state.oxygen <= 0;
  if (state.y > 0) {
    state.oxygen--;
    state.surfaced = false;
    return choked;
  }
  if (state.surfaced) return choked;
  if (state.divers === 0) return true;
  surface(state, rewards);
  return choked;
}

function surface(state: State, rewards: Float32Array): void {
  const { crew, oxygen, ramping } = state.variant;
  state.surfaced = true;
  if (state.divers === crew) {
    rewards[0] += Math.floor((state.oxygen * SIZE) / oxygen);
    state.divers = 0;
  }
  state.oxygen = oxygen;
  state.divers--;
  if (ramping) ramp(state);
}

function ramp(state: State): void {
  if (state.spawnPeriod <= 1 && state.movePeriod <= SHORTEST_MOVE_PERIOD) return;
  if (state.ramp % 2 === 1 && state.movePeriod > SHORTEST_MOVE_PERIOD) state.movePeriod--;
  if (state.spawnPeriod > 1) state.spawnPeriod--;
  state.ramp++;
}
