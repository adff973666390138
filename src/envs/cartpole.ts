import * as z from 'zod';
import { defineGame } from '../core/game.ts';
import type { Shape } from '../core/game.ts';
import { cosOfSmall, sinOfSmall } from './small-angle.ts';

/*
 * CartPole (Barto, Sutton & Anderson 1983; CartPole-v1 of Gymnasium). A pole stands on a cart; each step pushes the cart
 * left or right. Every step gives 1, the last one too; the episode ends when the cart is more than 2.4 from the middle
 * or the pole leans more than 12 degrees. Explicit Euler, 0.02 s a step.
 */

const variants = z.object({
  gravity: z.number().min(1).max(30).default(9.8).describe('gravity, m/s²'),
  cartMass: z.number().min(0.2).max(5).default(1).describe('mass of the cart, kg'),
  poleMass: z.number().min(0.02).max(1).default(0.1).describe('mass of the pole, kg'),
  halfLength: z.number().min(0.2).max(2).default(0.5).describe('half the length of the pole, m; longer is easier'),
  force: z.number().min(4).max(20).default(10).describe('force of a push, N'),
});

interface State {
  readonly variant: z.output<typeof variants>;
  /** Cart position (m) and velocity (m/s), pole angle (rad, 0 is upright) and angular velocity (rad/s). */
  readonly values: Float64Array;
}

const TIME_STEP = 0.02;
const TRACK = 2.4;
const MAX_ANGLE = (12 * 2 * Math.PI) / 360;

export const cartpole = defineGame<State, typeof variants>({
  id: 'cartpole',
  revision: 1,
  summary: 'Balance a pole on a cart by pushing the cart left and right.',
  players: 1,
  variants,
  actions: [
    { name: 'left', roles: ['left'] },
    { name: 'right', roles: ['right'] },
  ],
  maxSteps: 500,

  observation: () => ({
    kind: 'features',
    features: [
      { name: 'cart_position', roles: ['position', 'self'], scale: 2.4 },
      { name: 'cart_velocity', roles: ['speed', 'self'], scale: 2 },
      { name: 'pole_angle', roles: ['angle', 'ball'], scale: 0.21 },
      { name: 'pole_velocity', roles: ['speed', 'angle', 'ball'], scale: 2 },
    ],
  }),

  create: (variant) => ({ variant, values: new Float64Array(4) }),

  reset(state, rng) {
    for (let i = 0; i < 4; i++) state.values[i] = -0.05 + 0.1 * rng.float();
  },

  step(state, actions, _rng, rewards) {
    const { gravity, cartMass, poleMass, halfLength, force } = state.variant;
    const values = state.values;
    const x = values[0];
    const v = values[1];
    const angle = values[2];
    const w = values[3];
    // A product: a choice between two numbers is a branch that no processor can foresee.
    const push = (2 * actions[0] - 1) * force;
    const mass = cartMass + poleMass;
    const moment = poleMass * halfLength;
    const sin = sinOfSmall(angle);
    const cos = cosOfSmall(angle);
    const pull = (push + moment * (w * w) * sin) / mass;
    const turn = (gravity * sin - cos * pull) / (halfLength * (4 / 3 - (poleMass * (cos * cos)) / mass));
    const acceleration = pull - (moment * turn * cos) / mass;
    values[0] = x + TIME_STEP * v;
    values[1] = v + TIME_STEP * acceleration;
    values[2] = angle + TIME_STEP * w;
    values[3] = w + TIME_STEP * turn;
    rewards[0] = 1;
    return Math.abs(values[0]) > TRACK || Math.abs(values[2]) > MAX_ANGLE;
  },

  observe(state, _player, out, offset) {
    const values = state.values;
    out[offset] = values[0];
    out[offset + 1] = values[1];
    out[offset + 2] = values[2];
    out[offset + 3] = values[3];
  },

  shapes(state): Shape[] {
    const [position, , angle] = state.values;
    const x = 0.5 + position / (2 * TRACK + 1);
    const y = 0.7;
    const length = 0.25 * (state.variant.halfLength / 0.5) ** 0.5;
    return [
      { kind: 'line', role: 'wall', x: 0, y: y + 0.04, x2: 1, y2: y + 0.04 },
      { kind: 'box', role: 'self', x: x - 0.07, y: y - 0.04, width: 0.14, height: 0.08 },
      {
        kind: 'line',
        role: 'ball',
        x,
        y: y - 0.04,
        x2: x + length * Math.sin(angle),
        y2: y - 0.04 - length * Math.cos(angle),
      },
    ];
  },
});
