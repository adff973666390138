import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/core/rng.ts';
import { findEnv } from '../../src/envs/index.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { playRandomly } from './play.ts';

const IDS = ['breakout', 'asterix', 'freeway', 'seaquest', 'space-invaders'];
const SIX = 6;

interface MixState {
  current: number;
  steps: Float64Array;
  states: object[];
}

const start = (id: string, numEnvs = 1, seed: number | string = 1) => {
  const env = createVecEnv(findEnv(id), numEnvs, seed);
  env.reset();
  return env;
};
const stateOf = (env: ReturnType<typeof start>, e = 0): MixState => structuredClone(env.states[e] as MixState);

describe('the games of a mix', () => {
  it('get as many steps each, however long their episodes', () => {
    const env = start('mix', 4);
    playRandomly(env, 15_000);
    for (let e = 0; e < 4; e++) {
      const steps = [...stateOf(env, e).steps];
      expect(steps.reduce((a, b) => a + b, 0)).toBe(15_000);
      // No further apart than the longest episode.
      expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(2501);
      expect(Math.min(...steps)).toBeGreaterThan(0);
    }
  });

  it('are chosen by chance among equals', () => {
    const counts = new Array<number>(5).fill(0);
    for (const state of start('mix', 500).states) counts[(state as MixState).current]++;
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(35);
  });

  it('are those that are not switched off', () => {
    const env = start('mix?freeway=false&seaquest=false', 3);
    playRandomly(env, 2000);
    for (let e = 0; e < 3; e++)
      expect([...stateOf(env, e).steps].map((steps) => steps > 0)).toEqual([true, true, false, false, true]);
    expect(env.actions).toHaveLength(3 * SIX);
  });
});

describe.each(['per-game', 'shared'])('heads=%s', (heads) => {
  it('plays the current game, with its rewards and its picture', () => {
    const env = start(`mix?heads=${heads}&scaleRewards=false&sticky=0`);
    const alone = IDS.map((id) => findEnv(`${id}?observation=canonical`));
    const rng = createRng(3);
    const obs = new Uint8Array(env.obsSize);
    const rewards = new Float32Array(1);
    const seen = new Set<number>();
    for (let step = 0; step < 12_000; step++) {
      const before = stateOf(env);
      seen.add(before.current);
      const first = heads === 'shared' ? 0 : before.current * SIX;
      expect([...env.legal.keys()].filter((i) => env.legal[i] === 1)).toEqual(
        [...Array(SIX).keys()].map((i) => first + i),
      );
      const action = rng.int(0, SIX);
      expect(env.actions[first + action].roles).toEqual(alone[before.current].actionSet[action].roles);
      // The same step in the game alone, with the draws that the vec env will make.
      const saved = env.save() as { rngs: Uint32Array[] };
      const draws = createRng(0);
      draws.load(saved.rngs[0]);
      draws.float();
      const { game } = alone[before.current];
      const state = before.states[before.current];
      const isOver = game.step(state, [action], draws, rewards);
      game.observe(state, 0, obs, 0);
      env.step(Int32Array.of(first + action));
      expect(env.rewards[0]).toBe(rewards[0]);
      expect(env.terminated[0]).toBe(isOver ? 1 : 0);
      expect(Buffer.from(isOver ? env.finalObs : env.obs).equals(Buffer.from(obs))).toBe(true);
    }
    expect(seen.size).toBe(5);
  });
});

describe('rewards', () => {
  /** Rewards of a mix of one game, scaled and as they are. */
  const both = (numSteps: number) => {
    const others = 'breakout=false&freeway=false&seaquest=false&asterix=false';
    return ['true', 'false'].map((scale) => {
      const env = start(`mix?${others}&scaleRewards=${scale}`);
      const rewards: number[] = [];
      const ends: number[] = [];
      playRandomly(env, numSteps, () => {
        rewards.push(env.rewards[0]);
        ends.push(env.terminated[0]);
      });
      return { rewards, ends };
    });
  };

  it('are divided by the running deviation of the discounted return', () => {
    const [scaled, plain] = both(4000);
    // A deviation of 1 is believed for 100 steps; then as if computed from all returns so far.
    const returns: number[] = [];
    let discounted = 0;
    plain.rewards.forEach((reward, step) => {
      discounted = 0.99 * discounted + reward;
      returns.push(discounted);
      if (plain.ends[step] === 1) discounted = 0;
      if (reward === 0 || step % 7 > 0) return;
      const count = 100 + returns.length;
      const mean = returns.reduce((a, b) => a + b, 0) / count;
      const squares = 100 + returns.reduce((sum, value) => sum + value * value, 0) - count * mean * mean;
      expect(scaled.rewards[step]).toBeCloseTo(reward / Math.sqrt(squares / count), 5);
    });
    expect(scaled.ends).toEqual(plain.ends);
  });
});
