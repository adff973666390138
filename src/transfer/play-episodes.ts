import type { Player } from '../core/agent.ts';
import type { Actor } from './method.ts';

/** Whole episodes of an actor's game, one in each environment: their returns and lengths. */
export function playEpisodes(
  actor: Pick<Actor, 'envs'>,
  player: Player,
  episodes: number,
): { returns: number[]; lengths: number[] } {
  const envs = actor.envs(episodes);
  const actions = new Int32Array(episodes);
  const [returns, lengths] = [new Array<number>(episodes).fill(0), new Array<number>(episodes).fill(0)];
  for (let running = episodes; running > 0;) {
    player.act(envs, actions);
    envs.step(actions);
    for (let e = 0; e < episodes; e++) {
      if (lengths[e] > 0 || !(envs.terminated[e] || envs.truncated[e])) continue;
      returns[e] = envs.returns[e];
      lengths[e] = envs.lengths[e];
      running--;
    }
  }
  return { returns, lengths };
}
