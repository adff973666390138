import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extent, niceTicks } from '../../src/report/scale.ts';
import { interpolate } from '../../src/stats/curve.ts';
import { textPlot } from '../../src/report/text-plot.ts';
import { armOf, learningArm } from '../stats/arms.ts';

const scratch = learningArm('from scratch', { start: 0.5, top: 7, pace: 100_000 });
const transfer = learningArm('transferred', { start: 1.5, top: 7.4, pace: 50_000 });

describe('text plot', () => {
  it('draws rising and falling lines where they belong', () => {
    const steps = [0, 1000];
    const plot = textPlot(
      [armOf('up', steps, [(step) => step / 100]), armOf('down', steps, [(step) => 10 - step / 100])],
      {
        width: 36,
        height: 5,
        random: 0,
      },
    );
    // Drawn once and looked at: a dashed rise, a solid fall, markers in turn, random play along the bottom.
    expect(plot.split('\n')).toEqual([
      '▲ up (1 seed)   ● down (1 seed)   ┈ random play',
      'return  shade: 95 % interval of the mean',
      ' 10 ┤⠢⠤⣀⣀                       ⢀⡠ ⠒',
      '    │    ⠉⠑●⠤⠤⣀⡀         ⣀⡀⠠⠔⠂⠉▲',
      '    │          ⠈⠉⠒⢢●⢤⣄⠐▲',
      '    │       ⢀⡠ ▲⠂⠈⠁   ⠉⠑⠒⠢⠤●⡀',
      '  0 ┤⣀⡀▲⠔⠂⠉⠁ ┈ ┈ ┈ ┈ ┈ ┈ ┈ ┈⠈⠉⠑⠒⠤⢄⣀●',
      '    └┬──────────────┬──────────────┬',
      '     0             500            1k',
      '                 steps',
    ]);
  });

  it('fits any width and has markers, legend and both axes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 72, max: 160 }), fc.integer({ min: 6, max: 40 }), (width, height) => {
        const lines = textPlot([scratch, transfer], { width, height, random: 0.5 }).split('\n');
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
        expect(lines).toHaveLength(height + 5);
        expect(lines[0]).toBe('▲ from scratch (5 seeds)   ● transferred (5 seeds)   ┈ random play');
        const picture = lines.slice(2, 2 + height).join('');
        expect(picture).toContain('▲');
        expect(picture).toContain('●');
        expect(lines.at(-2)).toMatch(/^ *0 .*200k$/);
      }),
      { numRuns: 30 },
    );
  });

  it('says the same with and without colours', () => {
    const plain = textPlot([scratch, transfer], { random: 0.5 });
    const colored = textPlot([scratch, transfer], { random: 0.5, color: true });
    expect(plain).toBe(stripVTControlCharacters(plain));
    expect(stripVTControlCharacters(colored)).toBe(plain);
    expect(colored).toContain('\u001b[38;2;230;159;0m▲');
    expect(colored).toContain('\u001b[38;2;86;180;233m●');
  });

  it('copes with curves that never move', () => {
    for (const value of [0, 3, -2]) {
      const flat = armOf('flat', [0, 10], [() => value, () => value]);
      expect(textPlot([flat], { width: 40, height: 6 })).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});

describe('scales', () => {
  const range = fc.tuple(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
  );

  it('ticks are round, evenly spaced and reach over the range', () => {
    fc.assert(
      fc.property(range, fc.integer({ min: 2, max: 12 }), ([low, span], count) => {
        const ticks = niceTicks(low, low + span, count);
        const gap = ticks[1] - ticks[0];
        expect(ticks[0]).toBeLessThanOrEqual(low + 1e-6 * gap);
        expect(ticks.at(-1)!).toBeGreaterThanOrEqual(low + span - 1e-6 * gap);
        expect(ticks.length).toBeLessThanOrEqual(2 * count + 2);
        const lead = gap / 10 ** Math.floor(Math.log10(gap) + 1e-6);
        expect([1, 2, 2.5, 5, 10].some((round) => Math.abs(lead - round) < 1e-3)).toBe(true);
      }),
    );
  });

  it('the extent is that of any number of values', () => {
    expect(extent([2, -1, 3])).toEqual([-1, 3]);
    expect(extent(Array.from({ length: 1_000_000 }, (_, i) => i))).toEqual([0, 999_999]);
  });

  it('interpolates between points and holds the ends', () => {
    expect([-5, 0, 5, 10, 25, 99].map((step) => interpolate([0, 10, 30], [1, 3, 0], step))).toEqual([
      1, 1, 2, 3, 0.75, 0,
    ]);
  });
});
