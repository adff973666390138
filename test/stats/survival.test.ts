import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { censorAt, kaplanMeier, medianTime, restrictedMean } from '../../src/stats/survival.ts';

const runs = (times: number[], events: number[]) => times.map((time, i) => ({ time, reached: events[i] === 1 }));

// lifelines 0.30.3:
//   k = KaplanMeierFitter().fit(T, E); k.survival_function_; k.median_survival_time_
//   restricted_mean_survival_time(k, t)
describe('values of the lifelines package', () => {
  it('ties and runs censored at the budget', () => {
    const observed = runs([61, 30, 100, 45, 100, 61, 80, 100], [1, 1, 0, 1, 0, 1, 1, 0]);
    const points = kaplanMeier(observed);
    expect(points.map((point) => point.time)).toEqual([30, 45, 61, 80]);
    points.forEach(({ survival }, i) => expect(survival).toBeCloseTo([0.875, 0.75, 0.5, 0.375][i], 12));
    expect(restrictedMean(observed, 100)).toBeCloseTo(72.125, 12);
    expect(restrictedMean(observed, 70)).toBeCloseTo(59.625, 12);
  });

  it('runs censored on the way', () => {
    const observed = runs([20, 35, 35, 50, 70], [1, 0, 1, 0, 1]);
    kaplanMeier(observed).forEach(({ survival }, i) => expect(survival).toBeCloseTo([0.8, 0.6, 0][i], 12));
    expect(medianTime(observed)).toBe(70);
    expect(restrictedMean(observed, 70)).toBeCloseTo(53, 12);
  });
});

describe('median time', () => {
  it('is the first time by which half of the runs got there', () => {
    expect(medianTime(runs([61, 30, 100, 45, 100, 61, 80, 100], [1, 1, 0, 1, 0, 1, 1, 0]))).toBe(61);
  });
  it('does not exist where most runs never did', () => {
    expect(medianTime(runs([10, 100, 100], [1, 0, 0]))).toBe(Infinity);
  });
});

describe('restricted mean', () => {
  it('equals the plain mean of times capped at the budget, when nothing is censored earlier', () => {
    const times = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(times, (list) => {
        const observed = list.map((time) => censorAt(time > 200 ? Infinity : time, 200));
        const capped = list.map((time) => Math.min(time, 200));
        expect(restrictedMean(observed, 200)).toBeCloseTo(capped.reduce((a, b) => a + b) / capped.length, 9);
      }),
    );
  });
});
