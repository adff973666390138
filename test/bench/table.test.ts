import { expect, test } from 'vitest';
import { cells, markdown, median, reached, type Report, type Result, short, textTable } from '../../bench/table.ts';

const row: Result = {
  name: 'stepping',
  ours: 15_400,
  oursRange: [14_000, 16_000],
  peer: 10_000,
  peerRange: [9000, 11_000],
  peerName: 'peer 1.0',
  ratio: 1.54,
  ratioRange: [1.4, 1.6],
  target: 1.5,
  atMost: false,
  unit: 'steps/s',
  cores: 1,
};
const without: Result = { ...row, peer: null, peerRange: null, peerName: '', ratio: null, ratioRange: null };

test.each([
  [0.95, '0.950'],
  [12.34, '12.3'],
  [999, '999'],
  [1000, '1.00k'],
  [15_432, '15.4k'],
  [7_654_321, '7.65M'],
  [25.1e9, '25.1G'],
])('%d is written %s', (value, text) => expect(short(value)).toBe(text));

test('medians of odd and even counts', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test('a target is a floor for rates, a ceiling where less is better, and nothing without a peer', () => {
  expect(reached(row)).toBe(true);
  expect(reached({ ...row, ratio: 1.49 })).toBe(false);
  expect(reached({ ...row, atMost: true, target: 0.3, ratio: 0.2 })).toBe(true);
  expect(reached({ ...row, atMost: true, target: 0.3, ratio: 0.4 })).toBe(false);
  expect(reached(without)).toBeNull();
});

test('the table for the terminal has a line a row, in columns', () => {
  const lines = textTable([row, without]).split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(
    /^stepping {2}1 +15\.4k \(14\.0k–16\.0k\) steps\/s +10\.0k \(9\.00k–11\.0k\) peer 1\.0 +1\.54 /,
  );
  for (const heading of ['ours', 'peer', 'ratio', 'target']) {
    const at = lines[0].indexOf(heading);
    for (const line of lines.slice(1)) expect(line.slice(at - 2, at)).toBe('  ');
  }
});

test('the page holds every row, the curves with their shares, and what was left out', () => {
  const report: Report = {
    command: 'npm run bench',
    date: '2026-11-25',
    machine: '2 cores',
    versions: 'Node 20',
    windows: 5,
    seconds: 2,
    peak: 20e9,
    rows: [row],
    curves: [{ name: 'environments', size: 'envs', points: [{ at: 16, rate: 9000, share: 0.42 }] }],
    left: ['native (not installed)'],
  };
  const page = markdown(report);
  expect(page).toContain(`| ${cells(row).join(' | ')} |`);
  expect(page).toContain('| 16 | 9.00k | 42 % |');
  expect(page).toContain('20.0G multiply-adds');
  expect(page).toContain('Not run: native (not installed).');
  expect(page).toContain('Written by `npm run bench`');
});
