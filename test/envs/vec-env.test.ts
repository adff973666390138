import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { Sfc32, streamKey } from '../../src/core/rng.ts';
import type { Game } from '../../src/core/game.ts';
import { envSpec } from '../../src/envs/env-id.ts';
import type { EnvSpec } from '../../src/envs/env-id.ts';
import { findEnv, findGame, games } from '../../src/envs/index.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { fingerprint, playRandomly } from './play.ts';

const create = (id: string, numEnvs: number, seed: number | string = 1) => {
  const env = createVecEnv(findEnv(id), numEnvs, seed);
  env.reset();
  return env;
};

describe('randomness', () => {
  it('gives every episode the stream of (seed, environment, episode), whatever was played before', () => {
    const { game, variant } = findEnv('freeway');
    const env = create('freeway?maxSteps=50', 3, 'a seed');
    playRandomly(env, 150);
    const state = game.create(variant) as { speed: Int32Array };
    const rng = new Sfc32(streamKey('a seed', 'env'));
    for (let e = 0; e < 3; e++) {
      rng.reseed(streamKey('a seed', 'env'), e, 3);
      game.reset(state, rng);
      expect((env.states[e] as typeof state).speed).toEqual(state.speed);
    }
  });

  it('does not depend on how many environments there are', () => {
    const [few, many] = [create('asterix', 2), create('asterix', 5)];
    for (let step = 0; step < 400; step++) {
      few.step(Int32Array.of(step % 6, (step * 5) % 6));
      many.step(Int32Array.of(step % 6, (step * 5) % 6, 0, 0, 0));
      expect(Buffer.from(few.obs).equals(Buffer.from(many.obs.subarray(0, few.obs.length)))).toBe(true);
    }
  });

  it('with rng=mt19937 gives environment e of 3 and seed s what environment 0 of seed 3 s + e has', () => {
    const many = create('seaquest?rng=mt19937', 3, 70);
    const one = create('seaquest?rng=mt19937', 1, 3 * 70 + 2);
    for (let step = 0; step < 300; step++) {
      const action = (step * 7) % 6;
      many.step(Int32Array.of(0, 1, action));
      one.step(Int32Array.of(action));
      expect(Buffer.from(many.obs.subarray(2 * many.obsSize)).equals(Buffer.from(one.obs))).toBe(true);
    }
  });

  it('with rng=mt19937 shares no luck between neighbouring seeds', () => {
    const [a, b] = [create('asterix?rng=mt19937', 2, 2000), create('asterix?rng=mt19937', 2, 2001)];
    let same = 0;
    for (let step = 0; step < 300; step++) {
      for (const env of [a, b]) env.step(Int32Array.of(0, 0));
      if (Buffer.from(a.obs.subarray(a.obsSize)).equals(Buffer.from(b.obs.subarray(0, a.obsSize)))) same++;
    }
    expect(same).toBeLessThan(100);
  });

  it('refuses a seed that is no number, or past 2^32, with rng=mt19937', () => {
    const spec = findEnv('breakout?rng=mt19937');
    expect(() => createVecEnv(spec, 1, 'seven')).toThrow('whole number');
    expect(() => createVecEnv(spec, 2, 2 ** 31)).toThrow(
      new UserError('seed 2147483648 of 2 environments is too large for rng=mt19937 (2^32 seeds)'),
    );
    createVecEnv(spec, 2, 2 ** 31 - 1).reset();
  });

  it.each(['breakout?rng=mt19937', 'seaquest'])('%s goes on from a saved state', (id) => {
    const env = create(id, 4, 8);
    playRandomly(env, 333);
    const copy = createVecEnv(findEnv(id), 4, 99);
    copy.load(structuredClone(env.save()));
    expect(fingerprint(copy)).toBe(fingerprint(env));
  });
});

describe('sticky actions', () => {
  /** How often the paddle stayed (the previous action is noop at the start) when told to go right. */
  const disobeyed = (sticky: number) => {
    const env = create(`breakout?sticky=${sticky}`, 2000);
    env.step(new Int32Array(2000).fill(3));
    return env.states.filter((state) => (state as { paddle: number }).paddle === 4).length / 2000;
  };

  it('repeat the previous action with the given probability', () => {
    expect(disobeyed(0)).toBe(0);
    expect(disobeyed(1)).toBe(1);
    expect(Math.abs(disobeyed(0.25) - 0.25)).toBeLessThan(0.03);
  });

  it('keep the previous action over resets', () => {
    const spec = findEnv('breakout?sticky=0&maxSteps=3');
    const env = createVecEnv(spec, 1, 1);
    env.reset();
    for (let step = 0; step < 3; step++) env.step(Int32Array.of(3));
    expect(env.truncated[0]).toBe(1);
    const stuck = createVecEnv({ ...spec, sticky: 1 }, 1, 1);
    stuck.load(env.save());
    stuck.step(Int32Array.of(1));
    // Told to go left from 4, it repeats the last episode's "right".
    expect((stuck.states[0] as { paddle: number }).paddle).toBe(5);
  });
});

describe('ends', () => {
  it('tells a cut from an end by the rules, which wins where both fall together', () => {
    // Without a paddle in the way the ball is missed in step 6 (../golden/rules/breakout.md).
    const play = (maxSteps: number) => {
      const env = create(`breakout?sticky=0&maxSteps=${maxSteps}`, 1);
      const toWall = (env.states[0] as { dx: number }).dx === 1 ? 1 : 3;
      const ends: number[][] = [];
      for (let step = 1; step <= 6; step++) {
        env.step(Int32Array.of(toWall));
        ends.push([env.terminated[0], env.truncated[0], env.lengths[0]]);
      }
      return ends;
    };
    expect(play(0).at(-1)).toEqual([1, 0, 6]);
    expect(play(6).at(-1)).toEqual([1, 0, 6]);
    expect(play(5).slice(3)).toEqual([
      [0, 0, 4],
      [0, 1, 5],
      [0, 0, 1],
    ]);
  });

  it('starts everywhere anew on reset, with new luck', () => {
    const env = create('freeway', 4);
    const first = env.obs.slice();
    playRandomly(env, 100);
    env.reset();
    expect([...env.lengths, ...env.returns, ...env.terminated, ...env.truncated]).toEqual(
      Array.from({ length: 16 }, () => 0),
    );
    expect(env.obs).not.toEqual(first);
  });
});

it.each(['breakout?sticky=0.3', 'cartpole?maxSteps=20', 'seaquest?rng=mt19937'])(
  '%s: steps in one environment alone, in whatever order, are the same as steps everywhere',
  (id) => {
    const [all, alone] = [create(id, 3, 7), create(id, 3, 7)];
    for (let step = 0; step < 100; step++) {
      const actions = Int32Array.of(step % 2, (step >> 1) % 2, 1);
      all.step(actions);
      for (const e of [2, 0, 1]) {
        const others = [0, 1, 2].filter((other) => other !== e).map((other) => alone.lengths[other]);
        alone.stepOne(e, actions);
        expect([0, 1, 2].filter((other) => other !== e).map((other) => alone.lengths[other])).toEqual(others);
      }
      expect(alone.save()).toEqual(all.save());
      expect(alone.obs).toEqual(all.obs);
    }
  },
);

it('refuses the saved state of another environment', () => {
  const saved = create('breakout', 2).save();
  expect(() => create('breakout', 3).load(saved)).toThrow(
    'the saved state is of 2 x breakout, but this is 3 x breakout',
  );
  expect(() => create('breakout?paddleWidth=2', 2).load(saved)).toThrow('2 x breakout?paddleWidth=2');
});

describe('no object is allocated per step', () => {
  /**
   * Bytes for each environment step: the lower quartile of rounds, since a busy machine optimizes code late (rounds in
   * which the garbage collector ran are left out).
   */
  function allocated(spec: EnvSpec): number {
    const env = createVecEnv(spec, 64, 1);
    const actions = new Int32Array(64);
    const play = (steps: number) => {
      const before = process.memoryUsage().heapUsed;
      for (let step = 0; step < steps; step++) {
        for (let i = 0; i < 64; i++) actions[i] = (i + step) % env.actions.length;
        env.step(actions);
      }
      return (process.memoryUsage().heapUsed - before) / (steps * 64);
    };
    env.reset();
    play(4000);
    const rounds = Array.from({ length: 9 }, () => play(1000)).filter((bytes) => bytes >= 0);
    return rounds.toSorted((a, b) => a - b)[rounds.length >> 2];
  }
  // V8 may box the number that a draw returns (16 bytes); the smallest object takes more.
  const LIMIT = 20;

  it.each(games.map(({ id }) => id))('%s', (id) => {
    expect(allocated(findEnv(id))).toBeLessThan(LIMIT);
  });

  it('or this test would notice', () => {
    const game = findGame('breakout');
    const wasteful: Game = {
      ...game,
      create: (variant) => ({ ...(game.create(variant) as object), at: [0, 0] }),
      step(state, actions, rng, rewards) {
        state.at = [state.ballX, state.ballY];
        return game.step(state, actions, rng, rewards);
      },
    };
    expect(allocated(envSpec(wasteful))).toBeGreaterThan(LIMIT);
  });
});
