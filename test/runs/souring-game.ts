import * as z from 'zod';
import { defineGame, type Game } from '../../src/core/game.ts';

/** Rewards are finite for `good` steps of each environment, and infinite from then on: then training diverges. */
export const souring = defineGame({
  id: 'souring',
  revision: 1,
  summary: 'Rewards that become infinite.',
  players: 1,
  remembers: true,
  variants: z.object({ good: z.int().default(64).describe('steps with finite rewards') }),
  actions: ['noop', 'left'].map((name) => ({ name, roles: [name] })),
  observation: () => ({ kind: 'features', features: [{ name: 'step', roles: ['position'], scale: 1 }] }),
  create: ({ good }) => ({ left: good, step: 0 }),
  reset(state) {
    state.step = 0;
  },
  step(state, actions, _rng, rewards) {
    rewards[0] = state.left-- > 0 ? actions[0] : Infinity;
    return ++state.step === 5;
  },
  observe(state, _player, out, offset) {
    out[offset] = state.step / 5;
  },
}) as Game;
