import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Curve,
  areaUnderCurve,
  asymptote,
  initialReturn,
  meanCurve,
  sharedSteps,
  stepsToThreshold,
  windowOf,
} from '../../src/stats/curve.ts';

const curve = (steps: number[], returns: number[], seed = 0): Curve => ({ seed, steps, returns });

/** Curves with uneven steps. */
const curves = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.double({ min: -50, max: 50, noNaN: true })), {
    minLength: 2,
    maxLength: 15,
  })
  .map((points) => {
    let step = -points[0][0];
    const steps = points.map(([gap]) => (step += gap));
    return curve(
      steps,
      points.map(([, value]) => value),
    );
  });

describe('area under the curve', () => {
  it('agrees with numpy on uneven steps', () => {
    // numpy 2.4.6: np.trapezoid([0.5, 2, 1, 4], [0, 10, 40, 100]) / 100
    expect(areaUnderCurve(curve([0, 10, 40, 100], [0.5, 2, 1, 4]))).toBeCloseTo(2.075, 12);
  });

  it('moves and scales with the returns and lies between their extremes', () => {
    fc.assert(
      fc.property(curves, fc.double({ min: -5, max: 5, noNaN: true }), (c, k) => {
        const area = areaUnderCurve(c);
        expect(
          areaUnderCurve(
            curve(
              [...c.steps],
              c.returns.map((r) => k * r + 3),
            ),
          ),
        ).toBeCloseTo(k * area + 3, 8);
        expect(area).toBeGreaterThanOrEqual(Math.min(...c.returns) - 1e-9);
        expect(area).toBeLessThanOrEqual(Math.max(...c.returns) + 1e-9);
      }),
    );
  });
});

describe('points of a curve', () => {
  it('starts with the evaluation at step 0 and ends with the mean of the last fifth', () => {
    const c = curve([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 0, 0, 0, 0, 0, 0, 0, 4, 6]);
    expect(initialReturn(c)).toBe(3);
    expect(asymptote(c)).toBe(5);
    expect(asymptote(curve([0, 1], [2, 7]))).toBe(7);
  });

  it('averages runs step by step', () => {
    const both = meanCurve([curve([0, 5], [1, 2]), curve([0, 5], [3, 6])]);
    expect(both.returns).toEqual([2, 4]);
  });
});

describe('steps to a threshold', () => {
  it('lie between the evaluations, at the start, or nowhere', () => {
    const c = curve([0, 100, 200, 300], [1, 2, 6, 5]);
    expect(stepsToThreshold(c, 3)).toBe(125);
    expect(stepsToThreshold(c, 2)).toBe(100);
    expect(stepsToThreshold(c, 1)).toBe(0);
    expect(stepsToThreshold(c, 6.5)).toBe(Infinity);
  });

  it('are those of the first meeting where the curve falls back', () => {
    expect(stepsToThreshold(curve([0, 10, 20, 30], [0, 4, 0, 9]), 4)).toBe(10);
  });

  it('never fall when the threshold rises', () => {
    fc.assert(
      fc.property(
        curves,
        fc.double({ min: -60, max: 60, noNaN: true }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        (c, low, more) => {
          expect(stepsToThreshold(c, low + more)).toBeGreaterThanOrEqual(stepsToThreshold(c, low));
        },
      ),
    );
  });
});

describe('curves that cannot be compared', () => {
  const arm = (...list: Curve[]) => ({ label: 'scratch', curves: list });
  it.each([
    ['other steps', [arm(curve([0, 1], [1, 1]), curve([0, 2], [1, 1], 7))], /seed 7: evaluated at other steps/],
    ['a missing return', [arm(curve([0, 1], [1]))], /2 finite returns/],
    ['a return that is no number', [arm(curve([0, 1], [1, NaN]))], /2 finite returns/],
    ['falling steps', [arm(curve([0, 2, 1], [1, 1, 1]))], /steps must rise/],
    ['one evaluation', [arm(curve([0], [1]))], /two evaluations/],
    ['no runs in one arm', [arm(curve([0, 1], [1, 1])), arm()], /has no curves/],
  ])('%s', (_, arms, message) => {
    expect(() => sharedSteps(...arms)).toThrow(message);
  });
});

describe('a window of a curve', () => {
  it('starts at its step, straight between the evaluations, and holds the last one', () => {
    const long = curve([0, 100, 200, 300], [0, 10, 30, 20], 5);
    expect(windowOf(long, 100, [0, 50, 150, 210])).toEqual(curve([0, 50, 150, 210], [10, 20, 25, 20], 5));
  });
});
