import { describe, expect, it } from 'vitest';
import { stepsOf, studyArms, type StudyDesign, studyJobs, studyPairs } from '../../src/transfer/study.ts';

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

  it('pairs each source with the target of its place', () => {
    const { sources, targets } = envs;
    expect(studyPairs({ sources, targets: targets.slice(1), pairs: 'in-order' })).toEqual([
      { source: 'breakout', target: 'breakout?brickRows=5' },
      { source: 'asterix', target: 'asterix?rampPeriod=50' },
    ]);
  });
});

describe('the controls of a study', () => {
  const design: StudyDesign = {
    sources: ['breakout', 'asterix'],
    targets: ['breakout', 'freeway'],
    pairs: 'all',
    methods: ['full', 'head-only'],
    controls: ['random-trunk', 'shuffled', 'same-game', 'scratch-long'],
    gate: false,
    seeds: 2,
    seed: 1,
  };

  it('are made by the first method, those of weights for each pair, the others for each target', () => {
    const controls = studyArms(design).filter(({ control }) => control !== null);
    expect(controls.map(({ key }) => key)).toEqual([
      'random-trunk/breakout->freeway/full',
      'random-trunk/asterix->breakout/full',
      'random-trunk/asterix->freeway/full',
      'shuffled/breakout->freeway/full',
      'shuffled/asterix->breakout/full',
      'shuffled/asterix->freeway/full',
      'same-game/breakout->breakout/full',
      'same-game/freeway->freeway/full',
      'scratch-long/breakout->breakout/scratch',
      'scratch-long/freeway->freeway/scratch',
    ]);
  });

  it('train sources of the targets that are none themselves, and come after what they are compared with', () => {
    const jobs = studyJobs(design);
    const plain = studyJobs({ ...design, controls: [] });
    expect(jobs.slice(0, plain.length)).toEqual(plain);
    const added = jobs.slice(plain.length).filter(({ arm }) => arm === 'source');
    expect(added.map(({ key, control }) => [key, control])).toEqual([
      ['source/freeway/0', 'same-game'],
      ['source/freeway/1', 'same-game'],
    ]);
    const keys = jobs.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { key, from } of jobs) if (from !== null) expect(keys.indexOf(from)).toBeLessThan(keys.indexOf(key));
  });

  it('share their seeds with no other arm', () => {
    const jobs = studyJobs(design);
    const seedsOf = (kind: string): number[] => jobs.filter(({ key }) => key.startsWith(kind)).map(({ seed }) => seed);
    const kinds = ['source', 'scratch/', 'transfer', 'random-trunk', 'shuffled', 'same-game', 'scratch-long'];
    const unique = kinds.flatMap((kind) => [...new Set(seedsOf(kind))]);
    expect(unique).toHaveLength(2 * kinds.length);
    expect(new Set(unique).size).toBe(unique.length);
  });

  it('of scratch-long trains for the steps of source and target together', () => {
    const budget = { sourceTimesteps: 300, targetTimesteps: 200 };
    const steps = studyJobs(design).map((job) => [job.key.split('/')[0], stepsOf(job, budget)]);
    expect(new Map(steps as [string, number][])).toEqual(
      new Map([
        ['source', 300],
        ['scratch', 200],
        ['transfer', 200],
        ['random-trunk', 200],
        ['shuffled', 200],
        ['same-game', 200],
        ['scratch-long', 500],
      ]),
    );
  });
});
