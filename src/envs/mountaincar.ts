import * as z from 'zod';
import { defineGame } from '../core/game.ts';
import type { Shape } from '../core/game.ts';

/*
 * MountainCar (Moore 1990; MountainCar-v0 of Gymnasium). A car in a valley, too weak to drive up the right hill at once:
 * it has to swing. Every step costs 1, the last one too; the episode ends on the hill.
 */

const variants = z.object({
  force: z.number().min(0.0008).max(0.003).default(0.001).describe('acceleration of a push; more is easier'),
  gravity: z.number().min(0.0005).max(0.003).default(0.0025).describe('pull of the slope; less is easier'),
  maxSpeed: z.number().min(0.05).max(0.14).default(0.07).describe('the car is no faster than this'),
  goal: z.number().min(0.2).max(0.58).default(0.5).describe('position of the goal; less is easier'),
});

interface State {
  readonly variant: z.output<typeof variants>;
  /** Position and velocity. */
  readonly values: Float64Array;
}

const LEFT_END = -1.2;
const RIGHT_END = 0.6;

export const mountaincar = defineGame<State, typeof variants>({
  id: 'mountaincar',
  revision: 1,
  summary: 'Swing a weak car out of a valley, up the right hill.',
  players: 1,
  variants,
  actions: [
    { name: 'left', roles: ['left'] },
    { name: 'noop', roles: ['noop'] },
    { name: 'right', roles: ['right'] },
  ],
  maxSteps: 200,

  observation: () => ({
    kind: 'features',
    features: [
      { name: 'car_position', roles: ['position', 'self'], scale: 0.6 },
      { name: 'car_velocity', roles: ['speed', 'self'], scale: 0.04 },
    ],
  }),

  create: (variant) => ({ variant, values: new Float64Array(2) }),

  reset(state, rng) {
    state.values[0] = -0.6 + 0.2 * rng.float();
    state.values[1] = 0;
  },

  step(state, actions, _rng, rewards) {
    const { force, gravity, maxSpeed, goal } = state.variant;
    const position = state.values[0];
    const pushed = state.values[1] + ((actions[0] - 1) * force - gravity * Math.cos(3 * position));
    let v = Math.max(-maxSpeed, Math.min(maxSpeed, pushed));
    const p = Math.max(LEFT_END, Math.min(RIGHT_END, position + v));
    if (p === LEFT_END && v < 0) v = 0;
    state.values[0] = p;
    state.values[1] = v;
    rewards[0] = -1;
    return p >= goal && v >= 0;
  },

  observe(state, _player, out, offset) {
    out[offset] = state.values[0];
    out[offset + 1] = state.values[1];
  },

  shapes(state): Shape[] {
    const position = state.values[0];
    const goal = state.variant.goal;
    return [
      ...hill(24),
      { kind: 'line', role: 'target', x: across(goal), y: height(goal), x2: across(goal), y2: height(goal) - 0.15 },
      { kind: 'disc', role: 'self', x: across(position), y: height(position) - 0.03, radius: 0.03 },
    ];
  },
});

const across = (position: number): number => (position - LEFT_END) / (RIGHT_END - LEFT_END);
const height = (position: number): number => 0.55 - 0.35 * Math.sin(3 * position);

const hill = (pieces: number): Shape[] => {
  const ends = Array.from({ length: pieces + 1 }, (_, i) => LEFT_END + ((RIGHT_END - LEFT_END) * i) / pieces);
  return ends.slice(1).map((to, i) => {
    const from = ends[i];
    return { kind: 'line', role: 'wall', x: across(from), y: height(from), x2: across(to), y2: height(to) };
  });
};
