import { describe, expect, it } from 'vitest';
import { normalCdf, studentCdf, studentQuantile } from '../../src/stats/distributions.ts';

// scipy 1.17.1: stats.norm.cdf(x), stats.t.cdf(t, df), stats.t.ppf(p, df)
describe('values of scipy', () => {
  it.each([
    [-6, 9.865876450376946e-10],
    [-3.1, 0.0009676032132183563],
    [-1.96, 0.024997895148220435],
    [0, 0.5],
    [0.5, 0.6914624612740131],
    [2.7, 0.9965330261969594],
  ])('normal distribution at %d', (x, expected) => {
    expect(normalCdf(x)).toBeCloseTo(expected, 14);
  });
  it('says nothing of what is not a number', () => expect(normalCdf(NaN)).toBeNaN());

  it.each([
    [-2.5, 3, 0.04385332350403278],
    [0.7, 4.5, 0.7407801988441911],
    [5, 1, 0.9371670418109987],
  ])('t distribution at %d, %d degrees of freedom', (t, df, expected) => {
    expect(studentCdf(t, df)).toBeCloseTo(expected, 13);
  });

  it.each([
    [1, [12.706204736174694, 3.0776835371752544, -31.82051595377396]],
    [4, [2.7764451051977934, 1.533206274058944, -3.746947387979197]],
    [6.3, [2.418942809942905, 1.4313899266661425, -3.0931899753705285]],
    [8, [2.306004135204166, 1.3968153097438654, -2.8964594477096224]],
    [40, [2.021075390306273, 1.3030770526071949, -2.4232567793348583]],
  ])('t quantiles with %d degrees of freedom', (df, expected) => {
    [0.975, 0.9, 0.01].forEach((p, i) => expect(studentQuantile(p, df)).toBeCloseTo(expected[i], 10));
  });
});
