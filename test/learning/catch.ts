import { z } from 'zod';
import { defineGame } from '../../src/core/game.ts';

/**
 * Catch: fruits fall one after another onto a small board, a basket in the last row catches them (one point each). Moves
 * out of the board are illegal, and the game throws on one: whoever plays it shows that the masks are kept.
 */
const catchGame = defineGame({
  id: 'catch',
  revision: 1,
  summary: 'Catch the falling fruits with a basket.',
  players: 1,
  variants: z.object({
    width: z.int().min(2).max(9).default(5).describe('columns of the board'),
    fruits: z.int().min(1).max(20).default(4).describe('fruits of an episode'),
  }),
  actions: ['left', 'noop', 'right'].map((name) => ({ name, roles: [name] })),
  observation: ({ width }) => ({
    kind: 'planes',
    height: 5,
    width,
    channels: [
      { name: 'basket', roles: ['self'] },
      { name: 'fruit', roles: ['pickup', 'target'] },
    ],
  }),
  create: (variant) => ({ variant, basket: 0, x: 0, y: 0, left: 0 }),
  reset(state, rng) {
    state.left = state.variant.fruits;
    state.basket = rng.int(0, state.variant.width);
    state.x = rng.int(0, state.variant.width);
    state.y = 0;
  },
  step(state, actions, rng, rewards) {
    state.basket += actions[0] - 1;
    if (state.basket < 0 || state.basket >= state.variant.width) throw new Error(`illegal action ${actions[0]}`);
    rewards[0] = 0;
    if (++state.y < 4) return false;
    rewards[0] = state.basket === state.x ? 1 : 0;
    state.x = rng.int(0, state.variant.width);
    state.y = 0;
    return --state.left === 0;
  },
  observe(state, _player, out, offset) {
    const { width } = state.variant;
    out.fill(0, offset, offset + 5 * width * 2);
    out[offset + (4 * width + state.basket) * 2] = 1;
    out[offset + (state.y * width + state.x) * 2 + 1] = 1;
  },
  legal(state, _player, out, offset) {
    out[offset] = state.basket > 0 ? 1 : 0;
    out[offset + 1] = 1;
    out[offset + 2] = state.basket < state.variant.width - 1 ? 1 : 0;
  },
});

export default catchGame;
