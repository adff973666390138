import { describe, expect, it } from 'vitest';
import { metricRows, metricsTable } from '../../src/report/metric-rows.ts';
import { compareArms } from '../../src/stats/compare.ts';
import type { Arm } from '../../src/stats/curve.ts';
import { armOf, learningArm } from '../stats/arms.ts';

const steps = [0, 50, 100, 150, 200];
const line = (start: number, slope: number) => (step: number) => start + slope * step;
const scratch = armOf('scratch', steps, [line(0, 0.04), line(0, 0.05), line(0, 0.06)]);
const transfer = armOf('transfer', steps, [line(2, 0.04), line(2, 0.05), line(2, 0.06)]);
const input = { scratch, transfer, random: 0, sourceSteps: 400, resamples: 500 };
const withOneMore = (arm: Arm): Arm => ({ ...arm, curves: [...arm.curves, arm.curves[1]] });
const four = { ...input, scratch: withOneMore(scratch), transfer: withOneMore(transfer) };

describe('rows of a comparison', () => {
  it('show both arms and the effect', () => {
    const rows = metricRows(compareArms(input));
    const cells = rows.map(({ label, scratch: s, transfer: t, effect }) => [label.trim(), s, t, effect]);
    expect(cells).toEqual([
      ['gain over random play (AUC)', '5.00', '7.00', '×1.40'],
      ['mean return (AUC)', '5.00', '7.00', '+2.00'],
      ['first return (jumpstart)', '0.00', '2.00', '+2.00'],
      ['final return (asymptote)', '10.0', '12.0', '+2.00'],
      ['steps to return 7.50', '150', '110', '×0.73'],
      ['source steps counted', '150', '510', '×3.40'],
      ['restricted mean time to it', '154', '113', '−41'],
      ['Kaplan–Meier median', '150', '110', ''],
      ['never reached (censored)', '0 of 3', '0 of 3', ''],
      ['chance of a better run', '', '', '0.94'],
    ]);
    expect(rows.filter((row) => row.primary).map((row) => row.label)).toEqual(['gain over random play (AUC)']);
    expect(rows[2]).toMatchObject({ interval: '[2.00, 2.00]' });
    expect(metricRows(compareArms(four))[2]).toMatchObject({ interval: '[2.00, 2.00]', outcome: 'helped' });
  });

  it('add the difference over the reference range where one was chosen, and only there', () => {
    const withRange = metricRows(compareArms({ ...four, referenceRange: 20 }));
    expect(withRange[2]).toMatchObject({ label: '  over the reference range', effect: '+0.10', primary: false });
    const flat = { ...four, scratch: armOf('flat', steps, [line(0, 0), line(0.1, 0), line(0, 0), line(-0.1, 0)]) };
    const [ratio, difference, ...others] = metricRows(compareArms(flat));
    expect(ratio).toMatchObject({ effect: '—', interval: '', outcome: undefined, primary: false });
    expect(difference).toMatchObject({ label: 'mean return (AUC)', effect: '+7.00', primary: true, outcome: 'helped' });
    expect(others.some(({ label, primary }) => label.includes('reference range') || primary)).toBe(false);
    expect(metricRows(compareArms({ ...flat, referenceRange: 20 }))[2]).toMatchObject({
      primary: true,
      effect: '+0.35',
    });
  });

  it('decide nothing with too few seeds', () => {
    const outcomes = new Set(metricRows(compareArms(input)).map(({ outcome }) => outcome));
    expect([...outcomes].sort()).toEqual(['unclear', undefined]);
  });

  it('say where something was never reached', () => {
    const lost = armOf('t', steps, [line(0, 0), line(0, 0.01), line(0, 0), line(0, 0.01)]);
    const never = metricRows(compareArms({ ...four, transfer: lost }));
    const row = never.find(({ label }) => label.startsWith('steps'))!;
    expect(row).toMatchObject({ transfer: '—', effect: '—', outcome: 'hurt' });
    expect(row.interval).toMatch(/^\[.*∞\]$/);
    expect(never.find(({ label }) => label.includes('censored'))!.transfer).toBe('4 of 4');
  });
});

describe('table', () => {
  it('fits 80 columns and is aligned', () => {
    const shape = { start: 0.5, top: 70, pace: 1_000_000, budget: 2_500_000 };
    const text = metricsTable(
      compareArms({
        ...input,
        scratch: learningArm('scratch', shape),
        transfer: learningArm('t', { ...shape, pace: 1_500_000 }),
        sourceSteps: 1_250_000,
      }),
    );
    const lines = text.split('\n');
    expect(Math.max(...lines.map((row) => row.length))).toBeLessThanOrEqual(80);
    const end = lines[0].indexOf('scratch') + 'scratch'.length;
    for (const row of lines.slice(2, 8)) expect(row.slice(end - 1, end + 2)).toMatch(/^\S {2}$/);
  });

  it('ends by saying that the seeds are too few', () => {
    expect(metricsTable(compareArms(input)).split('\n').at(-1)).toBe(
      'too few seeds to decide (3; 4 or more are needed)',
    );
    expect(metricsTable(compareArms(four))).not.toMatch(/few/);
  });
});
