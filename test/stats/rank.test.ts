import { expect, it } from 'vitest';
import { ranks, spearman } from '../../src/stats/rank.ts';

it('ranks from the smallest, equal values alike', () => {
  expect(ranks([3, 1, 2])).toEqual([2, 0, 1]);
  expect(ranks([1, 5, 5, 9])).toEqual([0, 1.5, 1.5, 3]);
});

it('correlates ranks as numpy does', () => {
  // numpy 2.4.6: r = lambda v: np.argsort(np.argsort(v)); np.corrcoef(r([3, 1, 4, 1.5, 9, 2.6]), r([2, 7, 1, 8, 2.8, 1.8]))
  expect(spearman([3, 1, 4, 1.5, 9, 2.6], [2, 7, 1, 8, 2.8, 1.8])).toBeCloseTo(-0.5428571428571429, 12);
  // np.corrcoef([0, 1.5, 1.5, 3], [1, 0, 2, 3])
  expect(spearman([1, 5, 5, 9], [2, 1, 3, 4])).toBeCloseTo(0.632455532033676, 12);
  expect(spearman([1, 1, 1], [1, 2, 3])).toBeNaN();
});
