// Gem cave: a bat flies through a cave that bends as it scrolls by. Gems are worth 1 each; the rock ends the flight.
import { defineGame, z } from 'ngplus';

const variants = z.object({
  gap: z.int().min(2).max(6).default(4).describe('rows from ceiling to floor; wider is easier'),
  bend: z.number().min(0).max(1).default(0.5).describe('probability that the cave bends at the next column'),
  gemPeriod: z.int().min(1).max(20).default(3).describe('columns from one gem to the next'),
});
const [WIDTH, HEIGHT, BAT_X] = [12, 10, 2];

export default defineGame({
  id: 'gem-cave',
  revision: 1,
  summary: 'Fly a bat through a cave and pick up the gems.',
  players: 1,
  variants,
  actions: ['noop', 'up', 'down'].map((name) => ({ name, roles: [name] })),
  maxSteps: 2000,
  observation: () => ({
    kind: 'planes',
    height: HEIGHT,
    width: WIDTH,
    channels: [
      { name: 'bat', roles: ['self'] },
      { name: 'rock', roles: ['threat', 'wall'] },
      { name: 'gem', roles: ['pickup'] },
    ],
  }),

  // Of each column: the first row that is open, and the row of a gem (-1 for none).
  create: (variant) => ({ variant, bat: 0, time: 0, open: new Int8Array(WIDTH), gem: new Int8Array(WIDTH) }),

  reset(state) {
    state.time = 0;
    state.bat = HEIGHT >> 1;
    state.open.fill((HEIGHT - state.variant.gap) >> 1);
    state.gem.fill(-1);
  },

  step(state, actions, rng, rewards) {
    const { variant, open, gem } = state;
    state.bat += [0, -1, 1][actions[0]];
    const bend = rng.float() < variant.bend ? 2 * rng.int(0, 2) - 1 : 0;
    const next = Math.min(HEIGHT - variant.gap, Math.max(0, open[WIDTH - 1] + bend));
    open.copyWithin(0, 1)[WIDTH - 1] = next;
    gem.copyWithin(0, 1)[WIDTH - 1] = ++state.time % variant.gemPeriod === 0 ? next + rng.int(0, variant.gap) : -1;
    rewards[0] = gem[BAT_X] === state.bat ? 1 : 0;
    return state.bat < open[BAT_X] || state.bat >= open[BAT_X] + variant.gap;
  },

  observe({ variant, bat, open, gem }, _player, out, offset) {
    for (let cell = 0, at = offset; cell < WIDTH * HEIGHT; cell++, at += 3) {
      const x = cell % WIDTH;
      const y = (cell - x) / WIDTH;
      out[at] = x === BAT_X && y === bat ? 1 : 0;
      out[at + 1] = y < open[x] || y >= open[x] + variant.gap ? 1 : 0;
      out[at + 2] = y === gem[x] ? 1 : 0;
    }
  },
});
