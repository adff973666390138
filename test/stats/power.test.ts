import { describe, expect, it } from 'vitest';
import { createRng, normal } from '../../src/core/rng.ts';
import { type Groups, bootstrapTest } from '../../src/stats/bootstrap.ts';
import { mean } from '../../src/stats/curve.ts';
import { seedsNeeded } from '../../src/stats/power.ts';

const claim = { ratio: 1.3, power: 0.8, level: 0.95 };
/** Two values with this mean and this deviation. */
const spread = (centre: number, deviation: number) => [1, -1].map((side) => centre + (side * deviation) / Math.sqrt(2));

describe('seeds needed', () => {
  it('are those of the t test on the log scale', () => {
    // statsmodels 0.15.0: TTestIndPower().solve_power(effect_size=log(ratio)/cv, alpha=0.05, power=0.8)
    //   for cv 0.2, ratio 1.3 -> 10.18; cv 0.3, ratio 1.2 -> 43.48; cv 0.5, ratio 1.5 -> 24.87
    expect(seedsNeeded([spread(2, 0.4), spread(3, 0.6)], claim)).toBe(11);
    expect(seedsNeeded([spread(1, 0.3), spread(1, 0.3)], { ...claim, ratio: 1.2 })).toBe(44);
    expect(seedsNeeded([spread(1, 0.5), spread(1, 0.5)], { ...claim, ratio: 1.5 })).toBe(25);
  });

  it('are as many for a ratio as for its inverse, fewer for a larger one, more for more power', () => {
    const arms = [spread(1, 0.3), spread(1, 0.2)];
    const seeds = seedsNeeded(arms, claim)!;
    expect(seedsNeeded(arms, { ...claim, ratio: 1 / claim.ratio })).toBe(seeds);
    expect(seedsNeeded(arms, { ...claim, ratio: 2 })!).toBeLessThan(seeds);
    expect(seedsNeeded(arms, { ...claim, power: 0.95 })!).toBeGreaterThan(seeds);
  });

  it('are unknown where nothing was gained or an arm has one run', () => {
    expect(seedsNeeded([spread(0, 1), spread(1, 1)], claim)).toBeNull();
    expect(seedsNeeded([spread(1, 1), [1]], claim)).toBeNull();
    expect(seedsNeeded([spread(1, 0), spread(1, 0)], claim)).toBe(2);
  });

  it('find the effect about as often as they say, by the p-value that decides', () => {
    const [cvScratch, cvTransfer] = [0.25, 0.25];
    const n = seedsNeeded([spread(1, cvScratch), spread(claim.ratio, claim.ratio * cvTransfer)], claim)!;
    const rng = createRng(0, 'power');
    const sample = (centre: number, cv: number) => Array.from({ length: n }, () => centre * (1 + cv * normal(rng)));
    const ratio = ([s, t]: Groups<number>) => ({ ratio: mean(t) / mean(s) });
    const found = Array.from({ length: 250 }, (_, i) => {
      const groups = [sample(1, cvScratch), sample(claim.ratio, cvTransfer)];
      return (
        bootstrapTest(groups, ratio, { level: 0.95, resamples: 300, rng: createRng(i) }).pValue('ratio', 1)! < 0.05
      );
    }).filter(Boolean).length;
    expect(found / 250).toBeGreaterThan(0.72);
    expect(found / 250).toBeLessThan(0.88);
  });
});
