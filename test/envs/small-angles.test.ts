import { expect, test } from 'vitest';
import { createRng } from '../../src/core/rng.ts';
import { cosSmall, sinSmall } from '../../src/envs/small-angles.ts';

// With mpmath 1.3: mp.prec = 200; print(repr(float(mpmath.sin(mpmath.mpf(x)))), repr(float(mpmath.cos(mpmath.mpf(x)))))
const EXACT: [number, number, number][] = [
  [0.05, 0.04997916927067833, 0.9987502603949663],
  [-0.1, -0.09983341664682815, 0.9950041652780258],
  [0.2, 0.19866933079506122, 0.9800665778412416],
  [0.2094, 0.20787304380969335, 0.978155814610992],
  [-0.012345, -0.012344686441395374, 0.9999238014552227],
  [1e-9, 1e-9, 1.0],
  [0.29, 0.28595222510483553, 0.9582438755126972],
];

test.each(EXACT)('sine and cosine of %d are within one unit in the last place', (x, sin, cos) => {
  expect(Math.abs(sinSmall(x) - sin)).toBeLessThanOrEqual(Math.abs(x) * Number.EPSILON);
  expect(Math.abs(cosSmall(x) - cos)).toBeLessThanOrEqual(Number.EPSILON / 2);
});

test('they are those of Math but for one unit in the last place, and pass on to Math beyond 0.3', () => {
  const rng = createRng(1, 'angles');
  for (let i = 0; i < 100_000; i++) {
    const x = (2 * rng.float() - 1) * (i % 2 === 0 ? 0.3 : 1e-3);
    expect(Math.abs(sinSmall(x) - Math.sin(x))).toBeLessThanOrEqual(Math.abs(x) * Number.EPSILON);
    expect(Math.abs(cosSmall(x) - Math.cos(x))).toBeLessThanOrEqual(Number.EPSILON / 2);
  }
  expect([sinSmall(0), cosSmall(0)]).toEqual([0, 1]);
  expect([sinSmall(1), cosSmall(-2)]).toEqual([Math.sin(1), Math.cos(-2)]);
});
