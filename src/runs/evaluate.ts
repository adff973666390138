import type { Player } from '../core/agent.ts';
import { StoppedError } from '../core/errors.ts';
import { yieldThread } from '../core/yield.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { createVecEnv, type GameVecEnv } from '../envs/vec-env.ts';

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
  /** Chosen actions of each episode, as indices (before sticky repeats), where they were recorded. */
  readonly actions?: Uint8Array[];
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
  record = false,
): Promise<Evaluation> {
  const env = evaluationEnv(spec, episodes, seed);
  const actions = new Int32Array(episodes * env.players);
  const returns = new Array<number>(episodes).fill(Number.NaN);
  const lengths = new Array<number>(episodes).fill(0);
  const recorded: number[][] = Array.from({ length: record ? episodes : 0 }, () => []);
  env.reset();
  for (let running = episodes, step = 1; running > 0; step++) {
    player.act(env, actions);
    recorded.forEach((chosen, e) => lengths[e] === 0 && chosen.push(actions[e]));
    env.step(actions);
    for (let e = 0; e < episodes; e++) {
      if (lengths[e] > 0 || !(env.terminated[e] || env.truncated[e])) continue;
      returns[e] = env.returns[e * env.players];
      lengths[e] = env.lengths[e];
      running--;
    }
    if (step % STEPS_AT_A_TIME === 0) await yieldThread();
    if (stopRequested()) throw new StoppedError();
  }
  const mean = returns.reduce((sum, value) => sum + value, 0) / episodes;
  return { mean, returns, lengths, ...(record && { actions: recorded.map((chosen) => Uint8Array.from(chosen)) }) };
}

/** The environments of an evaluation, before their reset. */
export const evaluationEnv = (spec: EnvSpec, episodes: number, seed: number): GameVecEnv =>
  createVecEnv(withStepCap(spec), episodes, seedOf(spec, episodes, seed));

function withStepCap(spec: EnvSpec): EnvSpec {
  return { ...spec, maxSteps: Math.min(spec.maxSteps || EVALUATION_STEP_CAP, EVALUATION_STEP_CAP) };
}
