import { describe, expect, it } from 'vitest';
import { compareArms } from '../../src/stats/compare.ts';
import { withHolm } from '../../src/stats/holm.ts';
import { number, steps, studyVerdict, verdict } from '../../src/stats/verdict.ts';
import { type Shape, armOf, learningArm } from './arms.ts';

const slow: Shape = { start: 0.5, top: 7, pace: 100_000 };
function tell(transfer: Shape, scratch: Shape = slow, sourceSteps = 300_000) {
  return verdict(
    compareArms({
      scratch: learningArm('scratch', scratch),
      transfer: learningArm('transfer', transfer),
      random: 0.5,
      sourceSteps,
      resamples: 2000,
    }),
  );
}

describe('verdict', () => {
  it('says how many steps transfer saved, with interval, seeds and source steps', () => {
    expect(tell({ ...slow, pace: 40_000 })).toMatch(
      /^Transferred agents reached return [\d.]+ after [\d.]+k steps, agents from scratch after [\d.]+k: [\d.]+ times fewer \(95 % interval [\d.]+–[\d.]+; 5 seeds an arm; with the 300k source steps counted, [\d.]+ times more\)\. Over all 200k steps transferred agents gained [\d.]+ times as much return over random play as agents from scratch \(95 % interval [\d.]+–[\d.]+; 1 = no effect\)\.$/,
    );
  });
  it('leaves out source steps where there are none', () => {
    expect(tell({ ...slow, pace: 40_000 }, slow, 0)).not.toContain('source steps');
  });
  it('says first that nothing is decided', () => {
    const text = tell({ ...slow, top: 7.1 });
    expect(text).toMatch(/^No clear difference at this length: over all 200k steps/);
    expect(text).not.toContain('hurt');
  });
  it('calls harm harm', () => {
    const text = tell({ ...slow, pace: 300_000 });
    expect(text).toMatch(
      /^Transferred agents did not reach return [\d.]+ within 200k steps, agents from scratch did after [\d.]+k/,
    );
    expect(text).toMatch(/Transfer hurt: over all 200k steps transferred agents gained 0\.\d+ times as much/);
    expect(tell({ ...slow, pace: 150_000 })).toMatch(/: [\d.]+ times more \(95 % interval .*; .*Transfer hurt: over/);
  });
  it('says when no training was needed', () => {
    const text = tell({ start: 6.5, top: 7, pace: 40_000 });
    expect(text).toMatch(
      /^Transferred agents reached return [\d.]+ before any training on the target, agents from scratch after [\d.]+k \(/,
    );
  });
  it('falls back to the difference where scratch learned nothing', () => {
    const text = tell(slow, { start: 0.5, top: 0.5, pace: 1000 });
    expect(text).toMatch(
      /transferred agents had [\d.]+ more return than agents from scratch \(95 % interval [\d.]+–[\d.]+; 0 = no effect; 5 seeds an arm\)/,
    );
    expect(text).toMatch(/^Over all 200k steps/);
    expect(text).toContain('did not clearly beat random play');
    expect(text).not.toContain('reached return');
  });
  it('says that one seed has no interval', () => {
    const text = tell({ ...slow, seeds: 1 }, { ...slow, seeds: 1 });
    expect(text).toContain('no interval: too few seeds');
    expect(text).toContain('1 seed an arm');
    expect(text).toMatch(/^Too few seeds to decide \(1; 4 or more are needed\): over all 200k steps/);
  });
  it('says that few seeds decide nothing, and shows what they did all the same', () => {
    expect(tell({ ...slow, pace: 20_000, seeds: 3 })).toMatch(
      /^Too few seeds to decide \(3; 4 or more are needed\): over all 200k steps transferred agents gained [\d.]+ times as much return over random play as agents from scratch \(95 % interval [\d.]+–[\d.]+; 1 = no effect\)\. Transferred agents reached/,
    );
    expect(tell({ ...slow, pace: 20_000, seeds: 4 })).not.toMatch(/too few/i);
  });
  it('says how many seeds would decide where these did not', () => {
    expect(tell({ ...slow, top: 7.1 })).toMatch(
      / About \d+ seeds an arm would show a ratio of 1\.20 \(80 % power\)\.$/,
    );
    expect(tell({ ...slow, pace: 40_000 })).not.toContain('seeds an arm would show');
    expect(tell({ ...slow, seeds: 3 })).not.toContain('seeds an arm would show');
  });
  it('names the metric that was chosen to decide', () => {
    const arms = {
      scratch: learningArm('scratch', slow),
      transfer: learningArm('transfer', { ...slow, start: 3 }),
    };
    const by = (primaryMetric: 'jumpstart' | 'asymptote') =>
      verdict(compareArms({ ...arms, random: 0.5, sourceSteps: 0, resamples: 200, primaryMetric }));
    expect(by('jumpstart')).toMatch(
      /Before any training on the target transferred agents had 2\.\d+ more return than agents from scratch \(95 % interval 2\.\d+–[\d.]+; 0 = no effect; 5 seeds an arm\)\.$/,
    );
    expect(by('asymptote')).toMatch(
      /^No clear difference at this length: at the end of 200k steps transferred agents had/,
    );
    expect(by('asymptote')).not.toContain('did not clearly beat random play');
  });
  it('starts with the pair and the method where it is told them', () => {
    const arms = { scratch: learningArm('scratch', slow), transfer: learningArm('transfer', slow) };
    const comparison = compareArms({ ...arms, random: 0.5, sourceSteps: 0, resamples: 200 });
    const pair = { source: 'freeway', target: 'asterix', method: 'full' };
    expect(verdict(comparison, pair)).toBe(`freeway → asterix, full: ${verdict(comparison)}`);
  });
  it('names the reference range where one was chosen', () => {
    const arms = {
      scratch: learningArm('scratch', { start: 0.5, top: 0.5, pace: 1000 }),
      transfer: learningArm('transfer', slow),
    };
    const text = verdict(compareArms({ ...arms, random: 0.5, sourceSteps: 0, resamples: 200, referenceRange: 20 }));
    expect(text).toMatch(/had 0\.\d+ times the reference range of 20\.0 more return than agents from scratch/);
  });
  it('names unequal numbers of seeds', () => {
    expect(tell({ ...slow, seeds: 4 })).toContain('4 transferred and 5 scratch seeds');
  });
  it('never prints what is not a number', () => {
    const flat = armOf('flat', [0, 100], [() => 0, () => 0, () => 0, () => 0]);
    const text = verdict(compareArms({ scratch: flat, transfer: flat, random: 0, sourceSteps: 100, resamples: 50 }));
    expect(text).toMatch(/^No clear difference/);
    expect(text).not.toMatch(/NaN|Infinity|null|undefined/);
  });
});

describe('the verdict of a study', () => {
  const pair = (transfer: Shape, control: string | null = null) => {
    const arms = { scratch: learningArm('scratch', slow), transfer: learningArm('transfer', transfer) };
    const comparison = compareArms({ ...arms, random: 0.5, sourceSteps: 0, resamples: 2000 });
    return { source: 'a', target: 'b', method: 'full', control, comparison };
  };
  const helped = pair({ ...slow, pace: 20_000 });

  it('counts pairs once they are corrected for their number', () => {
    const unclear = Array.from({ length: 40 }, () => pair(slow));
    expect(studyVerdict(withHolm([helped]))).toBe(
      'Of 1 comparison with learning from scratch, transfer helped in 1, hurt in 0 and made no clear difference in 0.',
    );
    expect(studyVerdict(withHolm([helped, ...unclear]))).toContain('Holm’s method, transfer helped in 0, hurt in 0');
  });
  it('tells controls apart', () => {
    const pairs = withHolm([helped, pair({ ...slow, seeds: 3 }), pair(slow, 'shuffled')]);
    expect(studyVerdict(pairs)).toContain('no clear difference in 0, 1 had too few seeds to decide. Controls');
    expect(studyVerdict(pairs)).toMatch(/shuffled: better in 0, worse in 0 and made no clear difference in 1\.$/);
  });
});

describe('numbers', () => {
  it('have as many digits as they need', () => {
    expect([0.123, 5.678, 12.34, 123.4, -0.001, -2].map(number)).toEqual([
      '0.12',
      '5.68',
      '12.3',
      '123',
      '0.00',
      '−2.00',
    ]);
  });
  it('of steps are short', () => {
    expect([0, 850, 999.9, 4_120, 9_980, 61_234, 999_499, 999_600, 1_250_000].map(steps)).toEqual([
      '0',
      '850',
      '1k',
      '4.1k',
      '10k',
      '61k',
      '999k',
      '1M',
      '1.25M',
    ]);
  });
});
