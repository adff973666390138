import { UserError } from '../core/errors.ts';

/**
 * The text of a new game's file: small, complete and fun to play, to be changed into what the author has in mind. `id`
 * is the game's id, lower-case words joined by hyphens; throws a UserError for anything else.
 */
export function newGameSource(id: string): string {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) {
    throw new UserError(`"${id}" cannot be a game's id; use lower-case words joined by hyphens, like my-game`);
  }
  return template.replaceAll('my-game', id);
}

const template = `import { defineGame, z } from 'ngplus';

// Stars and bombs fall from the sky. Catch the stars with your basket (1 point each) and keep away from the bombs: a
// caught bomb ends the episode, and so does the third star that reaches the ground.

// Parameters of the game. Each needs a default (the original game) and a description; all become options:
// --game './my-game.ts?basketWidth=3'
const variants = z.object({
  basketWidth: z.int().min(1).max(5).default(2).describe('cells of the basket; wider is easier'),
  bombChance: z.number().min(0).max(0.9).default(0.3).describe('probability that a falling thing is a bomb'),
  spawnPeriod: z.int().min(1).max(10).default(3).describe('steps from one falling thing to the next'),
});

const WIDTH = 10;
const HEIGHT = 10;
const LEFT = 1;
const RIGHT = 2;
const EMPTY = 0;
const STAR = 1;
const BOMB = 2;

export default defineGame({
  id: 'my-game',
  revision: 1, // raise it whenever the rules change
  summary: 'Catch falling stars in a basket and keep away from the bombs.',
  players: 1,
  variants,

  // Roles tell transfer what a thing or an action means, so that a policy can be carried over from another game.
  actions: [
    { name: 'noop', roles: ['noop'] },
    { name: 'left', roles: ['left'] },
    { name: 'right', roles: ['right'] },
  ],
  maxSteps: 1000,

  // What the player sees: one plane of zeros and ones for each kind of thing.
  observation: () => ({
    kind: 'planes',
    height: HEIGHT,
    width: WIDTH,
    channels: [
      { name: 'basket', roles: ['self'] },
      { name: 'star', roles: ['pickup'] },
      { name: 'bomb', roles: ['threat'] },
    ],
  }),

  // The state holds plain data only: numbers, strings, arrays, typed arrays. \`reset\` fills it.
  create: (variant) => ({
    variant,
    basket: 0,
    missed: 0,
    spawnWait: 0,
    sky: new Uint8Array(WIDTH * HEIGHT), // what is on each cell, row by row
  }),

  reset(state) {
    state.basket = 4;
    state.missed = 0;
    state.spawnWait = 0;
    state.sky.fill(EMPTY);
  },

  // One step. Draw luck from \`rng\` only, set the reward of every player, return true when the episode is over.
  step(state, actions, rng, rewards) {
    const { basketWidth, bombChance, spawnPeriod } = state.variant;
    rewards[0] = 0;
    if (actions[0] === LEFT) state.basket = Math.max(0, state.basket - 1);
    if (actions[0] === RIGHT) state.basket = Math.min(WIDTH - basketWidth, state.basket + 1);

    // Everything falls by one row.
    state.sky.copyWithin(WIDTH, 0);
    state.sky.fill(EMPTY, 0, WIDTH);
    if (state.spawnWait === 0) {
      state.sky[rng.int(0, WIDTH)] = rng.float() < bombChance ? BOMB : STAR;
      state.spawnWait = spawnPeriod;
    }
    state.spawnWait--;

    // What has reached the ground is caught or missed.
    let caughtBomb = false;
    for (let x = 0; x < WIDTH; x++) {
      const thing = state.sky[(HEIGHT - 1) * WIDTH + x];
      const isCaught = x >= state.basket && x < state.basket + basketWidth;
      if (thing === STAR && isCaught) rewards[0] = 1;
      if (thing === STAR && !isCaught) state.missed++;
      if (thing === BOMB && isCaught) caughtBomb = true;
    }
    return caughtBomb || state.missed >= 3;
  },

  // Writes every value of the observation, from \`offset\` on: row by row, the channels of a cell side by side.
  observe(state, _player, out, offset) {
    for (let cell = 0; cell < WIDTH * HEIGHT; cell++) {
      out[offset + 3 * cell] = 0;
      out[offset + 3 * cell + 1] = state.sky[cell] === STAR ? 1 : 0;
      out[offset + 3 * cell + 2] = state.sky[cell] === BOMB ? 1 : 0;
    }
    const ground = (HEIGHT - 1) * WIDTH;
    for (let i = 0; i < state.variant.basketWidth; i++) out[offset + 3 * (ground + state.basket + i)] = 1;
  },
});
`;
