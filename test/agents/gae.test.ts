import fc from 'fast-check';
import { describe, it, test } from 'vitest';
import { generalizedAdvantages } from '../../src/agents/gae.ts';
import { expectClose } from '../engine/compare.ts';

// import numpy as np   # 2.4.6
// r = np.array([[1, 0], [0, -1], [2, 0.5], [0, 1], [1, 0]], np.float32)
// v = np.array([[.5, .1], [.2, -.3], [.9, .4], [-.1, .7], [.3, .2]], np.float32)
// n = np.array([[.2, -.3], [.9, 99], [.6, .7], [.3, .2], [.8, -.4]], np.float32)  # value of what follows
// term = np.array([[0, 0], [0, 1], [0, 0], [0, 0], [0, 0]])
// end = np.array([[0, 0], [0, 1], [1, 0], [0, 0], [0, 1]])  # [2, 0] and [4, 1] are truncated
// def gae(g, l):
//   adv = np.zeros((5, 2)); last = np.zeros(2)
//   for t in reversed(range(5)):
//     delta = r[t] + g * n[t] * (1 - term[t]) - v[t]
//     adv[t] = last = delta + g * l * (1 - end[t]) * last
//   return adv.ravel().tolist()
const rollout = {
  rewards: Float32Array.of(1, 0, 0, -1, 2, 0.5, 0, 1, 1, 0),
  values: Float32Array.of(0.5, 0.1, 0.2, -0.3, 0.9, 0.4, -0.1, 0.7, 0.3, 0.2),
  nextValues: Float32Array.of(0.2, -0.3, 0.9, 99, 0.6, 0.7, 0.3, 0.2, 0.8, -0.4),
  terminated: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
  ended: Uint8Array.of(0, 0, 0, 1, 1, 0, 0, 0, 0, 1),
};
const EXPECTED = [
  {
    gamma: 0.99,
    lambda: 0.95,
    advantages: [
      2.8462967118457705, -1.0553500110208989, 2.284207031279802, -0.699999988079071, 1.6940000653266907,
      0.7341830331006535, 1.8002260069847107, -0.06253798993676896, 1.4919999837875366, -0.596000000834465,
    ],
  },
  {
    gamma: 0.9,
    lambda: 0,
    advantages: [
      0.6799999922513962, -0.3700000122189522, 0.6099999397993088, -0.699999988079071, 1.64000004529953,
      0.7299999892711639, 0.3700000122189522, 0.48000000417232513, 1.4199999570846558, -0.5599999874830246,
    ],
  },
  {
    gamma: 1,
    lambda: 1,
    advantages: [
      3.100000023841858, -1.1000000014901161, 2.4000000208616257, -0.699999988079071, 1.7000000476837158,
      0.699999988079071, 1.900000013411045, -0.09999999403953552, 1.5, -0.6000000089406967,
    ],
  },
];

const advantagesOf = (input: typeof rollout, steps: number, envs: number, gamma: number, lambda: number) => {
  const advantages = new Float32Array(steps * envs);
  generalizedAdvantages(input, steps, envs, gamma, lambda, advantages);
  return advantages;
};

describe('generalised advantages', () => {
  test.each(EXPECTED)("are numpy's for gamma $gamma, lambda $lambda", ({ gamma, lambda, advantages }) => {
    expectClose(advantagesOf(rollout, 5, 2, gamma, lambda), advantages, 1e-6);
  });

  // Equation 16 as it is written: the sum of (γλ)^l times the TD errors up to the end of the episode.
  it('are the discounted sums of TD errors, for any rollout', () => {
    const step = fc.record({
      reward: fc.float({ min: -5, max: 5, noNaN: true }),
      value: fc.float({ min: -5, max: 5, noNaN: true }),
      nextValue: fc.float({ min: -5, max: 5, noNaN: true }),
      end: fc.constantFrom('', '', '', 'terminated', 'truncated'),
    });
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), unit, unit, (steps, gamma, lambda) => {
        const input = {
          rewards: Float32Array.from(steps, ({ reward }) => reward),
          values: Float32Array.from(steps, ({ value }) => value),
          nextValues: Float32Array.from(steps, ({ nextValue }) => nextValue),
          terminated: Uint8Array.from(steps, ({ end }) => (end === 'terminated' ? 1 : 0)),
          ended: Uint8Array.from(steps, ({ end }) => (end === '' ? 0 : 1)),
        };
        const tdError = (t: number): number => {
          const { reward, value, nextValue, end } = steps[t];
          return reward + (end === 'terminated' ? 0 : gamma * nextValue) - value;
        };
        const expected = steps.map((_, t) => {
          const end = steps.findIndex((other, u) => u >= t && other.end !== '');
          const last = end < 0 ? steps.length - 1 : end;
          let sum = 0;
          for (let u = t; u <= last; u++) sum += (gamma * lambda) ** (u - t) * tdError(u);
          return sum;
        });
        expectClose(advantagesOf(input, steps.length, 1, gamma, lambda), expected, 1e-5);
      }),
    );
  });
});
