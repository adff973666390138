import type { Player } from '../core/agent.ts';
import { createRng } from '../core/rng.ts';

/** Chooses uniformly among the legal actions (0 where there is none): the baseline that any learner must beat. */
export function randomPlayer(seed: number): Player {
  const rng = createRng(seed, 'random-player');
  return {
    act(env, out) {
      const count = env.actions.length;
      for (let i = 0; i < out.length; i++) {
        const mask = env.legal.subarray(i * count, (i + 1) * count);
        const legal = mask.reduce((sum, flag) => sum + flag, 0);
        // A player who waits for the other's move may have no legal action.
        out[i] = legal === 0 ? 0 : nthSet(mask, rng.int(0, legal));
      }
    },
  };
}

/** The index of the n-th 1, counted from 0. */
function nthSet(mask: Uint8Array, n: number): number {
  let index = mask.indexOf(1);
  for (; n > 0; n--) index = mask.indexOf(1, index + 1);
  return index;
}
