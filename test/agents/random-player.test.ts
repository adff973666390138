import { expect, it, test } from 'vitest';
import { randomPlayer } from '../../src/agents/random-player.ts';
import type { Game } from '../../src/core/game.ts';
import { envSpec } from '../../src/envs/env-id.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { nim, tag } from '../envs/two-player-games.ts';
import catchGame from '../learning/catch.ts';

it('chooses evenly among the legal actions', () => {
  const env = createVecEnv(envSpec(catchGame as Game, { width: 3 }), 64, 1);
  const player = randomPlayer(1);
  const actions = new Int32Array(64);
  /** By the set of legal actions: how often each was chosen. */
  const counts = new Map<string, number[]>();
  env.reset();
  for (let t = 0; t < 300; t++) {
    player.act(env, actions);
    for (let e = 0; e < 64; e++) {
      const legal = env.legal.subarray(e * 3, e * 3 + 3);
      expect(legal[actions[e]]).toBe(1);
      const row = counts.get(legal.join('')) ?? [0, 0, 0];
      row[actions[e]]++;
      counts.set(legal.join(''), row);
    }
    env.step(actions);
  }
  expect([...counts.keys()].sort()).toEqual(['011', '110', '111']);
  for (const [legal, row] of counts) {
    const total = row.reduce((a, b) => a + b, 0);
    const p = 1 / [...legal].filter((flag) => flag === '1').length;
    row.forEach((count, a) => {
      if (legal[a] === '0') expect(count).toBe(0);
      // Five standard deviations of a binomial count.
      else expect(Math.abs(count - total * p)).toBeLessThan(5 * Math.sqrt(total * p * (1 - p)));
    });
  }
});

// In nim the player who waits has no legal action at all.
test.each([nim as Game, tag as Game].map((game) => [game.id, game] as const))('plays both sides of %s', (_id, game) => {
  const env = createVecEnv(envSpec(game), 4, 1);
  const player = randomPlayer(1);
  const actions = new Int32Array(8);
  let ended = 0;
  env.reset();
  for (let t = 0; t < 200; t++) {
    player.act(env, actions);
    env.step(actions);
    ended += env.terminated.reduce((a, b) => a + b, 0);
  }
  expect(ended).toBeGreaterThan(4);
});

it('is the same for the same seed, and another for another', () => {
  const choices = (seed: number): number[] => {
    const env = createVecEnv(envSpec(catchGame as Game), 16, 1);
    const actions = new Int32Array(16);
    env.reset();
    randomPlayer(seed).act(env, actions);
    return [...actions];
  };
  expect(choices(1)).toEqual(choices(1));
  expect(choices(1)).not.toEqual(choices(2));
});
