import { expect, test } from 'vitest';
import { distinctStyles } from '../../web/src/arms.ts';
import { entropyOf, tick } from '../../web/src/numbers.ts';

test('entropy is a share of the greatest there can be', () => {
  expect(entropyOf([0.25, 0.25, 0.25, 0.25])).toBeCloseTo(1, 12);
  expect(entropyOf([0, 1, 0])).toBe(0);
  // Cover & Thomas 2006, section 2.1: H(p) = -p log p - (1 - p) log (1 - p), in bits; H(1/3) = log 3 - 2/3.
  expect(entropyOf([1 / 3, 2 / 3])).toBeCloseTo(Math.log2(3) - 2 / 3, 12);
  expect(entropyOf([1])).toBeNull();
  expect(entropyOf(null)).toBeNull();
});

test('a value on an axis has no tail', () => {
  // 0.1 + 0.2, and what is left of a return that should be 0.
  expect([0.1 + 0.2, 6e-16, -1.5, 0, 0.00025, 60_000].map(tick)).toEqual([
    '0.3',
    '6e-16',
    '-1.5',
    '0',
    '0.00025',
    '60,000',
  ]);
});

test('agents of one arm are told apart', () => {
  const styles = distinctStyles(['scratch', 'transferred', 'scratch', undefined]);
  expect(styles[0]).toMatchObject({ mark: '▲', line: 'dashed' });
  expect(styles[1]).toMatchObject({ mark: '●', line: 'solid' });
  expect(new Set(styles.map(({ mark }) => mark)).size).toBe(4);
  expect(new Set(distinctStyles(['x', 'x', 'x', 'x']).map(({ colour }) => colour)).size).toBe(4);
});
