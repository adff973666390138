import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { randomPlayer } from '../../src/agents/random-player.ts';
import type { Player } from '../../src/core/agent.ts';
import { StoppedError } from '../../src/core/errors.ts';
import { defineGame, type Game } from '../../src/core/game.ts';
import { envSpec } from '../../src/envs/env-id.ts';
import { findEnv } from '../../src/envs/index.ts';
import { evaluatePlayer } from '../../src/runs/evaluate.ts';

/** Ends after as many steps as were drawn at its start (never, for 0), with a point for each. */
const timer = defineGame({
  id: 'timer',
  revision: 1,
  summary: 'Ends after a time.',
  players: 1,
  variants: z.object({ longest: z.int().min(0).max(50).default(9).describe('longest episode, 0 for no end') }),
  actions: ['noop', 'fire'].map((name) => ({ name, roles: [name] })),
  observation: () => ({ kind: 'features', features: [{ name: 'left', roles: ['gauge'], scale: 1 }] }),
  create: ({ longest }) => ({ longest, left: 0 }),
  reset(state, rng) {
    state.left = state.longest === 0 ? 0 : rng.int(1, state.longest + 1);
  },
  step(state, _actions, _rng, rewards) {
    rewards[0] = 1;
    return --state.left === 0;
  },
  observe(state, _player, out, offset) {
    out[offset] = state.left;
  },
}) as Game;

/** Plays noop, and notes what it saw first. */
function watcher(): Player & { first: number[] } {
  const first: number[] = [];
  return {
    first,
    act(env, actions) {
      if (first.length === 0) first.push(...env.obs);
      actions.fill(0);
    },
  };
}

describe('an evaluation', () => {
  it('is the first whole episode of each environment, so that short ones do not count double', async () => {
    const player = watcher();
    const { returns, lengths, mean } = await evaluatePlayer(envSpec(timer), player, 400, 1);
    expect(lengths).toEqual(player.first);
    expect(returns).toEqual(lengths);
    expect(mean).toBe(returns.reduce((a, b) => a + b, 0) / 400);
    // Lengths are uniform from 1 to 9: mean 5, deviation of the mean 2.58 / 20. First episodes to end would be shorter.
    expect(Math.abs(mean - 5)).toBeLessThan(0.5);
  });

  it('is cut at 10,000 steps, or at the limit of the game', async () => {
    const { lengths } = await evaluatePlayer(envSpec(timer, { longest: 0 }), watcher(), 2, 1);
    expect(lengths).toEqual([10_000, 10_000]);
    const limited = await evaluatePlayer(envSpec(timer, { longest: 0, maxSteps: 30 }), watcher(), 2, 1);
    expect(limited.lengths).toEqual([30, 30]);
  });

  it('has the same luck for any player of the same seed, and other luck for another', async () => {
    const [a, b, c] = [watcher(), watcher(), watcher()];
    const first = await evaluatePlayer(envSpec(timer), a, 50, 1);
    expect(await evaluatePlayer(envSpec(timer), b, 50, 1)).toEqual(first);
    await evaluatePlayer(envSpec(timer), c, 50, 2);
    expect(c.first).not.toEqual(a.first);
    const more = watcher();
    await evaluatePlayer(envSpec(timer), more, 80, 1);
    expect(more.first.slice(0, 50)).toEqual(a.first);
  });

  test.each(['breakout', 'breakout?rng=mt19937', 'cartpole'])('of random play of %s is repeatable', async (env) => {
    const play = (seed: number) => evaluatePlayer(findEnv(env), randomPlayer(3), 20, seed);
    expect(await play(1)).toEqual(await play(1));
    expect(await play(1)).not.toEqual(await play(2));
  });

  it('stops when asked, at once', async () => {
    let asked = 0;
    const stopping = evaluatePlayer(envSpec(timer, { longest: 0 }), watcher(), 2, 1, () => ++asked === 3);
    await expect(stopping).rejects.toThrow(StoppedError);
    expect(asked).toBe(3);
  });

  it('lets other work of the thread through', async () => {
    let ticks = 0;
    const ticker = setInterval(() => ticks++, 1);
    await evaluatePlayer(envSpec(timer, { longest: 0 }), watcher(), 16, 1);
    clearInterval(ticker);
    expect(ticks).toBeGreaterThan(3);
  });
});
