import { describe, expect, test } from 'vitest';
import type { LibraryEntry } from '../../src/live/library.ts';
import {
  addressOf,
  filterEntries,
  filterOf,
  groupEntries,
  keepOrder,
  type LibraryFilter,
  nearestCheckpoint,
  runAt,
} from '../../web/src/library-filter.ts';

const entry = (id: string, rest: Partial<LibraryEntry> = {}): LibraryEntry => ({
  id,
  kind: 'run',
  label: `label of ${id}`,
  env: 'breakout?paddleWidth=2',
  algorithm: 'ppo',
  seed: 4,
  state: 'finished',
  step: 100,
  totalTimesteps: 100,
  checkpoints: [0, 50, 100],
  evaluations: [],
  changedMs: 0,
  ...rest,
});

const all = [
  entry('alone', { changedMs: 5 }),
  entry('studies/a/jobs/t0', { study: 'studies/a', arm: 'transferred', state: 'running', changedMs: 9 }),
  entry('studies/a/jobs/s0', { study: 'studies/a', arm: 'source', env: 'freeway', changedMs: 2 }),
  entry('studies/b/jobs/t0', { study: 'studies/b', algorithm: 'dqn', changedMs: 3 }),
  entry('zoo:asterix', { kind: 'zoo', env: 'asterix' }),
];
const everything: LibraryFilter = { search: '', game: '', kind: '', state: '' };
const found = (filter: Partial<LibraryFilter>): string[] =>
  filterEntries(all, { ...everything, ...filter }).map(({ id }) => id);

describe('a filter of the library', () => {
  test('of nothing leaves everything', () => expect(found({})).toEqual(all.map(({ id }) => id)));

  test('finds every word, in any case and wherever it stands', () => {
    expect(found({ search: 'BREAKOUT t0' })).toEqual(['studies/a/jobs/t0', 'studies/b/jobs/t0']);
    expect(found({ search: 'transferred running' })).toEqual(['studies/a/jobs/t0']);
    expect(found({ search: 'seed 4 dqn' })).toEqual(['studies/b/jobs/t0']);
    expect(found({ search: 'nowhere' })).toEqual([]);
  });

  test('takes a game with all its variants, a kind, a state', () => {
    expect(found({ game: 'freeway' })).toEqual(['studies/a/jobs/s0']);
    expect(found({ game: 'breakout', kind: 'run' })).toEqual(['alone']);
    expect(found({ kind: 'zoo' })).toEqual(['zoo:asterix']);
    expect(found({ kind: 'study', state: 'finished' })).toEqual(['studies/a/jobs/s0', 'studies/b/jobs/t0']);
  });

  test('goes into an address and comes back', () => {
    const filter = { search: 'a b&c=d', game: 'breakout', kind: '', state: 'running' };
    expect(filterOf(new URLSearchParams(addressOf(filter).split('?')[1]))).toEqual(filter);
    expect(addressOf(everything)).toBe('#lobby');
  });
});

test('groups stand in the order of their first, the zoo in the end', () => {
  const zooFirst = [all[4], all[1], all[0], all[2], all[3]];
  expect(groupEntries(zooFirst).map(({ id, entries }) => [id, entries.length])).toEqual([
    ['studies/a', 2],
    ['run', 1],
    ['studies/b', 1],
    ['zoo', 1],
  ]);
});

test('nothing moves but for what is new', () => {
  const [a, b, c, d] = all;
  expect(keepOrder([a, b, c], [c, d, a]).map(({ id }) => id)).toEqual([d.id, a.id, c.id]);
  expect(keepOrder([], [c, a])).toEqual([c, a]);
});

test('a point of a mean curve speaks of the run that came nearest to it', () => {
  const at = (id: string, mean: number, rest: Partial<LibraryEntry>): LibraryEntry =>
    entry(id, { arm: 'scratch', evaluations: [[50, mean]], ...rest });
  const runs = [
    at('low', 1, {}),
    at('near', 4.5, {}),
    at('elsewhere', 5, { env: 'freeway' }),
    at('other arm', 5, { arm: 'transferred' }),
    at('no arm', 5, { arm: undefined }),
  ];
  const curve = { arm: 'scratch', env: 'breakout?paddleWidth=2' };
  expect(runAt(runs, curve, [50, 5])?.id).toBe('near');
  expect(runAt(runs, { arm: 'scratch' }, [50, 5])?.id).toBe('elsewhere');
  expect(runAt(runs, { arm: '' }, [50, 5])?.id).toBe('no arm');
  expect(runAt(runs, curve, [51, 5])).toBeUndefined();
});

test('the nearest checkpoint', () => {
  expect([0, 24, 26, 1e9].map((step) => nearestCheckpoint([0, 50, 100], step))).toEqual([0, 0, 50, 100]);
  expect(nearestCheckpoint([], 3)).toBeUndefined();
});
