import { deviationOf, takeIn } from '../core/moments.ts';

/** State of a reward scale, as plain data. */
export interface RewardScaleState {
  returns: Float64Array;
  /** Count, mean and sum of squared deviations of the discounted returns seen. */
  moments: Float64Array;
}

/**
 * Divides rewards by the running standard deviation of the discounted return (Engstrom et al. 2020, section 3, "reward
 * scaling"), so that one learning rate and one gradient clip fit games whose rewards differ by orders of magnitude.
 */
export class RewardScale {
  private readonly gamma: number;
  private readonly returns: Float64Array;
  private readonly moments = Float64Array.of(1e-4, 0, 1e-4);

  constructor(numEnvs: number, gamma: number) {
    this.gamma = gamma;
    this.returns = new Float64Array(numEnvs);
  }

  /** Takes in one step's rewards `[envs]`; `ended` is 1 where the episode ended with it. Returns what to divide by. */
  update(rewards: Float32Array, ended: Uint8Array): number {
    const { returns, moments } = this;
    for (let e = 0; e < returns.length; e++) {
      returns[e] = returns[e] * this.gamma + rewards[e];
      takeIn(moments, returns[e]);
      if (ended[e]) returns[e] = 0;
    }
    return this.scale();
  }

  /** The running standard deviation of the discounted return. */
  scale(): number {
    return deviationOf(this.moments) + 1e-8;
  }

  save(): RewardScaleState {
    return { returns: this.returns.slice(), moments: this.moments.slice() };
  }

  load(state: RewardScaleState): void {
    this.returns.set(state.returns);
    this.moments.set(state.moments);
  }
}
