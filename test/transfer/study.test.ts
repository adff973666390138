import { describe, expect, it } from 'vitest';
import { studyPairs } from '../../src/transfer/study.ts';

describe('studyPairs', () => {
  const envs = {
    sources: ['breakout', 'asterix'],
    targets: ['breakout', 'breakout?brickRows=5', 'asterix?rampPeriod=50'],
  };

  it('pairs every source with every other target', () => {
    expect(studyPairs({ ...envs, pairs: 'all' })).toHaveLength(5);
  });

  it('pairs a source with variants of the same game only', () => {
    expect(studyPairs({ ...envs, pairs: 'same-game' })).toEqual([
      { source: 'breakout', target: 'breakout?brickRows=5' },
      { source: 'asterix', target: 'asterix?rampPeriod=50' },
    ]);
  });
});
