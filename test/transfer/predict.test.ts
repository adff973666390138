import { expect, it } from 'vitest';
import { rankSources, type Signals } from '../../src/transfer/predict.ts';

const signals = (change: Partial<Signals> = {}): Signals => ({
  channels: 1,
  actions: 1,
  copied: 1,
  zeroShot: 0,
  dimension: 5,
  entropy: 0.5,
  ...change,
});

it('puts first what is first by most signals, and scores from 0 to 1', () => {
  const ranked = rankSources([
    { source: 'middle', signals: signals() },
    { source: 'worst', signals: { channels: 0, actions: 0, copied: 0, zeroShot: -1, dimension: 1, entropy: 0 } },
    { source: 'best', signals: { channels: 2, actions: 2, copied: 2, zeroShot: 9, dimension: 9, entropy: 1 } },
  ]);
  expect(ranked.map(({ source, score }) => [source, score])).toEqual([
    ['best', 1],
    ['middle', 0.5],
    ['worst', 0],
  ]);
});

it('counts the order of a signal, not its size', () => {
  const small = rankSources([
    { source: 'a', signals: signals() },
    { source: 'b', signals: signals({ zeroShot: 0.1 }) },
  ]);
  const large = rankSources([
    { source: 'a', signals: signals() },
    { source: 'b', signals: signals({ zeroShot: 900 }) },
  ]);
  expect(large.map(({ score }) => score)).toEqual(small.map(({ score }) => score));
  expect(large[0].source).toBe('b');
});

it('has nothing to say of a single source', () => {
  expect(rankSources([{ source: 'a', signals: signals() }])[0].score).toBe(0.5);
});
