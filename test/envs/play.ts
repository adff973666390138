import { createHash } from 'node:crypto';
import type { VecEnv } from '../../src/core/vec-env.ts';
import { createRng } from '../../src/core/rng.ts';
import type { Rng } from '../../src/core/rng.ts';

/** Draws a legal action for everyone; one draw an action slot. */
function drawActions(env: VecEnv, rng: Rng, actions: Int32Array): void {
  const count = env.actions.length;
  for (let slot = 0; slot < actions.length; slot++) {
    const legal = Array.from({ length: count }, (_, action) => action).filter(
      (action) => env.legal[slot * count + action] === 1,
    );
    const draw = rng.int(0, Math.max(1, legal.length));
    actions[slot] = legal[draw] ?? 0;
  }
}

/** Plays `steps` steps with random legal actions and gives `look` a view of each. */
export function playRandomly(env: VecEnv, steps: number, look: (step: number) => void = () => {}, seed = 1): void {
  const rng = createRng(seed, 'test-player');
  const actions = new Int32Array(env.numEnvs * env.players);
  for (let step = 0; step < steps; step++) {
    drawActions(env, rng, actions);
    env.step(actions);
    look(step);
  }
}

/** A digest of all that a vec env shows. */
export function fingerprint(env: VecEnv): string {
  const { obs, rewards, terminated, truncated, legal, toAct, returns, lengths, finalObs } = env;
  const hash = createHash('sha1');
  for (const array of [obs, rewards, terminated, truncated, legal, toAct, returns, lengths, finalObs])
    hash.update(array);
  return hash.digest('hex');
}
