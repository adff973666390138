import { describe, expect, it } from 'vitest';
import { randomPlayer } from '../../src/agents/random-player.ts';
import { UserError } from '../../src/core/errors.ts';
import { findEnv } from '../../src/envs/index.ts';
import { evaluatePlayer } from '../../src/runs/evaluate.ts';

describe('an evaluation with rng=mt19937', () => {
  it('has the luck of its seed', async () => {
    const spec = findEnv('cartpole?rng=mt19937');
    const lengths = async (seed: number) => (await evaluatePlayer(spec, randomPlayer(1), 50, seed)).lengths;
    expect(await lengths(1)).toEqual(await lengths(1));
    expect(await lengths(1)).not.toEqual(await lengths(0));
  });

  it('has as many seeds as fit below 2^32, and refuses others', async () => {
    const spec = findEnv('cartpole?rng=mt19937&maxSteps=1');
    const play = (seed: number) => evaluatePlayer(spec, randomPlayer(1), 1000, seed);
    expect((await play(2_147_000)).returns).toHaveLength(1000);
    await expect(play(2_148_000)).rejects.toThrow(UserError);
  });
});
