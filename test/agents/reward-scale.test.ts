import { describe, expect, it } from 'vitest';
import { RewardScale } from '../../src/agents/reward-scale.ts';
import { expectClose } from '../engine/compare.ts';

const REWARDS = [
  [1, 0],
  [0, -2],
  [5, 0.5],
  [0, 0],
  [-1, 3],
];
const ENDED = [
  [0, 0],
  [0, 1],
  [1, 0],
  [0, 0],
  [0, 0],
];

// from gymnasium.wrappers.utils import RunningMeanStd   # gymnasium 1.4.0, numpy 2.4.6
// rms, returns = RunningMeanStd(), np.zeros(2)
// for r, e in zip(rewards, ended):
//   returns = returns * 0.9 + r; rms.update(returns); print(np.sqrt(rms.var)); returns = returns * (1 - e)
const SCALES = [0.5000499943757498, 1.2049330765779624, 2.3589687240886477, 2.0758699495980575, 2.1070106958436647];

const step = (scale: RewardScale, t: number): number =>
  scale.update(Float32Array.from(REWARDS[t]), Uint8Array.from(ENDED[t]));

describe('the scale of rewards', () => {
  it("is the deviation of discounted returns, as gymnasium's", () => {
    const scale = new RewardScale(2, 0.9);
    expectClose(
      REWARDS.map((_, t) => step(scale, t)),
      SCALES,
      1e-7,
    );
  });

  it('goes on from a saved state', () => {
    const [before, after] = [new RewardScale(2, 0.9), new RewardScale(2, 0.9)];
    for (const t of [0, 1]) step(before, t);
    const saved = before.save();
    step(before, 2);
    after.load(saved);
    for (const t of [2, 3, 4]) expect(step(after, t)).toBeCloseTo(SCALES[t], 7);
  });
});
