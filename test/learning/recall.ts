import * as z from 'zod';
import { defineGame } from '../../src/core/game.ts';

/** Shows a cue once, waits, and pays for repeating it: nothing can be learnt without memory. Random play gets 0.5. */
export default defineGame({
  id: 'recall',
  revision: 1,
  summary: 'A cue is shown at the first step only; repeat it at the last.',
  players: 1,
  variants: z.object({ delay: z.int().min(1).max(20).default(3).describe('steps between the cue and the answer') }),
  actions: ['left', 'right'].map((name) => ({ name, roles: [name] })),
  observation: () => ({
    kind: 'features',
    features: ['cue', 'answer'].map((name) => ({ name, roles: ['gauge'], scale: 1 })),
  }),
  create: ({ delay }) => ({ delay, cue: 0, time: 0 }),
  reset(state, rng) {
    state.cue = rng.int(0, 2);
    state.time = 0;
  },
  step(state, actions, _rng, rewards) {
    const isLast = state.time === state.delay;
    if (isLast && actions[0] === state.cue) rewards[0] = 1;
    state.time++;
    return isLast;
  },
  observe(state, _player, out, offset) {
    if (state.time === 0) out[offset] = state.cue === 0 ? -1 : 1;
    else if (state.time === state.delay) out[offset + 1] = 1;
  },
});
