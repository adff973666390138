import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, normal } from '../../src/core/rng.ts';
import { compareArms, outcomeOf } from '../../src/stats/compare.ts';
import type { Arm } from '../../src/stats/curve.ts';
import { poolPairs } from '../../src/stats/pool.ts';
import { armOf, learningArm } from './arms.ts';

const steps = [0, 50, 100, 150, 200];
const line = (start: number, slope: number) => (step: number) => start + slope * step;
const scratch = armOf('scratch', steps, [line(0, 0.04), line(0, 0.05), line(0, 0.06)]);
const transfer = armOf('transfer', steps, [line(2, 0.04), line(2, 0.05), line(2, 0.06)]);
const quick = { resamples: 500, random: 0, sourceSteps: 400 };

describe('metrics of two arms of straight lines', () => {
  const { metrics, arms, threshold, budget } = compareArms({ ...quick, scratch, transfer });

  it('ratio, difference, jumpstart and asymptote', () => {
    expect(metrics.ratio.value).toBeCloseTo(7 / 5, 12);
    expect(metrics.difference.value).toBeCloseTo(2, 12);
    expect(metrics.jumpstart).toEqual({ value: 2, low: 2, high: 2 });
    expect(metrics.asymptote.value).toBeCloseTo(2, 12);
    expect(arms.scratch.area.value).toBeCloseTo(5, 12);
    expect(arms.scratch.areaIqm.value).toBeCloseTo(5, 12);
    expect(arms.transfer.start.value).toBe(2);
  });

  it('steps to the threshold, three quarters of the way to the asymptote', () => {
    expect(budget).toBe(200);
    expect(threshold.value).toBeCloseTo(7.5, 12);
    expect(arms.scratch.steps.value).toBeCloseTo(150, 10);
    expect(arms.transfer.steps.value).toBeCloseTo(110, 10);
    expect(metrics.stepsRatio.value).toBeCloseTo(110 / 150, 12);
    expect(metrics.stepsRatioWithSource.value).toBeCloseTo(510 / 150, 12);
  });

  it('time to the threshold of each run', () => {
    expect(arms.scratch.timeToThreshold).toMatchObject({ reached: 3, censored: 0 });
    expect(arms.scratch.timeToThreshold.median.value).toBeCloseTo(150, 10);
    // 7.5 / 0.04, 7.5 / 0.05, 7.5 / 0.06
    expect(arms.scratch.timeToThreshold.restrictedMean.value).toBeCloseTo((187.5 + 150 + 125) / 3, 10);
    expect(metrics.timeDifference.value).toBeCloseTo((137.5 + 110 + 5.5 / 0.06) / 3 - 462.5 / 3, 10);
  });

  it('chance that a transferred run is better', () => {
    // areas 6, 7, 8 against 4, 5, 6: one tie in nine pairs
    expect(metrics.probabilityOfImprovement.value).toBeCloseTo(8.5 / 9, 12);
  });
});

describe('runs that never reach the threshold', () => {
  const flat = armOf('transfer', steps, [line(1, 0), line(1, 0), line(0, 0.06)]);
  const { arms, metrics, outcome } = compareArms({ ...quick, scratch, transfer: flat });
  it('are censored, not dropped', () => {
    expect(arms.transfer.timeToThreshold).toMatchObject({ reached: 1, censored: 2 });
    expect(arms.transfer.timeToThreshold.median.value).toBeNull();
    expect(arms.transfer.timeToThreshold.restrictedMean.value).toBeCloseTo((125 + 200 + 200) / 3, 10);
    expect(arms.transfer.steps.value).toBeNull();
    expect(metrics.stepsRatio).toMatchObject({ value: null, high: null });
  });
  it('took at least the budget where none of them got there', () => {
    const never = armOf('transfer', steps, [line(1, 0), line(1.1, 0), line(0, 0.01)]);
    const { stepsRatio, stepsRatioWithSource } = compareArms({ ...quick, scratch, transfer: never }).metrics;
    // Scratch needed between 125 and 187.5 of the 200 steps, whatever is drawn; 400 source steps.
    for (const [{ low, high }, total] of [
      [stepsRatio, 200],
      [stepsRatioWithSource, 600],
    ] as const) {
      expect(low).toBeGreaterThanOrEqual(total / 187.5);
      expect(low).toBeLessThanOrEqual(total / 150);
      expect(high).toBeNull();
    }
    expect(outcomeOf('stepsRatio', stepsRatio, 4)).toBe('hurt');
  });
  it('leave the verdict to the area', () => expect(outcome).toBe('unclear'));
});

describe('the metric that decides', () => {
  const helpless = armOf('scratch', steps, [line(0.1, 0), line(-0.1, 0), line(0.05, 0), line(-0.05, 0)]);
  const able = armOf('transfer', steps, [line(2, 0.04), line(2, 0.05), line(2, 0.06), line(2, 0.05)]);
  it('is the plain difference where scratch does not beat random play', () => {
    const { primary, metrics, outcome } = compareArms({ ...quick, scratch: helpless, transfer: able });
    expect(primary).toBe('difference');
    expect(metrics.ratio).toEqual({ value: null, low: null, high: null });
    expect(metrics.difference.value).toBeCloseTo(7, 12);
    expect(metrics.scaledDifference).toEqual({ value: null, low: null, high: null });
    expect(outcome).toBe('helped');
  });
  it('is the difference over the reference range where one was chosen', () => {
    const input = { ...quick, scratch: helpless, transfer: able, referenceRange: 20 };
    const { primary, metrics, outcome, referenceRange } = compareArms(input);
    expect([primary, outcome, referenceRange]).toEqual(['scaledDifference', 'helped', 20]);
    const { value, low, high } = metrics.difference;
    expect(metrics.scaledDifference).toEqual({ value: value! / 20, low: low! / 20, high: high! / 20 });
  });
  it('is so too where scratch gains less than a twentieth of the reference range', () => {
    expect(compareArms({ ...quick, scratch, transfer }).primary).toBe('ratio');
    expect(compareArms({ ...quick, scratch, transfer, referenceRange: 100 }).primary).toBe('scaledDifference');
  });
});

describe('a primary metric chosen before the run', () => {
  const slow = { start: 0.5, top: 7, pace: 100_000 };
  const arms = { scratch: learningArm('scratch', slow), transfer: learningArm('transfer', { ...slow, start: 3 }) };
  it.each(['difference', 'jumpstart', 'asymptote'] as const)(
    '%s decides, with the p-value of its own interval',
    (metric) => {
      const { primary, metrics, outcome, p } = compareArms({ ...quick, ...arms, primaryMetric: metric });
      expect(primary).toBe(metric);
      expect(metrics.ratio.value).not.toBeNull();
      expect(outcome).toBe(outcomeOf(metric, metrics[metric], 5));
      expect(p! < 0.05).toBe(outcome !== 'unclear');
    },
  );
  it('jumpstart, sees what the area does not', () => {
    const [byArea, byStart] = (['ratio', 'jumpstart'] as const).map((primaryMetric) =>
      compareArms({ ...quick, ...arms, primaryMetric }),
    );
    expect([byArea.outcome, byStart.outcome]).toEqual(['unclear', 'helped']);
    expect(byArea.needed).toEqual({ ratio: 1.2, power: 0.8, seeds: expect.any(Number) });
    expect(byArea.needed!.seeds).toBeGreaterThan(5);
  });
});

describe('with few seeds', () => {
  const base = { start: 0.5, top: 7, pace: 100_000 };
  const compare = (s: number, t: number) =>
    compareArms({
      scratch: learningArm('scratch', { ...base, seeds: s }),
      transfer: learningArm('transfer', { ...base, start: 3, pace: 5000, seeds: t }),
      random: 0.5,
      sourceSteps: 0,
      resamples: 500,
    });
  it.each([
    [2, 2],
    [3, 3],
    [3, 10],
    [10, 3],
  ])('%i from scratch and %i transferred decide nothing, whatever the interval', (s, t) => {
    const { outcome, metrics } = compare(s, t);
    expect(metrics.ratio.low).toBeGreaterThan(1);
    expect(outcome).toBe('unclear');
  });
  it('four an arm may decide', () => expect(compare(4, 4).outcome).toBe('helped'));
  it('one has no interval', () => {
    expect(compare(1, 1).metrics.ratio).toMatchObject({ value: expect.any(Number), low: null, high: null });
  });

  it('helped or hurt is not said by chance much more often than in one of twenty', () => {
    // The null: both arms from one population, normal with sd / mean 0.2. Two seeds' intervals miss 1 in a third of all.
    const decided = (runs: number) => {
      const rng = createRng(0, 'null', runs);
      const arm = () =>
        armOf(
          'arm',
          [0, 1],
          Array.from({ length: runs }, () => constant(1 + 0.2 * normal(rng))),
        );
      const constant = (value: number) => () => value;
      const outcomes = Array.from({ length: 150 }, (_, seed) =>
        compareArms({ scratch: arm(), transfer: arm(), random: 0, sourceSteps: 0, resamples: 200, seed }),
      );
      return outcomes.filter(({ outcome }) => outcome !== 'unclear').length / 150;
    };
    expect([2, 3].map(decided)).toEqual([0, 0]);
    const four = decided(4);
    expect(four).toBeGreaterThan(0.01);
    expect(four).toBeLessThan(0.12);
  });
});

describe('outcomes', () => {
  const slow = { start: 0.5, top: 7, pace: 100_000 };
  const compare = (shape: Parameters<typeof learningArm>[1]) =>
    compareArms({
      scratch: learningArm('scratch', slow),
      transfer: learningArm('transfer', shape),
      random: 0.5,
      sourceSteps: 0,
      resamples: 2000,
    });
  it.each([
    ['helped', { ...slow, pace: 40_000 }],
    ['unclear', slow],
    ['hurt', { ...slow, pace: 300_000 }],
  ])('%s', (outcome, shape) => {
    expect(compare(shape).outcome).toBe(outcome);
  });

  it('read each metric by its own direction', () => {
    expect(outcomeOf('ratio', { value: 2, low: 1.1, high: null }, 4)).toBe('helped');
    expect(outcomeOf('stepsRatio', { value: 2, low: 1.1, high: null }, 4)).toBe('hurt');
    expect(outcomeOf('stepsRatio', { value: 0.5, low: 0.2, high: 0.9 }, 4)).toBe('helped');
    expect(outcomeOf('jumpstart', { value: -1, low: -2, high: -0.5 }, 4)).toBe('hurt');
    expect(outcomeOf('difference', { value: 1, low: 0, high: 2 }, 4)).toBe('unclear');
    expect(outcomeOf('ratio', { value: 2, low: 1.1, high: null }, 3)).toBe('unclear');
  });
});

describe('properties', () => {
  const shapes = fc.record({
    start: fc.double({ min: 0, max: 2, noNaN: true }),
    top: fc.double({ min: 4, max: 9, noNaN: true }),
    pace: fc.double({ min: 10_000, max: 100_000, noNaN: true }),
  });
  const shifted = (arm: Arm, by: number, times: number): Arm => ({
    ...arm,
    curves: arm.curves.map((curve) => ({ ...curve, returns: curve.returns.map((r) => times * r + by) })),
  });

  it('ratios do not depend on the scale of returns, nor on what zero is', () => {
    fc.assert(
      fc.property(shapes, shapes, fc.integer({ min: -3, max: 9 }), (a, b, by) => {
        const [s, t] = [learningArm('scratch', a), learningArm('transfer', b)];
        const input = { random: 0.25, sourceSteps: 1000, resamples: 50 };
        const plain = compareArms({ ...input, scratch: s, transfer: t }).metrics;
        const moved = compareArms({
          ...input,
          random: 0.5 + by,
          scratch: shifted(s, by, 2),
          transfer: shifted(t, by, 2),
        }).metrics;
        for (const key of ['ratio', 'stepsRatio', 'stepsRatioWithSource'] as const) {
          expect(moved[key].low).toBeCloseTo(plain[key].low!, 6);
          expect(moved[key].value).toBeCloseTo(plain[key].value!, 6);
        }
        expect(moved.jumpstart.high).toBeCloseTo(2 * plain.jumpstart.high!, 6);
      }),
      { numRuns: 20 },
    );
  });

  it('intervals hold their value, and everything survives JSON', () => {
    fc.assert(
      fc.property(shapes, shapes, (a, b) => {
        const comparison = compareArms({
          scratch: learningArm('scratch', a),
          transfer: learningArm('transfer', b),
          random: 0,
          sourceSteps: 0,
          resamples: 300,
        });
        expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
        for (const { value, low, high } of [comparison.metrics.ratio, comparison.metrics.difference]) {
          expect(low!).toBeLessThanOrEqual(value!);
          expect(high!).toBeGreaterThanOrEqual(value!);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('the p-value', () => {
  const base = { start: 0.5, top: 7, pace: 100_000 };
  const rest = { random: 0.5, sourceSteps: 0, resamples: 300 };

  it('is below 0.05 exactly where the interval of the deciding metric leaves "no effect" out', () => {
    const seen = { helped: 0, unclear: 0, hurt: 0 };
    const paces = fc.double({ min: 60_000, max: 160_000, noNaN: true });
    fc.assert(
      fc.property(paces, fc.integer({ min: 4, max: 8 }), fc.nat(), fc.boolean(), (pace, seeds, seed, learns) => {
        // A reference range so large that scratch learns nothing in comparison lets the difference decide.
        const referenceRange = learns ? 0 : 1000;
        const scratch = learningArm(`scratch ${seed}`, base);
        const transfer = learningArm(`transfer ${seed}`, { ...base, pace, seeds });
        const { p, outcome, primary } = compareArms({ ...rest, scratch, transfer, seed, referenceRange });
        expect(primary).toBe(learns ? 'ratio' : 'scaledDifference');
        expect(p! < 0.05).toBe(outcome !== 'unclear');
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        seen[outcome]++;
      }),
      { numRuns: 80, seed: 0 },
    );
    expect(Math.min(seen.helped, seen.unclear, seen.hurt)).toBeGreaterThan(5);
  });

  it('gets smaller as the effect grows, until resamples tell no more', () => {
    const p = (pace: number, top = 7) =>
      compareArms({
        ...rest,
        scratch: learningArm('scratch', base),
        transfer: learningArm('transfer', { ...base, pace, top }),
      }).p!;
    const [none, some, more, all] = [90_000, 70_000, 55_000, 20_000].map((pace) => p(pace));
    expect(none).toBeGreaterThan(some);
    expect(some).toBeGreaterThan(more);
    expect(more).toBeGreaterThan(all);
    expect(all).toBeGreaterThan(1 / 301);
    expect(p(20_000, 30)).toBe(1 / 301);
  });

  it('does not exist with too few runs', () => {
    const few = learningArm('transfer', { ...base, seeds: 3 });
    expect(compareArms({ ...rest, scratch: learningArm('scratch', base), transfer: few }).p).toBeNull();
  });
});

describe('comparisons on one target', () => {
  const base = { start: 0.5, top: 7, pace: 100_000 };
  const compare = (target: string, pair: string, arm = 'a') =>
    compareArms({
      scratch: learningArm('scratch', base),
      transfer: learningArm(arm, base),
      random: 0.5,
      sourceSteps: 0,
      resamples: 200,
      target,
      pair,
    }).arms;

  it('resample scratch alike, transferred arms each by itself', () => {
    const [one, two, elsewhere] = [compare('x', '1'), compare('x', '2', 'b'), compare('y', '1')];
    expect(two.scratch).toEqual(one.scratch);
    expect(elsewhere.scratch.area).not.toEqual(one.scratch.area);
    expect(elsewhere.transfer.area).toEqual(one.transfer.area);
    expect(compare('x', '2').transfer.area).not.toEqual(one.transfer.area);
  });
});

describe('all pairs of a study', () => {
  const other = armOf('scratch', steps, [line(0, 0.01), line(0, 0.02), line(0, 0.03)]);
  const pairs = [
    { source: 'x', target: 'a', scratch, transfer, random: 0 },
    { source: 'y', target: 'a', scratch, transfer: scratch, random: 0 },
    {
      source: 'z',
      target: 'b',
      scratch: other,
      transfer: armOf('transfer', steps, [line(0, 0.04), line(0, 0.04)]),
      random: 0,
    },
  ];
  it('pool into scores where scratch is 1', () => {
    // scores: 1.2 1.4 1.6 | 0.8 1 1.2 | 2 2
    const pooled = poolPairs(pairs, { resamples: 500 });
    expect(pooled.mean.value).toBeCloseTo((1.4 + 1 + 2) / 3, 12);
    expect(pooled.median.value).toBeCloseTo(1.4, 12);
    expect(pooled.iqm.value).toBeCloseTo((1.2 + 1.2 + 1.4 + 1.6) / 4, 12);
    expect(pooled.optimalityGap.value).toBeCloseTo(0.2 / 9, 12);
    expect(pooled.probabilityOfImprovement.value).toBeCloseTo((8.5 / 9 + 0.5 + 1) / 3, 12);
  });
  it('resample a shared scratch arm once', () => {
    // The same arm as both sides moves apart in resampling, so the interval of its ratio has width; a constant arm over
    // a constant scratch has none.
    const flat = armOf('flat', steps, [line(4, 0), line(4, 0)]);
    const pooled = poolPairs([{ source: 'x', target: 'a', scratch: flat, transfer: flat, random: 0 }], {
      resamples: 100,
    });
    expect(pooled.mean).toEqual({ value: 1, low: 1, high: 1 });
    expect(poolPairs([pairs[1]], { resamples: 100 }).mean.low).toBeLessThan(0.95);
  });
  it('resample the runs of a shared source once', () => {
    // What a run gains on one target it loses on the other: only where both move together the mean stands still.
    const flat = armOf('flat', steps, [line(4, 0), line(4, 0)]);
    const pairOf = (source: string, target: string, [first, second]: number[]) => {
      return {
        source,
        target,
        scratch: flat,
        transfer: armOf('t', steps, [line(first, 0), line(second, 0)]),
        random: 0,
      };
    };
    const mean = (...sources: string[]) =>
      poolPairs([pairOf(sources[0], 'a', [2, 6]), pairOf(sources[1], 'b', [6, 2])], { resamples: 100 }).mean;
    expect(mean('x', 'x')).toEqual({ value: 1, low: 1, high: 1 });
    expect(mean('x', 'y').low).toBeLessThan(0.95);
  });
});
