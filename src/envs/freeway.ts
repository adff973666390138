import * as z from 'zod';
import { defineGame } from '../core/game.ts';
import type { Rng } from '../core/rng.ts';
import { CELLS, DOWN, MINATAR_MAX_STEPS, MINATAR_STICKY, SIX_ACTIONS, SIZE, UP } from './minatar.ts';

/*
 * Freeway. A chicken walks up column 4 across lanes of cars, one car a lane, and rests after every step it takes. The
 * far side gives 1 and starts it again from below, with new cars; a car throws it back to the start. The episode ends
 * when the time is over.
 *
 * A step: the chicken walks if it has rested; the goal is tested; then each car in turn hits what is on its cell, moves
 * if its countdown is over (a car of speed class s moves every s + 1 steps, and comes back on the other side), and hits
 * what is on its new cell.
 */

const variants = z
  .object({
    lanes: z.int().min(1).max(8).default(8).describe('lanes with cars, from the far side; fewer is easier'),
    fastest: z
      .int()
      .min(1)
      .max(5)
      .default(1)
      .describe('speed class of the fastest cars: class s moves every s+1 steps'),
    slowest: z.int().min(1).max(5).default(5).describe('speed class of the slowest cars'),
    pause: z.int().min(1).max(10).default(3).describe('steps from one step of the chicken to the next'),
    knockback: z.int().min(1).max(9).default(9).describe('rows a hit throws the chicken back; fewer is easier'),
    timeLimit: z.int().min(100).max(9000).default(2500).describe('steps of an episode, less one'),
  })
  .refine(({ fastest, slowest }) => fastest <= slowest, 'fastest must not be larger than slowest');

interface State {
  readonly variant: z.output<typeof variants>;
  chickenY: number;
  pause: number;
  time: number;
  /** For the car on row i + 1: column, speed class, direction, steps before it moves. */
  readonly x: Int8Array;
  readonly speed: Int32Array;
  readonly dx: Float64Array;
  readonly wait: Int32Array;
}

const CHANNELS = 7;
const CHICKEN = 0;
const CAR = 1;
const COLUMN = 4;
const START = SIZE - 1;

export const freeway = defineGame<State, typeof variants>({
  id: 'freeway',
  revision: 1,
  summary: 'Bring a chicken across lanes of traffic as often as the time allows.',
  players: 1,
  variants,
  actions: SIX_ACTIONS,
  minimalActions: ['noop', 'up', 'down'],
  sticky: MINATAR_STICKY,
  maxSteps: MINATAR_MAX_STEPS,

  observation: () => ({
    kind: 'planes',
    height: SIZE,
    width: SIZE,
    channels: [
      { name: 'chicken', roles: ['self'] },
      { name: 'car', roles: ['threat'] },
      ...[1, 2, 3, 4, 5].map((speed) => ({ name: `speed${speed}`, roles: ['trail', 'speed'] })),
    ],
  }),

  create: (variant) => ({
    variant,
    chickenY: 0,
    pause: 0,
    time: 0,
    x: new Int8Array(variant.lanes),
    speed: new Int32Array(variant.lanes),
    dx: new Float64Array(variant.lanes),
    wait: new Int32Array(variant.lanes),
  }),

  reset(state, rng) {
    drawCars(state, rng);
    state.x.fill(0);
    state.chickenY = START;
    state.pause = state.variant.pause;
    state.time = state.variant.timeLimit;
  },

  step(state, actions, rng, rewards) {
    rewards[0] = 0;
    if (state.pause === 0) walk(state, actions[0]);
    if (state.chickenY === 0) {
      rewards[0] = 1;
      drawCars(state, rng);
      state.chickenY = START;
    }
    for (let car = 0; car < state.x.length; car++) {
      hit(state, car);
      if (state.wait[car] === 0) {
        state.wait[car] = state.speed[car];
        state.x[car] = wrap(state.x[car] + state.dx[car]);
        hit(state, car);
      } else {
        state.wait[car]--;
      }
    }
    if (state.pause > 0) state.pause--;
    state.time--;
    return state.time < 0;
  },

  observe(state, _player, out, offset) {
    out.fill(0, offset, offset + CELLS * CHANNELS);
    out[offset + cell(COLUMN, state.chickenY) + CHICKEN] = 1;
    for (let car = 0; car < state.x.length; car++) {
      const x = state.x[car];
      out[offset + cell(x, car + 1) + CAR] = 1;
      out[offset + cell(wrap(x - state.dx[car]), car + 1) + CAR + state.speed[car]] = 1;
    }
  },
});

const cell = (x: number, y: number): number => (y * SIZE + x) * CHANNELS;
const wrap = (x: number): number => (x < 0 ? SIZE - 1 : x >= SIZE ? 0 : x);

/** New speeds and directions; the cars stay where they are. Two draws of an array each. */
function drawCars(state: State, rng: Rng): void {
  rng.fillInts(state.speed, state.variant.fastest, state.variant.slowest + 1);
  rng.fillFloats(state.dx);
  for (let car = 0; car < state.dx.length; car++) state.dx[car] = state.dx[car] > 0.5 ? 1 : -1;
  state.wait.set(state.speed);
}

function walk(state: State, action: number): void {
  if (action === UP) state.chickenY = Math.max(0, state.chickenY - 1);
  else if (action === DOWN) state.chickenY = Math.min(START, state.chickenY + 1);
  else return;
  state.pause = state.variant.pause;
}

function hit(state: State, car: number): void {
  if (state.x[car] === COLUMN && state.chickenY === car + 1) {
    state.chickenY = Math.min(START, state.chickenY + state.variant.knockback);
  }
}
