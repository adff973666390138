import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/core/rng.ts';
import { findEnv } from '../../src/envs/index.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';

const EPISODES = 300;
const REFERENCE_EPISODES = 1000;

/** The first episode of each environment (the first to finish would be the short ones), uniform over the actions. */
function play(id: string): { returns: number[]; lengths: number[] } {
  const env = createVecEnv(findEnv(id), EPISODES, 42);
  const rng = createRng(42, 'player');
  const actions = new Int32Array(EPISODES);
  const returns: number[] = [];
  const lengths: number[] = [];
  const isDone = new Uint8Array(EPISODES);
  env.reset();
  while (returns.length < EPISODES) {
    rng.fillInts(actions, 0, env.actions.length);
    env.step(actions);
    for (let e = 0; e < EPISODES; e++) {
      if (env.terminated[e] === 0 || isDone[e] === 1) continue;
      isDone[e] = 1;
      returns.push(env.returns[e]);
      lengths.push(env.lengths[e]);
    }
  }
  return { returns, lengths };
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: number[]): number => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

// 1000 episodes of MinAtar 1.0.15 (../golden/README.md): mean return, its standard deviation, mean number of steps.
describe('uniform random play has the returns of the original', () => {
  it.each([
    ['breakout', 0.505, 0.68, 11.1],
    ['asterix', 0.473, 0.79, 70.2],
    ['freeway', 0.131, 0.36, 2501],
    ['seaquest', 0.09, 0.34, 30.7],
    ['space-invaders', 2.992, 2.42, 53.3],
    ['breakout?actions=minimal', 0.368, 0.65, 9.7],
    ['asterix?actions=minimal', 0.486, 0.83, 66.8],
    ['freeway?actions=minimal', 0.372, 0.59, 2501],
    ['space-invaders?actions=minimal', 4.042, 3.21, 58.3],
  ])('%s', (id, reference, referenceDeviation, steps) => {
    const { returns, lengths } = play(id);
    const samples = 1 / EPISODES + 1 / REFERENCE_EPISODES;
    const tolerance = 3.5 * referenceDeviation * Math.sqrt(samples);
    expect(Math.abs(mean(returns) - reference)).toBeLessThan(tolerance);
    const lengthTolerance = 3.5 * deviation(lengths) * Math.sqrt(samples) + 0.06;
    expect(Math.abs(mean(lengths) - steps)).toBeLessThan(lengthTolerance);
  });
});
