import { describe, expect, it } from 'vitest';
import { createRng, normal } from '../../src/core/rng.ts';
import { type Groups, bootstrap, bootstrapTest, quantile } from '../../src/stats/bootstrap.ts';
import { mean } from '../../src/stats/curve.ts';

const difference = ([a, b]: Groups<number>) => ({ difference: mean(b) - mean(a) });
const options = { level: 0.95, resamples: 20_000 };
const a = [4.1, 5.0, 4.6, 5.9, 4.3, 5.2, 4.8, 5.5];
const b = [6.0, 4.9, 7.1, 6.6, 5.2, 8.0];

describe('bootstrap', () => {
  it("expanded, comes close to Welch's t interval for a difference of means", () => {
    // scipy 1.17.1: stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95) -> 6.99 degrees of freedom
    const [low, high] = [0.13470590447864517, 2.615294095521353];
    const estimate = bootstrap([a, b], difference, { ...options, rng: createRng(0) }).difference;
    expect(estimate.value).toBeCloseTo(1.3749999999999991, 12);
    expect(Math.abs(estimate.low! - low)).toBeLessThan(0.15);
    expect(Math.abs(estimate.high! - high)).toBeLessThan(0.15);
  });

  it("gives about the p-value of Welch's t test", () => {
    // scipy 1.17.1: stats.ttest_ind(b, a, equal_var=False).pvalue -> 0.03434295789462759
    const { pValue } = bootstrapTest([a, b], difference, { ...options, rng: createRng(0) });
    expect(pValue('difference', 0)).toBeGreaterThan(0.03434295789462759 - 0.01);
    expect(pValue('difference', 0)).toBeLessThan(0.03434295789462759 + 0.01);
    expect(pValue('difference', 1.375)).toBeGreaterThan(0.95);
  });

  it('gives p-values below an error rate exactly where the interval at that rate excludes the value', () => {
    for (const method of ['percentile', 'expanded'] as const) {
      for (const level of [0.9, 0.95, 0.99]) {
        const draws = { level, resamples: 400, method, rng: createRng(1) };
        const { estimates, pValue } = bootstrapTest([a, b], difference, draws);
        const { low, high } = estimates.difference;
        for (const value of [-2, 0, 0.1, 0.2, low! - 1e-9, low!, low! + 1e-9, 1, high! - 1e-9, high! + 1e-9, 3]) {
          expect(pValue('difference', value)! < 1 - level).toBe(low! > value || high! < value);
        }
      }
    }
  });

  it('gives no p-value smaller than resamples can tell', () => {
    const least = (resamples: number) =>
      bootstrapTest([a, b], difference, { level: 0.95, resamples, method: 'percentile', rng: createRng(0) });
    expect(least(99).pValue('difference', -100)).toBe(1 / 100);
    expect(least(999).pValue('difference', -100)).toBe(1 / 1000);
  });

  it('percentile, is narrower', () => {
    const wide = bootstrap([a, b], difference, { ...options, rng: createRng(0) }).difference;
    const narrow = bootstrap([a, b], difference, { ...options, rng: createRng(0), method: 'percentile' }).difference;
    expect(narrow.high! - narrow.low!).toBeLessThan(0.9 * (wide.high! - wide.low!));
  });

  it('expanded, holds the true difference about as often as it says, with five runs an arm', () => {
    const rng = createRng(0, 'truth');
    const sample = () => Array.from({ length: 5 }, () => normal(rng));
    const held = { expanded: 0, percentile: 0 };
    for (let i = 0; i < 400; i++) {
      const groups = [sample(), sample()];
      for (const method of ['expanded', 'percentile'] as const) {
        const draws = { level: 0.95, resamples: 400, rng: createRng(i), method };
        const { low, high } = bootstrap(groups, difference, draws).difference;
        if (low! <= 0 && high! >= 0) held[method]++;
      }
    }
    expect(held.expanded / 400).toBeGreaterThan(0.92);
    expect(held.expanded / 400).toBeLessThan(0.98);
    expect(held.percentile / 400).toBeLessThan(0.91);
  });

  it('draws what seeds say, and nothing else', () => {
    const run = (seed: number) => bootstrap([a, b], difference, { level: 0.95, resamples: 50, rng: createRng(seed) });
    expect(run(3)).toEqual(run(3));
    expect(run(3)).not.toEqual(run(4));
  });

  it('resamples every group within itself', () => {
    const seen = new Set<string>();
    bootstrap(
      [
        [1, 2],
        [10, 20, 30],
      ],
      ([x, y]) => {
        seen.add(`${x.length} ${y.length} ${x.every((v) => v < 10)} ${y.every((v) => v >= 10)}`);
        return { any: 0 };
      },
      { level: 0.9, resamples: 100, rng: createRng(0) },
    );
    // Left out one at a time (for the degrees of freedom), a group is one shorter.
    expect([...seen].sort()).toEqual(['1 3 true true', '2 2 true true', '2 3 true true']);
  });

  it('percentile, leaves no run out: its time grows with the number of runs, not with its square', () => {
    let calls = 0;
    const counted = (groups: Groups<number>) => {
      calls++;
      return difference(groups);
    };
    bootstrap([a, b], counted, { level: 0.95, resamples: 30, rng: createRng(0), method: 'percentile' });
    expect(calls).toBe(1 + 30);
  });

  it('says nothing about spread from a single run', () => {
    const estimate = bootstrap([a, [6]], difference, { ...options, rng: createRng(0) }).difference;
    expect(estimate).toEqual({ value: expect.closeTo(1.075, 12), low: null, high: null });
  });

  it('gives no end where resamples reach infinity', () => {
    const steps = ([runs]: Groups<number>) => ({ mean: mean(runs) });
    const { low, high, value } = bootstrap([[1, 2, 3, Infinity]], steps, { ...options, rng: createRng(0) }).mean;
    expect(value).toBeNull();
    expect(low).toBeGreaterThanOrEqual(1);
    expect(high).toBeNull();
  });
});

describe('quantile', () => {
  it('agrees with numpy', () => {
    // numpy 2.4.6: np.quantile([1, 2, 4, 8, 16], [0, .025, .3, .5, .9, 1])
    const expected = [1, 1.1, 2.4, 4, 12.8, 16];
    [0, 0.025, 0.3, 0.5, 0.9, 1].forEach((p, i) => expect(quantile([1, 2, 4, 8, 16], p)).toBeCloseTo(expected[i], 12));
  });
  it('keeps infinities whole', () => {
    expect(quantile([1, 2, Infinity, Infinity], 0.9)).toBe(Infinity);
    expect(quantile([1, Infinity], 0.4)).toBe(1);
  });
});
