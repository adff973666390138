/**
 * Generalised advantage estimation (Schulman et al. 2016, equation 16) over a rollout `[steps, envs]`, time-major.
 * `nextValues[t, e]` is the value of what followed step t *of the same episode*: at a truncation that of the final
 * observation, at a termination anything (it is not used). `ended` is 1 where the episode ended at t, for either reason.
 */
export function generalizedAdvantages(
  rollout: {
    rewards: Float32Array;
    values: Float32Array;
    nextValues: Float32Array;
    terminated: Uint8Array;
    ended: Uint8Array;
  },
  steps: number,
  envs: number,
  gamma: number,
  lambda: number,
  advantages: Float32Array,
): void {
  const { rewards, values, nextValues, terminated, ended } = rollout;
  for (let e = 0; e < envs; e++) {
    let advantage = 0;
    for (let t = steps - 1; t >= 0; t--) {
      const i = t * envs + e;
      const tdError = rewards[i] + (terminated[i] ? 0 : gamma * nextValues[i]) - values[i];
      advantage = tdError + (ended[i] ? 0 : gamma * lambda * advantage);
      advantages[i] = advantage;
    }
  }
}
