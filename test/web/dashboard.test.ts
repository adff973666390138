import { describe, expect, test } from 'vitest';
import type { LibraryEntry } from '../../src/live/library.ts';
import { curvePoints } from '../../web/src/dashboard/curves.ts';
import { lineStyles } from '../../web/src/dashboard/line-style.ts';
import { cellOrder } from '../../web/src/dashboard/run-table.ts';

const run = (...evaluations: [number, number][]): Pick<LibraryEntry, 'evaluations'> => ({ evaluations });

describe('the points of a learning curve', () => {
  test('have the interval of the mean by Student’s t', () => {
    // t(0.975, 3) = 3.182446, as any table of it has it, times the standard deviation 2.160247 over 2.
    const [point] = curvePoints([run([0, 1]), run([0, 2]), run([0, 3]), run([0, 6])]);
    expect(point).toMatchObject({ step: 0, mean: 3, runs: 4 });
    expect([point.low, point.high]).toEqual([expect.closeTo(-0.4374, 3), expect.closeTo(6.4374, 3)]);
  });

  test('are of the runs that have come so far, in the order of steps', () => {
    const points = curvePoints([run([10, 4], [20, 8]), run([0, 1], [10, 2])]);
    expect(points.map(({ step, mean, runs }) => [step, mean, runs])).toEqual([
      [0, 1, 1],
      [10, 3, 2],
      [20, 8, 1],
    ]);
    // Of a single run no interval is known.
    expect(points.map(({ low }) => low === undefined)).toEqual([true, false, true]);
  });
});

test('lines differ in more than their colour, and the first of an arm looks as that arm does', () => {
  const styles = lineStyles(['scratch', 'transferred', 'transferred', 'transferred', 'transferred', 'source']);
  expect(styles[0]).toEqual({ colour: '#E69F00', symbol: 'triangle', dash: 'dashed' });
  expect(styles[1]).toEqual({ colour: '#56B4E9', symbol: 'circle', dash: 'solid' });
  for (const look of ['colour', 'dash'] as const) {
    expect(new Set(styles.map((style) => JSON.stringify(style[look]))).size).toBe(styles.length);
  }
});

test('a table’s column is sorted upwards and downwards, with what is missing last', () => {
  expect([3, null, -1, null, 20].toSorted(cellOrder(false))).toEqual([-1, 3, 20, null, null]);
  expect([3, null, -1, null, 20].toSorted(cellOrder(true))).toEqual([20, 3, -1, null, null]);
  expect(['run 10', null, 'run 9'].toSorted(cellOrder(false))).toEqual(['run 9', 'run 10', null]);
  expect(['run 9', null, 'run 10'].toSorted(cellOrder(true))).toEqual(['run 10', 'run 9', null]);
});
