import { setImmediate } from 'node:timers/promises';
import type { Player } from '../core/agent.ts';
import { StoppedError } from '../core/errors.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { createVecEnv } from '../envs/vec-env.ts';

/** Evaluations draw from seeds that no training uses; `rng=mt19937` has 2^32, one for each environment. */
const seedOf = ({ rng }: EnvSpec, episodes: number, seed: number): number =>
  rng === 'mt19937' ? Math.floor(2 ** 31 / episodes) + seed : FIRST_SEED + seed * MAX_EPISODES;
const FIRST_SEED = 2_000_000_000;
const MAX_EPISODES = 100_000;

/** No evaluation episode is longer. */
const EVALUATION_STEP_CAP = 10_000;
const STEPS_AT_A_TIME = 50;

export interface Evaluation {
  readonly mean: number;
  /** Of each episode, in order. */
  readonly returns: number[];
  readonly lengths: number[];
}

/**
 * Plays `episodes` whole episodes, one in each environment, so that short episodes do not count double; episodes are
 * cut at 10,000 steps. Luck depends on the seed alone: the same seed is the same luck for any player. Lets other work of
 * the thread through now and then. @throws StoppedError when asked to stop
 */
export async function evaluatePlayer(
  spec: EnvSpec,
  player: Player,
  episodes: number,
  seed: number,
  stopRequested: () => boolean = () => false,
): Promise<Evaluation> {
  const env = createVecEnv(withStepCap(spec), episodes, seedOf(spec, episodes, seed));
  const actions = new Int32Array(episodes * env.players);
  const returns = new Array<number>(episodes).fill(Number.NaN);
  const lengths = new Array<number>(episodes).fill(0);
  env.reset();
  for (let running = episodes, step = 1; running > 0; step++) {
    player.act(env, actions);
    env.step(actions);
    for (let e = 0; e < episodes; e++) {
      if (lengths[e] > 0 || !(env.terminated[e] || env.truncated[e])) continue;
      returns[e] = env.returns[e * env.players];
      lengths[e] = env.lengths[e];
      running--;
    }
    if (step % STEPS_AT_A_TIME === 0) await setImmediate();
    if (stopRequested()) throw new StoppedError();
  }
  return { mean: returns.reduce((sum, value) => sum + value, 0) / episodes, returns, lengths };
}

function withStepCap(spec: EnvSpec): EnvSpec {
  return { ...spec, maxSteps: Math.min(spec.maxSteps || EVALUATION_STEP_CAP, EVALUATION_STEP_CAP) };
}
