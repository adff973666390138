import { expect, it } from 'vitest';
import { Mt19937 } from '../../src/core/mt19937.ts';

// numpy.random.RandomState(1000): [r.rand() for _ in range(5)] and, seeded afresh, r.randint(1, 6, 10).
it("gives NumPy's legacy draws", () => {
  const floats = new Mt19937(1000);
  expect(Array.from({ length: 5 }, () => floats.float())).toEqual([
    0.6535895854646095, 0.11500694312440574, 0.9502828643490245, 0.4821914014279982, 0.8724745351820353,
  ]);
  const ints = new Int32Array(10);
  new Mt19937(1000).fillInts(ints, 1, 6);
  expect([...ints]).toEqual([4, 1, 4, 5, 2, 1, 2, 1, 2, 5]);
});

it('takes nothing for a draw with one outcome', () => {
  const rng = new Mt19937(5);
  const before = rng.save();
  expect(rng.int(3, 4)).toBe(3);
  expect(rng.save()).toEqual(before);
});

it('goes on from a saved state', () => {
  const rng = new Mt19937(9);
  for (let i = 0; i < 700; i++) rng.float();
  const copy = new Mt19937(1);
  copy.load(rng.save());
  const draws = (one: Mt19937) => Array.from({ length: 1000 }, () => [one.float(), one.int(0, 1000)]);
  expect(draws(copy)).toEqual(draws(rng));
});
