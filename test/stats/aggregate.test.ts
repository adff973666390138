import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/core/rng.ts';
import {
  type Scores,
  aggregateScores,
  aggregates,
  chanceOfWin,
  interquartileMean,
  probabilityOfImprovement,
} from '../../src/stats/aggregate.ts';

const x: Scores = [
  [0.12, 1.4, 0.55],
  [0.33, 0.9, 0.61],
  [0.05, 2.2, 0.47],
  [0.41, 1.1, 0.52],
  [0.2, 1.7, 0.61],
  [0.29, 0.8, 0.7],
  [0.18, 1.25, 0.38],
];
const y: Scores = [
  [0.15, 1.0, 0.61],
  [0.25, 0.7, 0.35],
  [0.02, 1.4, 0.44],
  [0.22, 1.25, 0.5],
  [0.11, 0.95, 0.29],
];
const columns = (scores: Scores) => scores[0].map((_, task) => scores.map((run) => run[task]));

// rliable 1.2.0, arch 7.2.0, numpy 2.4.6; x and y as above:
//   from rliable import library as rly, metrics
//   [metrics.aggregate_mean(x), metrics.aggregate_median(x), metrics.aggregate_iqm(x),
//    metrics.aggregate_optimality_gap(x), metrics.aggregate_optimality_gap(x, 0.5)]
//   metrics.probability_of_improvement(x, y)
//   f = lambda s: np.array([metrics.aggregate_mean(s), metrics.aggregate_median(s), metrics.aggregate_iqm(s),
//                           metrics.aggregate_optimality_gap(s)])
//   rly.get_interval_estimates({'x': x}, f, reps=50000, random_state=np.random.RandomState(0))
//   rly.get_interval_estimates({'xy': (x, y)}, metrics.probability_of_improvement, reps=5000,
//                              random_state=np.random.RandomState(0))
describe('values of the rliable package', () => {
  it.each([
    ['x', x, 1, [0.7033333333333333, 0.5485714285714286, 0.5709090909090909, 0.4228571428571428]],
    ['y', y, 1, [0.5493333333333333, 0.438, 0.47888888888888886, 0.494]],
    ['x, goal 0.5', x, 0.5, [0.7033333333333333, 0.5485714285714286, 0.5709090909090909, 0.09857142857142848]],
  ])('aggregates of %s', (_, scores, goal, expected) => {
    const { mean, median, iqm, optimalityGap } = aggregates(columns(scores), goal);
    [mean, median, iqm, optimalityGap].forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12));
  });

  it('stratified bootstrap intervals, within Monte-Carlo error', () => {
    const { mean, median, iqm, optimalityGap } = aggregateScores(x, { rng: createRng(0), resamples: 50_000 });
    const low = [0.5938095238095239, 0.4757142857142856, 0.5181818181818182, 0.38190476190476197];
    const high = [0.8266666666666667, 0.6185714285714285, 0.6509090909090909, 0.4647619047619047];
    [mean, median, iqm, optimalityGap].forEach((estimate, i) => {
      expect(Math.abs(estimate.low! - low[i])).toBeLessThan(0.004);
      expect(Math.abs(estimate.high! - high[i])).toBeLessThan(0.004);
    });
  });

  it('probability of improvement and its interval', () => {
    const { value, low, high } = probabilityOfImprovement(x, y, { rng: createRng(0), resamples: 5000 });
    expect(value).toBeCloseTo(0.7047619047619048, 12);
    expect(probabilityOfImprovement(y, x, { rng: createRng(0), resamples: 1 }).value).toBeCloseTo(
      0.29523809523809524,
      12,
    );
    // Two seeds of rliable's differ by 0.01 themselves: 0.514 and 0.524.
    expect(Math.abs(low! - 0.519)).toBeLessThan(0.02);
    expect(Math.abs(high! - 0.867)).toBeLessThan(0.02);
  });
});

describe('properties', () => {
  const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 });

  it('the interquartile mean lies between the extremes and ignores order', () => {
    fc.assert(
      fc.property(values, (list) => {
        const iqm = interquartileMean(list);
        expect(iqm).toBeGreaterThanOrEqual(Math.min(...list) - 1e-9);
        expect(iqm).toBeLessThanOrEqual(Math.max(...list) + 1e-9);
        expect(interquartileMean([...list].reverse())).toBe(iqm);
      }),
    );
  });

  it('the chances of winning of two sides add up to one', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(chanceOfWin(a, b) + chanceOfWin(b, a)).toBeCloseTo(1, 12);
      }),
    );
  });

  it('raising every score to the goal closes the optimality gap', () => {
    fc.assert(
      fc.property(values, (list) => {
        expect(aggregates([list.map((v) => Math.abs(v) + 1)]).optimalityGap).toBeCloseTo(0, 12);
      }),
    );
  });
});
