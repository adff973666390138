import { expect, test } from 'vitest';
import { deadUnits, explainedVariance, normalize } from '../../src/agents/diagnostics.ts';
import type { Learner } from '../../src/agents/learner.ts';

test('a perfect critic explains all variance, a constant one none, a harmful one less', () => {
  const returns = Float32Array.of(1, 2, 3, 6);
  expect(explainedVariance(returns, returns)).toBe(1);
  expect(explainedVariance(new Float32Array(4).fill(3), returns)).toBe(0);
  expect(
    explainedVariance(
      returns.map((value) => -value),
      returns,
    ),
  ).toBe(-3);
  expect(explainedVariance(returns, new Float32Array(4).fill(2))).toBeNaN();
});

test('normalised values have mean 0 and deviation 1', () => {
  const values = normalize(Float32Array.of(1, 2, 3, 6));
  expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 6);
  expect(values.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 5);
});

test('units that are 0 on every observation are dead', () => {
  // Of unit 0 nothing, of unit 1 one observation, of unit 2 all.
  const features = (indices: Int32Array) =>
    Float32Array.from({ length: 3 * indices.length }, (_, i) => [0, i === 4 ? 1 : 0, -1][i % 3]);
  const learner: Pick<Learner, 'features'> = { features };
  expect(deadUnits(learner, 1000)).toBeCloseTo(1 / 3, 9);
});
