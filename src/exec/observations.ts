import type { Player } from '../core/agent.ts';
import type { Params } from '../core/tensors.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { createVecEnv } from '../envs/vec-env.ts';
import type { PolicyNet } from '../nets/policy-net.ts';
import type { Features } from '../stats/cka.ts';

/** From each environment so many observations are taken, so many steps apart. */
const TAKEN = 10;
const STEPS_APART = 10;

/** What a player of one-player games sees: `count` observations of environments of this seed. */
export function collectObservations(spec: EnvSpec, player: Player, count: number, seed: number): Float32Array[] {
  const env = createVecEnv(spec, Math.ceil(count / TAKEN), `observations/${seed}`);
  const actions = new Int32Array(env.numEnvs * env.players);
  const seen: Float32Array[] = [];
  env.reset();
  for (let step = 1; seen.length < count; step++) {
    player.act(env, actions);
    env.step(actions);
    if (step % STEPS_APART > 0) continue;
    for (let e = 0; e < env.numEnvs && seen.length < count; e++) {
      seen.push(Float32Array.from(env.obs.subarray(e * env.obsSize, (e + 1) * env.obsSize)));
    }
  }
  return seen;
}

/** What each stage of a net says of observations. One that remembers sees each as the first of an episode. */
export function stageFeatures(
  { net, params }: { net: PolicyNet; params: Params },
  observations: readonly Float32Array[],
): Map<string, Features> {
  const rows = observations.map((obs) => net.inferStages(params, obs, new Float32Array(net.carrySize)));
  return new Map(
    Object.keys(rows[0]).map((stage) => {
      const size = rows[0][stage].length;
      const values = new Float32Array(rows.length * size);
      rows.forEach((row, i) => values.set(row[stage], i * size));
      return [stage, { values, rows: rows.length }];
    }),
  );
}
