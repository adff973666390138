import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/core/rng.ts';
import type { Rng } from '../../src/core/rng.ts';
import { parseEnvId, variantFields } from '../../src/envs/env-id.ts';
import type { OptionField } from '../../src/envs/env-id.ts';
import { games } from '../../src/envs/index.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { fingerprint } from './play.ts';

type Obs = Uint8Array | Float32Array;
type Player = (obs: Obs, rng: Rng) => number;

const uniform =
  (...actions: number[]): Player =>
  (_obs, rng) =>
    actions[rng.int(0, actions.length)];

/** Simple players that get something out of each game, by its rules, in every variant. */
const PLAYERS: Record<string, Player> = {
  breakout: uniform(0, 1, 3),
  asterix: uniform(0, 1, 2, 3, 4),
  freeway: uniform(2, 2, 2, 2, 0),
  seaquest: uniform(0, 1, 2, 3, 4, 5),
  'space-invaders': uniform(1, 3, 5, 5),
  // Push to the side the pole falls to.
  cartpole: (obs) => (obs[2] + 0.5 * obs[3] + 0.02 * obs[1] > 0 ? 1 : 0),
  // Push the way the car rolls.
  mountaincar: (obs) => (obs[1] >= 0 ? 2 : 0),
  // Turn the joint against the swing of the first link.
  acrobot: (obs) => (obs[4] > 0 ? 0 : 2),
  // The first six actions are those of one game; the others take them as theirs.
  mix: uniform(0, 1, 2, 3, 4, 5),
};

/** Stays below for long (coming up with nobody is the end), and shoots at times. */
const diver = uniform(1, 1, 3, 3, 4, 4, 4, 2, 5);

/** Where a parameter only shows in a certain kind of play: the rest of the variant, and who plays. */
const CONTEXTS: Record<string, { base: string; player?: Player }> = {
  // A crew is only full after many divers, taken without coming up in between.
  'seaquest/crew': { base: 'diverPeriod=5&oxygen=1000&spawnPeriod=60', player: diver },
  'seaquest/ramping': { base: 'diverPeriod=5&oxygen=1000&spawnPeriod=40', player: diver },
  // A wave that random play can clear, of more aliens than steps between moves.
  'space-invaders/ramping': { base: 'alienRows=1&alienColumns=8&movePeriod=7&shotPeriod=60&shotPause=1' },
  // The original car never gets that fast: a strong one may, when it comes down from the left end.
  'mountaincar/maxSpeed': { base: 'force=0.003', player: (obs) => (obs[0] < -1.1 || obs[1] > 0 ? 2 : 0) },
};

const NUM_ENVS = 32;

interface Play {
  /** A digest of all that could be seen. */
  trace: string;
  /** Returns and lengths of the episodes that ended. */
  returns: number[];
  lengths: number[];
  terminated: number;
}

function play(id: string, player: Player, steps: number): Play {
  const env = createVecEnv(parseEnvId(id, games), NUM_ENVS, 17);
  const rng = createRng(17, 'player');
  const actions = new Int32Array(NUM_ENVS);
  const trace = createHash('sha1');
  const result: Play = { trace: '', returns: [], lengths: [], terminated: 0 };
  env.reset();
  for (let step = 0; step < steps; step++) {
    for (let e = 0; e < NUM_ENVS; e++) {
      actions[e] = player(env.obs.subarray(e * env.obsSize, (e + 1) * env.obsSize), rng);
    }
    env.step(actions);
    trace.update(fingerprint(env));
    for (let e = 0; e < NUM_ENVS; e++) {
      if (env.terminated[e] + env.truncated[e] === 0) continue;
      result.returns.push(env.returns[e]);
      result.lengths.push(env.lengths[e]);
      result.terminated += env.terminated[e];
    }
  }
  return { ...result, trace: trace.digest('hex') };
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const extremes = ({ type, minimum, maximum, values }: OptionField): unknown[] =>
  type === 'boolean' ? [true, false] : (values?.slice() ?? [minimum, maximum]);

const cases = games.flatMap((game) =>
  variantFields(game).map((field) => ({ id: game.id, name: field.name, field, key: `${game.id}/${field.name}` })),
);

describe.each(cases)('$key', ({ id, name, field, key }) => {
  const { base, player = PLAYERS[id] } = CONTEXTS[key] ?? { base: '' };
  const steps = id === 'freeway' ? 2600 : 700;
  const withValue = (value: unknown) => `${id}?${base}${base === '' ? '' : '&'}${name}=${String(value)}`;
  const plays = new Map<unknown, Play>();
  const playOf = (value: unknown) => {
    if (!plays.has(value)) plays.set(value, play(withValue(value), player, steps));
    return plays.get(value)!;
  };
  const values = extremes(field).filter((value) => value !== field.default);

  it('changes what happens', () => {
    for (const value of values) expect(playOf(value).trace, String(value)).not.toBe(playOf(field.default).trace);
  });

  it('leaves the game playable at its ends', () => {
    for (const value of values) {
      const { returns, lengths, terminated } = playOf(value);
      const at = withValue(value);
      if (id === 'freeway' && Number(value) > 2600) continue;
      expect(mean(lengths), at).toBeGreaterThan(4);
      expect(returns.every(Number.isFinite), at).toBe(true);
      if (id === 'cartpole') expect(mean(returns), at).toBeGreaterThan(100);
      else if (id === 'mountaincar' || id === 'acrobot') expect(terminated / returns.length, at).toBeGreaterThan(0.5);
      else expect(Math.max(...returns), at).toBeGreaterThan(0);
    }
  });
});
