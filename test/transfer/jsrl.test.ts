import { describe, expect, it } from 'vitest';
import { netPlayer, plainLook } from '../../src/agents/net-player.ts';
import { ppoHeads } from '../../src/agents/ppo.ts';
import type { VecEnv } from '../../src/core/vec-env.ts';
import { findEnv } from '../../src/envs/index.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { rolledIn } from '../../src/transfer/jsrl.ts';
import { playEpisodes } from '../../src/transfer/play-episodes.ts';

const ENVS = 3;
const spec = findEnv('cartpole?maxSteps=12');
const net = buildPolicyNet({
  net: 'mlp',
  netConfig: { units: 4 },
  observation: spec.observation,
  heads: ppoHeads(spec.actionSet),
});
const teacher = { net, params: net.init(1) };

/** Environments, and the same with the teacher before them. */
function make(horizon: (step: number) => number): { inner: VecEnv; env: VecEnv } {
  const inner = createVecEnv(spec, ENVS, 5);
  return { inner, env: rolledIn(inner, teacher, 9, horizon) };
}

/** What it shows after a step, and after each of many. */
const look = (env: VecEnv) =>
  structuredClone([
    env.obs,
    env.finalObs,
    env.rewards,
    env.terminated,
    env.truncated,
    env.legal,
    env.returns,
    env.lengths,
    env.extraSteps ?? 0,
  ]);
const actionsAt = (step: number): Int32Array => Int32Array.from({ length: ENVS }, (_, e) => (step + e) % 2);
function play(env: VecEnv, from: number, to: number) {
  return Array.from({ length: to - from }, (_, i) => {
    env.step(actionsAt(from + i));
    return look(env);
  });
}

describe('episodes that the teacher begins', () => {
  it('are those of the game where it has no steps', () => {
    const { env } = make(() => 0);
    const plain = createVecEnv(spec, ENVS, 5);
    for (const each of [env, plain]) each.reset();
    expect(look(env)).toEqual(look(plain));
    expect(play(env, 0, 60)).toEqual(play(plain, 0, 60));
  });

  it('go on where it stops; its steps are counted, its rewards are its own', () => {
    const { inner, env } = make(() => 4);
    env.reset();
    let extra = 0;
    let ended = 0;
    for (let step = 0; step < 100; step++) {
      const running = inner.lengths.slice();
      env.step(actionsAt(step));
      for (let e = 0; e < ENVS; e++) {
        if (!env.terminated[e] && !env.truncated[e]) continue;
        ended++;
        // The teacher has played 4 steps of the new episode, which the time limit counts.
        expect(inner.lengths[e]).toBe(4);
        extra += 4;
        expect(env.lengths[e]).toBe(running[e] + 1 - (ended > ENVS ? 4 : 0));
        // One a step.
        expect(env.returns[e]).toBe(env.lengths[e]);
      }
      expect(env.extraSteps).toBe(extra);
    }
    expect(ended).toBeGreaterThan(2 * ENVS);
    // No episode is longer than 12, so of those that the teacher begins 8 are left.
    expect(Math.max(...play(env, 100, 130).flatMap(([, , , , , , , lengths]) => [...(lengths as Int32Array)]))).toBe(8);
  });

  it('that end with it leave the next one from its start', () => {
    const { inner, env } = make(() => 1000);
    env.reset();
    for (let step = 0; step < 40; step++) {
      env.step(actionsAt(step));
      for (let e = 0; e < ENVS; e++) {
        if (!env.terminated[e] && !env.truncated[e]) continue;
        expect(inner.terminated[e] | inner.truncated[e]).toBe(1);
        // Cartpole starts within 0.05 of rest.
        expect(Math.max(...env.obs.subarray(4 * e, 4 * e + 4).map(Math.abs))).toBeLessThanOrEqual(0.05);
      }
    }
    expect(env.extraSteps).toBeGreaterThan(0);
  });

  it('become its own as the steps go on, those of the teacher counted', () => {
    const asked: number[] = [];
    const { env } = make((step) => {
      asked.push(step);
      return step < 100 ? 5 : 0;
    });
    env.reset();
    play(env, 0, 100);
    expect(asked).toEqual(asked.toSorted((a, b) => a - b));
    expect(env.extraSteps).toBe(5 * asked.filter((step) => step < 100).length);
    expect(asked.at(-1)).toBeGreaterThan(300 - 3 * ENVS + (env.extraSteps as number));
  });

  it('go on from a saved state to the same bits', () => {
    const [through, parts, after] = [1, 2, 3].map(() => make((step) => Math.max(0, 6 - Math.floor(step / 40))).env);
    for (const env of [through, parts]) env.reset();
    const expected = play(through, 0, 90);
    play(parts, 0, 37);
    after.load(structuredClone(parts.save()));
    expect(look(after)).toEqual(expected[36]);
    expect(play(after, 37, 90)).toEqual(expected.slice(37));
    expect(after.save()).toEqual(through.save());
  });
});

it('episodes are played whole, one in each environment', () => {
  const envs = (count: number): VecEnv => {
    const env = createVecEnv(spec, count, 3);
    env.reset();
    return env;
  };
  const player = netPlayer(net, plainLook(net, teacher.params), 'sampled', 1);
  const { returns, lengths } = playEpisodes({ envs }, player, 6);
  expect(returns).toEqual(lengths);
  expect(lengths.every((length) => length >= 8 && length <= 12)).toBe(true);
  const again = playEpisodes({ envs }, netPlayer(net, plainLook(net, teacher.params), 'sampled', 1), 6);
  expect(again).toEqual({ returns, lengths });
});
