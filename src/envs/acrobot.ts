import * as z from 'zod';
import { defineGame } from '../core/game.ts';
import type { Shape } from '../core/game.ts';

/*
 * Acrobot (Sutton 1996; Acrobot-v1 of Gymnasium, the "book" form). Two links hang from a fixed point; a torque at the
 * joint between them swings them until the tip is above the line one link's length over the point. Every step costs 1
 * but the last. One Runge-Kutta step of 0.2 s with the torque held.
 */

const variants = z.object({
  gravity: z.number().min(2).max(15).default(9.8).describe('gravity, m/s²; less is easier'),
  torque: z.number().min(0.6).max(4).default(1).describe('torque on the joint, Nm; more is easier'),
  mass1: z.number().min(0.3).max(2).default(1).describe('mass of the first link, kg'),
  mass2: z.number().min(0.3).max(2).default(1).describe('mass of the second link, kg'),
  length1: z.number().min(0.7).max(1.5).default(1).describe('length of the first link, m'),
  length2: z.number().min(0.7).max(1.5).default(1).describe('length of the second link, m'),
});

type Variant = z.output<typeof variants>;

interface State {
  readonly variant: Variant;
  /** Angle of the first link from straight down, of the second relative to the first (rad), their velocities (rad/s). */
  readonly values: Float64Array;
}

const TIME_STEP = 0.2;
const GOAL_HEIGHT = 1;
const INERTIA = 1;
const MAX_SPEED_1 = 4 * Math.PI;
const MAX_SPEED_2 = 9 * Math.PI;

export const acrobot = defineGame<State, typeof variants>({
  id: 'acrobot',
  revision: 1,
  summary: 'Swing two linked bars up by a torque at the joint between them.',
  players: 1,
  variants,
  actions: [
    { name: 'left', roles: ['left'] },
    { name: 'noop', roles: ['noop'] },
    { name: 'right', roles: ['right'] },
  ],
  maxSteps: 500,

  observation: () => ({
    kind: 'features',
    features: [
      { name: 'cos_angle1', roles: ['angle', 'self'], scale: 1 },
      { name: 'sin_angle1', roles: ['position', 'angle', 'self'], scale: 1 },
      { name: 'cos_angle2', roles: ['angle', 'self-part'], scale: 1 },
      { name: 'sin_angle2', roles: ['position', 'angle', 'self-part'], scale: 1 },
      { name: 'velocity1', roles: ['speed', 'angle', 'self'], scale: 4 },
      { name: 'velocity2', roles: ['speed', 'angle', 'self-part'], scale: 9 },
    ],
  }),

  create: (variant) => ({ variant, values: new Float64Array(4) }),

  reset(state, rng) {
    for (let i = 0; i < 4; i++) state.values[i] = Math.fround(-0.1 + 0.2 * rng.float());
  },

  step(state, actions, _rng, rewards) {
    const { variant, values } = state;
    rungeKutta(variant, values, (actions[0] - 1) * variant.torque);
    values[0] = wrapAngle(values[0]);
    values[1] = wrapAngle(values[1]);
    values[2] = Math.max(-MAX_SPEED_1, Math.min(MAX_SPEED_1, values[2]));
    values[3] = Math.max(-MAX_SPEED_2, Math.min(MAX_SPEED_2, values[3]));
    const tip = -variant.length1 * Math.cos(values[0]) - variant.length2 * Math.cos(values[0] + values[1]);
    const isUp = tip > GOAL_HEIGHT;
    rewards[0] = isUp ? 0 : -1;
    return isUp;
  },

  observe(state, _player, out, offset) {
    const values = state.values;
    out[offset] = Math.cos(values[0]);
    out[offset + 1] = Math.sin(values[0]);
    out[offset + 2] = Math.cos(values[1]);
    out[offset + 3] = Math.sin(values[1]);
    out[offset + 4] = values[2];
    out[offset + 5] = values[3];
  },

  shapes(state): Shape[] {
    const { length1, length2 } = state.variant;
    const [angle1, angle2] = state.values;
    const scale = 0.45 / (length1 + length2);
    const [x, y] = [0.5 + scale * length1 * Math.sin(angle1), 0.5 + scale * length1 * Math.cos(angle1)];
    const [x2, y2] = [x + scale * length2 * Math.sin(angle1 + angle2), y + scale * length2 * Math.cos(angle1 + angle2)];
    const goal = 0.5 - scale * GOAL_HEIGHT;
    return [
      { kind: 'line', role: 'target', x: 0, y: goal, x2: 1, y2: goal },
      { kind: 'line', role: 'self', x: 0.5, y: 0.5, x2: x, y2: y },
      { kind: 'line', role: 'self-part', x, y, x2, y2 },
      { kind: 'disc', role: 'wall', x: 0.5, y: 0.5, radius: 0.015 },
      { kind: 'disc', role: 'self-part', x, y, radius: 0.015 },
    ];
  },
});

function wrapAngle(angle: number): number {
  while (angle > Math.PI) angle -= 2 * Math.PI;
  while (angle < -Math.PI) angle += 2 * Math.PI;
  return angle;
}

/** Overwritten by every step: slopes at the four points, and the point looked at. */
const slopes = [0, 1, 2, 3].map(() => new Float64Array(4));
const point = new Float64Array(4);

/** One classical fourth-order step of length 0.2, in place. */
function rungeKutta(variant: Variant, values: Float64Array, torque: number): void {
  derive(variant, values, torque, slopes[0]);
  for (let k = 1; k < 4; k++) {
    const reach = k === 3 ? TIME_STEP : TIME_STEP / 2;
    for (let i = 0; i < 4; i++) point[i] = values[i] + reach * slopes[k - 1][i];
    derive(variant, point, torque, slopes[k]);
  }
  for (let i = 0; i < 4; i++) {
    values[i] += (TIME_STEP / 6) * (slopes[0][i] + 2 * slopes[1][i] + 2 * slopes[2][i] + slopes[3][i]);
  }
}

/** The equations of motion, with d1, d2, phi1 and phi2 as in the case study of Sutton & Barto (1998). */
function derive(variant: Variant, at: Float64Array, torque: number, out: Float64Array): void {
  const { gravity, mass1, mass2, length1, length2 } = variant;
  const angle1 = at[0];
  const angle2 = at[1];
  const w1 = at[2];
  const w2 = at[3];
  const centre1 = length1 / 2;
  const centre2 = length2 / 2;
  const cos2 = Math.cos(angle2);
  const sin2 = Math.sin(angle2);
  const arm = mass2 * length1 * centre2;
  const d1 =
    mass1 * centre1 * centre1 +
    mass2 * (length1 * length1 + centre2 * centre2 + 2 * length1 * centre2 * cos2) +
    2 * INERTIA;
  const d2 = mass2 * (centre2 * centre2 + length1 * centre2 * cos2) + INERTIA;
  const phi2 = mass2 * centre2 * gravity * Math.cos(angle1 + angle2 - Math.PI / 2);
  const phi1 =
    -arm * w2 * w2 * sin2 -
    2 * arm * w2 * w1 * sin2 +
    (mass1 * centre1 + mass2 * length1) * gravity * Math.cos(angle1 - Math.PI / 2) +
    phi2;
  const turn2 =
    (torque + (d2 / d1) * phi1 - arm * w1 * w1 * sin2 - phi2) / (mass2 * centre2 * centre2 + INERTIA - (d2 * d2) / d1);
  out[0] = w1;
  out[1] = w2;
  out[2] = -(d2 * turn2 + phi1) / d1;
  out[3] = turn2;
}
