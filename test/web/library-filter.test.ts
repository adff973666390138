import { describe, expect, test } from 'vitest';
import type { LibraryEntry } from '../../src/live/library.ts';
import {
  addressOf,
  filterEntries,
  filterOf,
  groupEntries,
  type LibraryFilter,
  nearestCheckpoint,
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

test('groups stand by what changed last, the zoo in the end', () => {
  expect(groupEntries(all).map(({ id, entries }) => [id, entries.length])).toEqual([
    ['studies/a', 2],
    ['run', 1],
    ['studies/b', 1],
    ['zoo', 1],
  ]);
});

test('the nearest checkpoint', () => {
  expect([0, 24, 26, 1e9].map((step) => nearestCheckpoint([0, 50, 100], step))).toEqual([0, 0, 50, 100]);
  expect(nearestCheckpoint([], 3)).toBeUndefined();
});
