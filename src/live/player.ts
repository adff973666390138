import type { Rng } from '../core/rng.ts';
import type { Policy } from '../play.ts';
import type { Frame } from './protocol.ts';
import type { ShowEnv } from './show-env.ts';

/** What a player makes of a state. */
export interface Choice {
  readonly action: number | null;
  readonly value: number | null;
  readonly probabilities: readonly number[] | null;
}

export const NO_CHOICE: Choice = { action: null, value: null, probabilities: null };

/** How a policy acts: by its probabilities, or always the best. */
export type PlayMode = 'sampled' | 'greedy';

/** Who plays where no keys do: a policy, or chance where there is none. */
export interface Player {
  readonly policy: Policy | null;
  /** One uniform a choice, whatever the policy: players with the same seed have the same luck. */
  readonly rng: Rng;
  readonly mode: PlayMode;
}

/** Chooses for every player who acts now, into `actions`; returns what the first of them makes of it. */
export function choose({ env }: ShowEnv, player: Player, actions: Int32Array): Choice {
  let shown = NO_CHOICE;
  for (let seat = env.players - 1; seat >= 0; seat--) {
    if (env.toAct[0] !== -1 && env.toAct[0] !== seat) continue;
    const legal = env.legal.subarray(seat * env.actions.length, (seat + 1) * env.actions.length);
    const obs = env.obs.subarray(seat * env.obsSize, (seat + 1) * env.obsSize);
    shown = chooseFrom(obs, legal, player);
    actions[seat] = shown.action!;
  }
  return shown;
}

function chooseFrom(obs: ArrayLike<number>, legal: Uint8Array, { policy, rng, mode }: Player): Choice {
  const luck = rng.float();
  if (policy === null) {
    const count = legal.reduce((sum, bit) => sum + bit, 0);
    const even = Float32Array.from(legal, (bit) => bit / count);
    return { ...NO_CHOICE, action: sample(even, luck) };
  }
  const { probabilities, value, action } = policy.evaluate(obs, legal);
  return {
    action: mode === 'greedy' ? action : sample(probabilities, luck),
    value: Number.isNaN(value) ? null : value,
    probabilities: Array.from(probabilities),
  };
}

/** By inverse distribution function. */
function sample(probabilities: Float32Array, luck: number): number {
  let left = luck;
  let last = 0;
  for (let action = 0; action < probabilities.length; action++) {
    if (probabilities[action] === 0) continue;
    last = action;
    left -= probabilities[action];
    if (left < 0) break;
  }
  return last;
}

/** The state on show as a frame. */
export function frameOf(
  { env, picture }: ShowEnv,
  choice: Choice,
  at: Pick<Frame, 'frame' | 'episode' | 'trainingStep' | 'reward' | 'human'>,
): Frame {
  return {
    ...at,
    ...choice,
    step: env.lengths[0],
    episodeReturn: env.returns[0],
    terminated: env.terminated[0] === 1,
    truncated: env.truncated[0] === 1,
    picture: picture(),
  };
}
