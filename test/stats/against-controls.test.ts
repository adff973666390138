import { describe, expect, it } from 'vitest';
import { againstControls, againstControlsText } from '../../src/stats/against-controls.ts';
import { compareArms } from '../../src/stats/compare.ts';
import { learningArm, type Shape } from './arms.ts';

const slow: Shape = { start: 0.5, top: 7, pace: 100_000, seeds: 10 };
const quick: Shape = { ...slow, pace: 40_000 };
const scratch = learningArm('scratch', slow);

function pair(shape: Shape, source: string, method: string, control: string | null = null, target = 'b') {
  const transfer = learningArm(`${source} ${control}`, shape);
  const comparison = compareArms({ scratch, transfer, random: 0.5, sourceSteps: 0, resamples: 1000 });
  return { source, target, method, control, transfer, random: 0.5, comparison };
}

describe('transfers against their controls', () => {
  const transfer = pair(quick, 'a', 'full');
  const gate = pair(quick, 'a', 'gate');
  const rows = againstControls([
    transfer,
    pair(quick, 'c', 'full'),
    gate,
    pair(slow, 'a', 'full', 'shuffled'),
    pair(quick, 'c', 'full', 'shuffled'),
    pair(quick, 'b', 'full', 'same-game'),
    pair(slow, 'b', 'scratch', 'scratch-long'),
    pair(slow, 'b', 'gate', 'gate-scratch'),
    pair(quick, 'a', 'gate', 'gate-shuffled'),
  ]);

  it('are each compared with the control of the same pair and method, gates with that of the target', () => {
    expect(rows.map(({ source, method, control }) => `${source} ${method} ${control}`)).toEqual([
      'a full shuffled',
      'c full shuffled',
      'a gate gate-scratch',
      'a gate gate-shuffled',
    ]);
  });

  it('with the control in place of scratch', () => {
    const [{ comparison }] = rows;
    expect(comparison.arms.scratch.area.value).toBe(
      compareArms({
        scratch: learningArm('a shuffled', slow),
        transfer: transfer.transfer,
        random: 0.5,
        sourceSteps: 0,
        resamples: 100,
      }).arms.scratch.area.value,
    );
    expect(rows.map((row) => row.comparison.outcome)).toEqual(['helped', 'unclear', 'helped', 'unclear']);
  });

  it('corrected within a method and control', () => {
    expect(rows[0].holm).toBe(2 * rows[0].comparison.p!);
    expect(rows[2].holm).toBe(rows[2].comparison.p);
  });

  it('told in a sentence', () => {
    expect(againstControlsText(rows)).toBe(
      'Transfers compared with their controls: full / shuffled: better in 1, worse in 0 and made no clear difference in 1; ' +
        'gate / gate-scratch: better in 1, worse in 0 and made no clear difference in 0; ' +
        'gate / gate-shuffled: better in 0, worse in 0 and made no clear difference in 1.',
    );
    expect(againstControlsText([])).toBe('');
  });
});
