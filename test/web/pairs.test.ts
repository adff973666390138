import { describe, expect, test } from 'vitest';
import type { LibraryEntry } from '../../src/live/library.ts';
import { checkpointSteps, firstPair, verdict } from '../../web/src/pairs.ts';

const entry = (id: string, rest: Partial<LibraryEntry> = {}): LibraryEntry => ({
  id,
  kind: 'run',
  label: id,
  env: 'breakout',
  algorithm: 'ppo',
  seed: 1,
  state: 'finished',
  step: 100,
  totalTimesteps: 100,
  checkpoints: [0, 100],
  evaluations: [],
  changedMs: 0,
  ...rest,
});
const ids = (entries: readonly LibraryEntry[], id?: string): string[] => firstPair(entries, id).map(({ id }) => id);

describe('whom to compare', () => {
  const study = [
    entry('source', { arm: 'source', env: 'asterix', study: 's' }),
    entry('t1', { arm: 'transferred', study: 's', seed: 1 }),
    entry('b2', { arm: 'scratch', study: 's', seed: 2 }),
    entry('t2', { arm: 'transferred', study: 's', seed: 2 }),
  ];

  test('is the first pair of a study with the same target and seed, scratch first', () => {
    expect(ids(study)).toEqual(['b2', 't2']);
    expect(ids([entry('b1', { arm: 'scratch', study: 'other' }), ...study])).toEqual(['b2', 't2']);
    expect(ids([entry('b1', { arm: 'scratch' }), ...study.slice(0, 2)])).toEqual(['b1', 't1']);
  });

  test('is two of the same game where there is no such pair, or one alone', () => {
    expect(ids([study[0], entry('x'), entry('y')])).toEqual(['y', 'x']);
    expect(ids([study[0], entry('x')])).toEqual(['source']);
    expect(ids([entry('new', { checkpoints: [] })])).toEqual([]);
  });

  test('is who fits best to the one that is asked for', () => {
    const other = [entry('b1', { arm: 'scratch', study: 's', seed: 1 }), ...study];
    expect(ids(other, 't1')).toEqual(['b1', 't1']);
    expect(ids(other, 'b2')).toEqual(['b2', 't2']);
    expect(ids([...study, entry('zoo:breakout')], 'zoo:breakout')).toContain('zoo:breakout');
    expect(ids(study, 'source')).toEqual(['source']);
  });
});

test('they can be seen at the training steps of any checkpoint', () => {
  const entries = [entry('a', { checkpoints: [0, 200] }), entry('b', { checkpoints: [0, 100] })];
  expect(checkpointSteps(entries)).toEqual([0, 100, 200]);
});

test('who wins is said in words', () => {
  expect(verdict(['Scratch', 'Transferred'], [2, 5], 'over')).toBe('Transferred wins, 5 to 2.');
  expect(verdict(['Scratch', 'Transferred'], [2.345, 1], 'under way')).toBe('Scratch leads, 2.35 to 1.');
  expect(verdict(['A', 'B'], [3, 3], 'over')).toBe('A draw: 3 each.');
  expect(verdict(['A', 'B', 'C'], [3, 3, 1], 'over')).toBe('A and B win, 3 to 1.');
  expect(verdict(['A', 'B'], [9, 4], 'cut off')).toBe('A leads, 9 to 4, cut off here.');
  expect(verdict(['A', 'B'], [4, 4], 'cut off')).toBe('Level: 4 each, cut off here.');
  // One alone has nobody to draw with.
  expect(verdict(['A'], [2.345], 'under way')).toBe('A: return 2.35.');
  expect(verdict(['A'], [12], 'over')).toBe('A: return 12.');
  expect(verdict(['A'], [12], 'cut off')).toBe('A: return 12, cut off here.');
});
