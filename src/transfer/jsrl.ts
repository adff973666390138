import * as z from 'zod';
import { netPlayer, plainLook } from '../agents/net-player.ts';
import { createRng } from '../core/rng.ts';
import type { VecEnv } from '../core/vec-env.ts';
import { actRow, SOFTMAX_POLICY } from '../nets/acting.ts';
import { mean } from '../stats/curve.ts';
import { type Actor, defineMethod } from './method.ts';
import { playEpisodes } from './play-episodes.ts';

/**
 * The source's policy plays the first steps of every episode, then the student takes over; the teacher's part shrinks
 * (jump-start reinforcement learning, Uchendu et al. 2023), here by the clock.
 */
export const jsrl = defineMethod({
  id: 'jsrl',
  summary: "every layer learns, from states that the source's policy has reached, fewer and fewer",
  schema: z.object({
    rollIn: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("teacher's first steps of an episode at the start, as a share of its mean episode"),
    rollInUntil: z.number().min(0).max(1).default(0.5).describe('share of the training until which they fall to 0'),
    rollInEpisodes: z.int().min(1).max(1000).default(20).describe("episodes that measure the teacher's mean length"),
  }),
  scale: () => 1,
  describe: () => 'learning rate x 1',
  check: (_net, { teacher }) => void teacher(),
  env({ rollIn, rollInUntil, rollInEpisodes }, inner, { teacher: findTeacher, span, seed }) {
    const teacher = findTeacher();
    const player = netPlayer(teacher.net, plainLook(teacher.net, teacher.params), 'sampled', `${seed}/roll-in`);
    const longest = rollIn * mean(playEpisodes(teacher, player, rollInEpisodes).lengths);
    const end = rollInUntil * span.totalTimesteps;
    return rolledIn(inner, teacher, seed, (step) => Math.round(step < end ? longest * (1 - step / end) : 0));
  },
});

interface Saved {
  inner: unknown;
  rng: Uint32Array;
  steps: number;
  extraSteps: number;
  shown: Shown;
}

/** What of the environments' last step is theirs who steps them, not the teacher's. */
interface Shown {
  finalObs: Uint8Array | Float32Array;
  rewards: Float32Array;
  terminated: Uint8Array;
  truncated: Uint8Array;
  returns: Float64Array;
  lengths: Int32Array;
}

/**
 * Environments of one player in which, as soon as an episode ends, the teacher plays the first `horizon(steps so far)` steps
 * of the next. If that ends too, the one after it begins at its start. The first episode of each environment is not
 * rolled in. Returns and lengths are those without the teacher's part; `extraSteps` are its steps.
 */
export function rolledIn(
  inner: VecEnv,
  { net, params }: Pick<Actor, 'net' | 'params'>,
  seed: number,
  horizon: (step: number) => number,
): VecEnv {
  const { numEnvs, obsSize, actions } = inner;
  const rule = net.spec.acting ?? SOFTMAX_POLICY;
  const rng = createRng(seed, 'roll-in');
  const chosen = new Int32Array(numEnvs);
  const carry = new Float32Array(net.carrySize);
  const shown: Shown = {
    finalObs: inner.finalObs.slice(),
    rewards: inner.rewards.slice(),
    terminated: inner.terminated.slice(),
    truncated: inner.truncated.slice(),
    returns: inner.returns.slice(),
    lengths: inner.lengths.slice(),
  };
  // Of the step alone, so not part of what is saved.
  const finalLegal = inner.finalLegal.slice();
  let steps = 0;
  let extraSteps = 0;

  const hasEnded = (env: Pick<VecEnv, 'terminated' | 'truncated'>, e: number): boolean =>
    env.terminated[e] === 1 || env.truncated[e] === 1;

  /** Before a step: where an episode has ended, another has begun. */
  function forgetEpisodes(): void {
    for (let e = 0; e < numEnvs; e++) if (hasEnded(shown, e)) shown.returns[e] = shown.lengths[e] = 0;
  }

  function show(): void {
    shown.finalObs.set(inner.finalObs);
    finalLegal.set(inner.finalLegal);
    shown.rewards.set(inner.rewards);
    shown.terminated.set(inner.terminated);
    shown.truncated.set(inner.truncated);
    for (let e = 0; e < numEnvs; e++) {
      shown.returns[e] += inner.rewards[e];
      shown.lengths[e]++;
    }
  }

  function rollIn(e: number, count: number): void {
    carry.fill(0);
    for (let i = 0; i < count; i++) {
      const obs = inner.obs.subarray(e * obsSize, (e + 1) * obsSize);
      const scores = net.infer(params, obs, carry)[rule.head];
      const legal = inner.legal.subarray(e * actions.length, (e + 1) * actions.length);
      chosen[e] = actRow(rule, 'sampled', scores, 0, actions.length, legal, rng);
      inner.stepOne(e, chosen);
      extraSteps++;
      if (hasEnded(inner, e)) return;
    }
  }

  return {
    id: inner.id,
    numEnvs,
    players: inner.players,
    observation: inner.observation,
    obsSize,
    actions,
    obs: inner.obs,
    legal: inner.legal,
    toAct: inner.toAct,
    ...shown,
    finalLegal,
    get extraSteps() {
      return extraSteps + (inner.extraSteps ?? 0);
    },
    reset() {
      inner.reset();
      for (const values of Object.values(shown)) values.fill(0);
    },
    step(taken) {
      forgetEpisodes();
      inner.step(taken);
      steps += numEnvs;
      show();
      for (let e = 0; e < numEnvs; e++) if (hasEnded(shown, e)) rollIn(e, horizon(steps + extraSteps));
    },
    stepOne: (env, taken) => inner.stepOne(env, taken),
    save: (): Saved => ({
      inner: inner.save(),
      rng: rng.save(),
      steps,
      extraSteps,
      shown: structuredClone(shown),
    }),
    load(state) {
      const saved = state as Saved;
      inner.load(saved.inner);
      rng.load(saved.rng);
      ({ steps, extraSteps } = saved);
      for (const [name, values] of Object.entries(saved.shown)) shown[name as keyof Shown].set(values);
    },
  };
}
