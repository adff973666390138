import type { Player } from '../core/agent.ts';
import { unknownValue, UserError } from '../core/errors.ts';
import type { VecEnv } from '../core/vec-env.ts';

/** A rule of thumb: from what one player sees to the name of an action. */
type Script = (see: Sight) => string;

/** One observation, by the names of its channels or features. */
interface Sight {
  /** Cells of a channel that are set, from the top left, row by row. */
  cells(channel: string): Cell[];
  feature(name: string): number;
}

interface Cell {
  readonly x: number;
  readonly y: number;
}

/** By game: what a person would do at first. Baselines between random play and learning. */
const SCRIPTS: Readonly<Record<string, Script>> = {
  breakout({ cells }) {
    const [paddle, ball, trail] = ['paddle', 'ball', 'trail'].map((name) => cells(name)[0]);
    const falls = trail !== undefined && ball.y > trail.y;
    const landing = falls ? reflect(ball.x + (ball.x - trail.x) * (9 - ball.y)) : ball.x;
    return towards(landing - paddle.x);
  },
  freeway: ({ cells }) => {
    const [chicken] = cells('chicken');
    const blocked = cells('car').some(({ x, y }) => y === chicken.y - 1 && Math.abs(x - chicken.x) <= 1);
    return blocked ? 'noop' : 'up';
  },
  asterix({ cells }) {
    const [player] = cells('player');
    const danger = (y: number): boolean =>
      cells('enemy').some((cell) => cell.y === y && Math.abs(cell.x - player.x) <= 3);
    if (danger(player.y)) return player.y > 1 && !danger(player.y - 1) ? 'up' : 'down';
    const gold = nearest(cells('gold'), player);
    if (!gold) return 'noop';
    const y = Math.sign(gold.y - player.y);
    if (y === 0) return towards(gold.x - player.x);
    return danger(player.y + y) ? 'noop' : y < 0 ? 'up' : 'down';
  },
  'space-invaders'({ cells }) {
    const [cannon] = cells('cannon');
    const shot = cells('enemy_bullet').some(({ x, y }) => x === cannon.x && cannon.y - y <= 3);
    if (shot) return cannon.x > 4 ? 'left' : 'right';
    const alien = nearest(
      cells('alien').map(({ x }) => ({ x, y: cannon.y })),
      cannon,
    );
    return !alien || alien.x === cannon.x ? 'fire' : towards(alien.x - cannon.x);
  },
  seaquest({ cells }) {
    const [sub] = cells('sub_front');
    const [back] = cells('sub_back');
    if (!sub) return 'noop';
    if (cells('oxygen_guage').length < 3) return 'up';
    const prey = nearest([...cells('enemy_fish'), ...cells('enemy_sub')], sub);
    if (!prey) return 'fire';
    if (prey.y !== sub.y) return prey.y < sub.y ? 'up' : 'down';
    const facesRight = back === undefined || back.x < sub.x;
    return facesRight === prey.x > sub.x ? 'fire' : towards(prey.x - sub.x);
  },
  cartpole({ feature }) {
    const lean = feature('pole_angle') + 0.3 * feature('pole_velocity');
    const drift = 0.02 * feature('cart_position') + 0.05 * feature('cart_velocity');
    return lean + drift > 0 ? 'right' : 'left';
  },
  mountaincar: ({ feature }) => (feature('car_velocity') < 0 ? 'left' : 'right'),
  acrobot: ({ feature }) => (feature('velocity2') > 0 ? 'right' : 'left'),
};

/** The games that have a script. */
export const scriptedGames = (): string[] => Object.keys(SCRIPTS);

/** Plays by the game's script. @throws UserError for a game that has none */
export function scriptedPlayer({ id }: { readonly id: string }): Player {
  const script = SCRIPTS[id.split('?')[0]];
  if (!script) throw new UserError(`there is no script for "${id}"; valid: ${scriptedGames().join(', ')}`);
  return {
    act(env, out) {
      for (let e = 0; e < env.numEnvs; e++) {
        const name = script(sightOf(env, e));
        const action = env.actions.findIndex((candidate) => candidate.name === name);
        out[e] = Math.max(0, action);
      }
    },
  };
}

function sightOf({ observation, obs, obsSize }: VecEnv, e: number): Sight {
  const from = e * obsSize;
  return {
    cells(channel) {
      if (observation.kind !== 'planes') return [];
      const { width, channels } = observation;
      const index = channels.findIndex(({ name }) => name === channel);
      if (index < 0) {
        throw unknownValue(
          'channel in a script',
          channel,
          channels.map(({ name }) => name),
        );
      }
      const found: Cell[] = [];
      for (let at = index; at < obsSize; at += channels.length) {
        const cell = (at - index) / channels.length;
        if (obs[from + at]) found.push({ x: cell % width, y: Math.floor(cell / width) });
      }
      return found;
    },
    feature: (wanted) =>
      observation.kind === 'features' ? obs[from + observation.features.findIndex(({ name }) => name === wanted)] : 0,
  };
}

const towards = (distance: number): string => (distance === 0 ? 'noop' : distance < 0 ? 'left' : 'right');

const nearest = (cells: readonly Cell[], { x, y }: Cell): Cell | undefined => {
  const distance = (cell: Cell): number => Math.abs(cell.x - x) + Math.abs(cell.y - y);
  return cells.reduce<Cell | undefined>(
    (best, cell) => (best && distance(best) <= distance(cell) ? best : cell),
    undefined,
  );
};

/** Where a ball on ten columns is after reflections at both sides, where it rests for a step. */
const reflect = (x: number): number => {
  const within = ((x % 20) + 20) % 20;
  return within <= 9 ? within : 19 - within;
};
