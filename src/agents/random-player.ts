import type { Player } from '../core/agent.ts';
import { createRng } from '../core/rng.ts';

/** Chooses uniformly among the legal actions (0 where there is none): the baseline that any learner must beat. */
export function randomPlayer(seed: number): Player {
  const rng = createRng(seed, 'random-player');
  return {
    act(env, out) {
      const count = env.actions.length;
      for (let i = 0; i < out.length; i++) {
        let legal = 0;
        for (let a = 0; a < count; a++) legal += env.legal[i * count + a];
        let skip = rng.int(0, legal);
        let action = 0;
        // A player who waits for the other's move may have no legal action.
        while (legal > 0 && (!env.legal[i * count + action] || skip-- > 0)) action++;
        out[i] = action;
      }
    },
  };
}
