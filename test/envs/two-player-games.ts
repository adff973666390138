import { z } from 'zod';
import { defineGame } from '../../src/core/game.ts';

/* Two tiny games for two players, for tests: one in turn with illegal actions, one in which both act in every step. */

/** Nim: take one to three stones in turn; who takes the last one wins. */
export const nim = defineGame({
  id: 'nim',
  revision: 1,
  summary: 'Take one to three stones in turn, the last one wins.',
  players: 2,
  turns: 'alternating',
  variants: z.object({ stones: z.int().min(3).max(12).default(9).describe('stones at the start, at most') }),
  actions: ['one', 'two', 'three'].map((name) => ({ name, roles: ['place'] })),
  sticky: 0.25,
  observation: (variant) => ({
    kind: 'planes',
    height: 1,
    width: variant.stones,
    channels: [
      { name: 'stone', roles: ['target'] },
      { name: 'my_turn', roles: ['self'] },
    ],
  }),
  create: (variant) => ({ variant, left: 0, mover: 0 }),
  reset(state, rng) {
    state.left = rng.int(3, state.variant.stones + 1);
    state.mover = 0;
  },
  step(state, actions, _rng, rewards) {
    const taken = actions[state.mover] + 1;
    if (taken > state.left) throw new Error(`${taken} of ${state.left} stones taken`);
    state.left -= taken;
    const won = state.left === 0;
    rewards[state.mover] = won ? 1 : 0;
    rewards[1 - state.mover] = won ? -1 : 0;
    state.mover = 1 - state.mover;
    return won;
  },
  observe(state, player, out, offset) {
    for (let i = 0; i < state.variant.stones; i++) {
      out[offset + 2 * i] = i < state.left ? 1 : 0;
      out[offset + 2 * i + 1] = player === state.mover ? 1 : 0;
    }
  },
  toAct: (state) => state.mover,
  legal(state, player, out, offset) {
    for (let i = 0; i < 3; i++) out[offset + i] = player === state.mover && i < state.left ? 1 : 0;
  },
});

/** Tag on a line: the second player runs from the first; the chaser is rewarded for the catch. */
export const tag = defineGame({
  id: 'tag',
  revision: 1,
  summary: 'Catch the other player on a line.',
  players: 2,
  turns: 'simultaneous',
  variants: z.object({ length: z.int().min(4).max(12).default(7).describe('cells of the line') }),
  actions: ['noop', 'left', 'right'].map((name) => ({ name, roles: [name] })),
  minimalActions: ['left', 'right'],
  maxSteps: 30,
  observation: (variant) => ({
    kind: 'planes',
    height: 1,
    width: variant.length,
    channels: [
      { name: 'me', roles: ['self'] },
      { name: 'other', roles: ['opponent'] },
    ],
  }),
  create: (variant) => ({ variant, x: [0, 0] }),
  reset(state, rng) {
    state.x[0] = rng.int(0, 2);
    state.x[1] = state.variant.length - 1;
  },
  step(state, actions, _rng, rewards) {
    for (let player = 0; player < 2; player++) {
      const dx = actions[player] === 1 ? -1 : actions[player] === 2 ? 1 : 0;
      state.x[player] = Math.max(0, Math.min(state.variant.length - 1, state.x[player] + dx));
    }
    const caught = state.x[0] === state.x[1];
    rewards[0] = caught ? 1 : 0;
    rewards[1] = caught ? -1 : 0;
    return caught;
  },
  observe(state, player, out, offset) {
    for (let i = 0; i < state.variant.length; i++) {
      out[offset + 2 * i] = state.x[player] === i ? 1 : 0;
      out[offset + 2 * i + 1] = state.x[1 - player] === i ? 1 : 0;
    }
  },
});
