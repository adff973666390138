import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { interpolate } from '../../src/stats/curve.ts';
import {
  best,
  type Pause,
  raceCurve,
  rewardPerEpisode,
  rungsOf,
  survivors,
  winnersSteps,
} from '../../src/transfer/race.ts';

const pause = (candidate: number, step: number, score: number | null, evaluation = 0): Pause => ({
  candidate,
  step,
  score,
  evaluation,
});

describe('the rungs of a race', () => {
  test.each<[candidates: number, share: number, rungs: number, expected: [candidates: number, until: number][]]>([
    // One rung halves two: a quarter of 1000, half each.
    [2, 0.25, 0, [[2, 125]]],
    // Karnin et al. 2013, algorithm 1: log2(8) rounds of equal budget, 8, 4, 2 arms.
    [
      8,
      0.24,
      0,
      [
        [8, 10],
        [4, 30],
        [2, 70],
      ],
    ],
    [
      3,
      0.3,
      0,
      [
        [3, 50],
        [2, 125],
      ],
    ],
    [4, 0.2, 1, [[4, 50]]],
    [
      2,
      0.2,
      2,
      [
        [2, 50],
        [2, 100],
      ],
    ],
    [
      27,
      0.27,
      3,
      [
        [27, 3],
        [9, 13],
        [3, 43],
      ],
    ],
  ])('of %i candidates on a share of %f in %i', (candidates, share, rungs, expected) => {
    const found = rungsOf(candidates, { budget: 1000, share, rungs });
    expect(found.map(({ candidates: left, until }) => [left, until])).toEqual(expected);
  });

  it('spend the share, whatever the numbers, and leave ever fewer', () => {
    const numbers = fc.tuple(fc.integer({ min: 2, max: 16 }), fc.double({ min: 0.05, max: 0.9, noNaN: true }));
    fc.assert(
      fc.property(numbers, fc.integer({ min: 0, max: 6 }), ([candidates, share], count) => {
        const rungs = rungsOf(candidates, { budget: 1e9, share, rungs: count });
        const spent = rungs.map(({ candidates: left, until }, i) => left * (until - (rungs[i - 1]?.until ?? 0)));
        for (const part of spent) expect(part / 1e9).toBeCloseTo(share / rungs.length, 6);
        expect(rungs[0].candidates).toBe(candidates);
        for (let i = 1; i < rungs.length; i++) expect(rungs[i].candidates).toBeLessThanOrEqual(rungs[i - 1].candidates);
      }),
    );
  });
});

describe('the score of a rung', () => {
  const ended = (...returns: number[]) => ({ count: returns.length, returns: returns.reduce((a, b) => a + b, 0) });

  it('is the mean return where all episodes begin and end in it', () => {
    expect(rewardPerEpisode(ended(3, 5, 10), [], [])).toBe(6);
  });

  it('counts what was collected in it alone, of episodes that began before or go on', () => {
    // 8 - 3 of one that began before, 4, and 2 of one under way.
    expect(rewardPerEpisode(ended(8, 4), [3], [2])).toBe((5 + 4 + 2) / 3);
  });

  it('prefers those who never fall to those who fall often, where each step is worth 1', () => {
    const never = rewardPerEpisode(ended(), [], [39, 39]);
    const often = rewardPerEpisode(ended(20, 22, 18), [], [7, 11]);
    expect(never).toBeGreaterThan(often);
  });

  it('prefers those who get there to those who do not, where each step costs 1', () => {
    const never = rewardPerEpisode(ended(), [], [-150, -150]);
    const often = rewardPerEpisode(ended(-110, -105), [], [-40, -45]);
    expect(often).toBeGreaterThan(never);
  });
});

describe('who goes on', () => {
  const pauses = [pause(0, 10, 1), pause(1, 10, 3), pause(2, 10, -1), pause(3, 10, 3)];

  it('are the best by score, of equal ones the earlier', () => {
    expect(best(pauses, 4)).toEqual([1, 3, 0, 2]);
  });

  it('is none that diverged, even where that leaves fewer than could stay', () => {
    expect(best([pause(0, 10, null), pause(1, 10, -5), pause(2, 10, null)], 2)).toEqual([1]);
  });

  it('does not depend on evaluations', () => {
    expect(best([pause(0, 10, 2, 0), pause(1, 10, 1, 99)], 1)).toEqual([0]);
  });

  it('are as many as the next rung has, behind the last one', () => {
    const rungs = rungsOf(4, { budget: 1000, share: 0.2, rungs: 0 });
    expect(survivors(pauses, rungs, 0)).toEqual([1, 3]);
    expect(survivors(pauses, rungs, 1)).toEqual([1]);
  });

  it('has what the others have left of the budget', () => {
    const phases = [pauses, [pause(1, 40, 3), pause(3, 44, 5)]];
    expect(winnersSteps(3, phases, { budget: 1000, share: 0.2, rungs: 0 })).toBe(1000 - 10 - 10 - 40);
  });
});

describe('the curve of a race', () => {
  // Candidate 0 leads first; 1 wins the first rung of 100 steps each and goes on to 300 steps of its own.
  const curves = [
    { seed: 0, steps: [0, 50, 100], returns: [1, 2, 3] },
    { seed: 1, steps: [0, 50, 150, 250], returns: [10, 20, 30, 40] },
  ];
  const phases = [[pause(0, 100, 5, 3), pause(1, 100, 6, 25)], [pause(1, 300, 9, 45)]];
  const curve = raceCurve(7, phases, curves);

  it('is that of the leader of the rung before, over the steps of all', () => {
    expect(curve).toEqual({
      seed: 7,
      steps: [0, 100, 200, 200, 250, 350, 400],
      returns: [1, 2, 3, 25, 30, 40, 45],
    });
  });

  it('can be read on any grid; at the end of a rung the one before still counts', () => {
    const at = (step: number): number => interpolate(curve.steps, curve.returns, step);
    expect([0, 50, 200, 225, 400, 500].map(at)).toEqual([1, 1.5, 3, 27.5, 45, 45]);
  });

  it('does not change, up to the end of a rung, with what is only known later', () => {
    const other = raceCurve(
      7,
      [phases[0], [pause(1, 300, 0, -5)]],
      [curves[0], { ...curves[1], returns: [0, 0, 0, 0] }],
    );
    expect(other.steps.slice(0, 3)).toEqual(curve.steps.slice(0, 3));
    expect(other.returns.slice(0, 3)).toEqual(curve.returns.slice(0, 3));
  });
});
