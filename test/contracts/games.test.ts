import { describe, expect, it } from 'vitest';
import { ROLES, observationArray, observationSize } from '../../src/core/game.ts';
import type { Game } from '../../src/core/game.ts';
import { createRng } from '../../src/core/rng.ts';
import { checkGame } from '../../src/envs/check-game.ts';
import { envSpec, optionClashes, parseEnvId, variantFields } from '../../src/envs/env-id.ts';
import { games } from '../../src/envs/index.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { fingerprint, playRandomly } from '../envs/play.ts';
import { nim, tag } from '../envs/two-player-games.ts';

const NUM_ENVS = 5;
const STEPS = 700;

const start = (game: Game, seed = 3, options = {}) => {
  const env = createVecEnv(envSpec(game, options), NUM_ENVS, seed);
  env.reset();
  return env;
};

const allowAll = (game: Game): Game => ({
  ...game,
  legal: (_state, _player, out, offset) => out.fill(1, offset, offset + game.actions.length),
});

const history = (game: Game, seed: number) => {
  const env = start(game, seed);
  const prints = [fingerprint(env)];
  playRandomly(env, STEPS, () => prints.push(fingerprint(env)));
  return prints;
};

describe.each([...games, nim as Game, tag as Game].map((game) => [game.id, game] as const))('%s', (_id, game) => {
  it('has no findings of checkGame', () => {
    expect(checkGame(game)).toEqual([]);
  });

  it('names every channel, feature and action, with known roles', () => {
    const { observation } = envSpec(game);
    const parts = observation.kind === 'planes' ? observation.channels : observation.features;
    for (const { roles } of parts) for (const role of roles) expect(Object.keys(ROLES.observation)).toContain(role);
    for (const { roles } of game.actions) for (const role of roles) expect(Object.keys(ROLES.action)).toContain(role);
    expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
    expect(parts.every(({ roles }) => roles.length > 0)).toBe(true);
  });

  it('plays the same for the same seed and otherwise for another', () => {
    expect(history(game, 3)).toEqual(history(game, 3));
    expect(history(game, 3)).not.toEqual(history(game, 4));
  });

  it('gives each environment luck of its own', () => {
    const size = observationSize(envSpec(game).observation) * game.players;
    const seen = new Set<string>();
    const env = start(game);
    playRandomly(env, 60, () => {
      for (let e = 0; e < NUM_ENVS; e++) seen.add(env.obs.slice(e * size, (e + 1) * size).join());
    });
    expect(seen.size).toBeGreaterThan(5);
  });

  it('goes on bit for bit from a state saved in mid-episode', () => {
    for (const before of [0, 7, 123]) {
      const env = start(game);
      playRandomly(env, before, undefined, 11);
      const saved = env.save();
      const copy = structuredClone(saved);
      const expected = [fingerprint(env)];
      playRandomly(env, 300, () => expected.push(fingerprint(env)), 12);
      expect(saved).toEqual(copy);

      const other = createVecEnv(envSpec(game), NUM_ENVS, 3);
      other.load(saved);
      const got = [fingerprint(other)];
      playRandomly(other, 300, () => got.push(fingerprint(other)), 12);
      expect(got).toEqual(expected);

      env.load(saved);
      const again = [fingerprint(env)];
      playRandomly(env, 300, () => again.push(fingerprint(env)), 12);
      expect(again).toEqual(expected);
    }
  });

  it('overwrites its whole observation, within bounds', () => {
    const { observation, variant } = envSpec(game);
    const state = game.create(variant);
    const rng = createRng(1);
    const rewards = new Float32Array(game.players);
    const size = observationSize(observation);
    const [a, b] = [observationArray(observation, 3).fill(7), observationArray(observation, 3).fill(9)];
    game.reset(state, rng);
    for (let step = 0; step < 200; step++) {
      for (let player = 0; player < game.players; player++) {
        game.observe(state, player, a, size);
        game.observe(state, player, b, size);
        expect(a.subarray(size, 2 * size)).toEqual(b.subarray(size, 2 * size));
        expect([...a.subarray(0, size), ...a.subarray(2 * size)].every((value) => value === 7)).toBe(true);
        const largest = observation.kind === 'planes' ? 1 : 100;
        expect([...a.subarray(size, 2 * size)].every((value) => Math.abs(value) <= largest)).toBe(true);
      }
      const legal = new Uint8Array(game.actions.length).fill(1);
      const mover = game.toAct?.(state) ?? 0;
      game.legal?.(state, mover, legal, 0);
      const actions = new Int32Array(game.players).fill(legal.lastIndexOf(1));
      if (game.step(state, actions, rng, rewards)) game.reset(state, rng);
    }
  });

  it('counts returns and lengths, and gives finite rewards', () => {
    const env = start(game);
    const returns = new Float64Array(NUM_ENVS * game.players);
    const lengths = new Int32Array(NUM_ENVS);
    let episodes = 0;
    playRandomly(env, STEPS, () => {
      for (let e = 0; e < NUM_ENVS; e++) {
        lengths[e]++;
        expect(env.lengths[e]).toBe(lengths[e]);
        const ended = env.terminated[e] === 1 || env.truncated[e] === 1;
        for (let slot = e * game.players; slot < (e + 1) * game.players; slot++) {
          expect(Number.isFinite(env.rewards[slot])).toBe(true);
          returns[slot] += env.rewards[slot];
          expect(env.returns[slot]).toBe(returns[slot]);
          if (ended) returns[slot] = 0;
        }
        if (!ended) continue;
        episodes++;
        lengths[e] = 0;
      }
    });
    if (game.id !== 'freeway') expect(episodes).toBeGreaterThan(0);
  });

  it('is never stepped after the end, and shows the last observation of an episode', () => {
    let over = true;
    let last: number[] = [];
    const size = observationSize(envSpec(game).observation);
    const out = observationArray(envSpec(game).observation, 1);
    const guarded: Game = {
      ...game,
      reset(state, rng) {
        over = false;
        game.reset(state, rng);
      },
      step(state, actions, rng, rewards) {
        expect(over).toBe(false);
        over = game.step(state, actions, rng, rewards);
        game.observe(state, game.players - 1, out, 0);
        last = [...out];
        return over;
      },
    };
    const env = createVecEnv(envSpec(guarded, { maxSteps: 40 }), 1, 5);
    env.reset();
    let [terminated, truncated] = [0, 0];
    playRandomly(env, 2000, () => {
      expect(env.terminated[0] + env.truncated[0]).toBeLessThan(2);
      terminated += env.terminated[0];
      truncated += env.truncated[0];
      expect(env.lengths[0]).toBeLessThanOrEqual(40);
      if (env.truncated[0] === 1) expect(env.lengths[0]).toBe(40);
      const end = game.players * size;
      const shown = env.terminated[0] + env.truncated[0] > 0 ? env.finalObs : env.obs;
      expect([...shown.subarray(end - size, end)]).toEqual(last);
    });
    expect(terminated + truncated).toBeGreaterThan(20);
  });

  it.runIf(game.players === 1 && game.legal === undefined)(
    'plays the same where a mask, allowing all, keeps it off the shorter path',
    () => {
      expect(history(allowAll(game), 3)).toEqual(history(game, 3));
    },
  );

  it('offers the minimal actions under their own numbers', () => {
    const spec = envSpec(game, { actions: 'minimal' });
    const names = spec.actionSet.map(({ name }) => name);
    const offered = game.offered?.(spec.variant) ?? game.actions.map(({ name }) => name);
    expect(names).toEqual((game.minimalActions ?? offered).filter((name) => offered.includes(name)));
    // The same play, once by the minimal numbers and once by the game's own.
    const [few, all] = [start(game, 3, { actions: 'minimal' }), start(game)];
    const own = new Int32Array(NUM_ENVS * game.players);
    const minimal = own.slice();
    const rng = createRng(9);
    for (let step = 0; step < 200; step++) {
      for (let slot = 0; slot < own.length; slot++) {
        const firstLegal = few.legal.indexOf(1, slot * names.length) % names.length;
        minimal[slot] = game.legal === undefined ? rng.int(0, names.length) : firstLegal;
        own[slot] = all.actions.findIndex(({ name }) => name === names[minimal[slot]]);
      }
      few.step(minimal);
      all.step(own);
      expect(Buffer.from(few.obs.buffer).equals(Buffer.from(all.obs.buffer))).toBe(true);
      expect(few.rewards).toEqual(all.rewards);
    }
  });

  it('has variant parameters with descriptions, defaults and ids of their own', () => {
    const fields = variantFields(game);
    expect(optionClashes(game)).toEqual([]);
    if (games.includes(game)) expect(fields.length).toBeGreaterThanOrEqual(4);
    expect(envSpec(game).id).toBe(game.id);
    for (const field of fields) {
      expect(field.description).not.toBe('');
      const values = field.type === 'boolean' ? [true, false] : (field.values ?? [field.minimum, field.maximum]);
      const changed = values.find((value) => value !== field.default);
      const id = `${game.id}?${field.name}=${String(changed)}`;
      const spec = parseEnvId(id, [game]);
      expect(spec.id).toBe(id);
      expect(spec.variant[field.name]).toBe(changed);
      expect(parseEnvId(`${game.id}?${field.name}=${String(field.default)}`, [game]).id).toBe(game.id);
    }
  });

  it('draws shapes in the unit square where the observation is features', () => {
    const { observation, variant } = envSpec(game);
    expect(game.shapes !== undefined).toBe(observation.kind === 'features');
    const state = game.create(variant);
    const rng = createRng(2);
    game.reset(state, rng);
    for (let step = 0; step < 100; step++) {
      const shapes = game.shapes?.(state) ?? [];
      if (game.shapes !== undefined) expect(shapes.some(({ role }) => role === 'self')).toBe(true);
      for (const { kind: _kind, role, ...numbers } of shapes) {
        expect(Object.keys(ROLES.observation)).toContain(role);
        for (const value of Object.values(numbers)) expect(value).toBeGreaterThanOrEqual(-0.1);
        for (const value of Object.values(numbers)) expect(value).toBeLessThanOrEqual(1.1);
      }
      if (game.shapes === undefined) break;
      if (game.step(state, [rng.int(0, game.actions.length)], rng, new Float32Array(1))) game.reset(state, rng);
    }
  });
});

describe('two players', () => {
  it('in turn: one acts, the mask is theirs, and sticky actions stay legal', () => {
    const env = start(nim as Game, 1);
    let wins = 0;
    playRandomly(env, 500, () => {
      for (let e = 0; e < NUM_ENVS; e++) {
        const mover = env.toAct[e];
        expect([0, 1]).toContain(mover);
        const legal = (player: number) => env.legal.subarray((2 * e + player) * 3, (2 * e + player + 1) * 3);
        expect([...legal(1 - mover)]).toEqual([0, 0, 0]);
        expect(legal(mover)[0]).toBe(1);
        expect(env.rewards[2 * e] + env.rewards[2 * e + 1]).toBe(0);
        if (env.terminated[e] === 0) continue;
        wins += env.rewards[2 * e] === 1 ? 1 : 0;
        expect(mover).toBe(0);
      }
    });
    expect(wins).toBeGreaterThan(50);
  });

  it('at once: both act, and each sees the board from its own side', () => {
    const env = start(tag as Game, 1);
    expect([...env.toAct]).toEqual(Array.from({ length: NUM_ENVS }, () => -1));
    const actions = new Int32Array(2 * NUM_ENVS);
    for (let e = 0; e < NUM_ENVS; e++) actions[2 * e] = 2;
    env.step(actions);
    for (let e = 0; e < NUM_ENVS; e++) {
      const [first, second] = [0, 1].map((player) => [
        ...env.obs.subarray((2 * e + player) * 14, (2 * e + player + 1) * 14),
      ]);
      const at = (obs: number[], channel: number) => obs.findIndex((value, i) => i % 2 === channel && value === 1) >> 1;
      expect(at(first, 0)).toBe(at(second, 1));
      expect(at(first, 1)).toBe(at(second, 0));
      expect(at(second, 0)).toBe(6);
    }
  });
});
