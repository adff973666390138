import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm, withHolm } from '../../src/stats/holm.ts';

describe('Holm', () => {
  // statsmodels 0.15.0: statsmodels.stats.multitest.multipletests(ps, method='holm')[1]
  it.each([
    [
      [0.01, 0.04, 0.03, 0.005],
      [0.03, 0.06, 0.06, 0.02],
    ],
    [
      [0.0004, 0.2, 0.7, 0.013, 0.013, 0.049, 1.0, 0.0031],
      [0.0032, 0.6000000000000001, 1.0, 0.078, 0.078, 0.196, 1.0, 0.0217],
    ],
  ])('%j as statsmodels has it', (ps, expected) => {
    holm(ps).forEach((p, i) => expect(p).toBeCloseTo(expected[i], 12));
  });

  it('is at most Bonferroni, at least the p-value, and keeps the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (ps) => {
        const adjusted = holm(ps);
        ps.forEach((p, i) => {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, p * ps.length));
          ps.forEach((q, j) => p < q && expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]));
        });
      }),
    );
  });
});

describe('the pairs of a study', () => {
  const pair = (method: string, p: number | null, control?: string | null) => ({ method, control, comparison: { p } });

  it('are corrected with all pairs of their method, each kind of control by itself, untested ones not counted', () => {
    const pairs = [
      pair('full', 0.01),
      pair('full', 0.03, null),
      pair('head-only', 0.02),
      pair('full', null),
      pair('full', 0.04, 'shuffled'),
      pair('full', 0.01, 'same-game'),
    ];
    expect(withHolm(pairs).map(({ holm }) => holm)).toEqual([0.02, 0.03, 0.02, null, 0.04, 0.01]);
    expect(withHolm(pairs)[0]).toMatchObject(pairs[0]);
  });
});
