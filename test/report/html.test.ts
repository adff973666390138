import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { controlsText } from '../../src/report/controls.ts';
import { studyReport } from '../../src/report/html.ts';
import { html } from '../../src/report/markup.ts';
import { curvesCsv, pairsCsv } from '../../src/report/csv.ts';
import { studyFigures } from '../../src/report/figures.ts';
import { cellColour, heat, matrixChart } from '../../src/report/matrix-chart.ts';
import { verdict } from '../../src/stats/verdict.ts';
import { samplePair, sampleStudy } from './sample.ts';

const one = sampleStudy([samplePair('freeway', 'asterix', { start: 1.4, top: 7.6, pace: 40_000 })]);
const many = sampleStudy([
  samplePair('freeway', 'asterix', { start: 1.4, top: 7.6, pace: 40_000 }),
  samplePair('freeway', 'breakout'),
  samplePair('asterix', 'freeway', { pace: 250_000 }),
]);
const VOID = new Set(['meta', 'br', 'hr', 'img', 'input', 'link']);

/** Tags that are opened and never closed, or closed without being open. */
function unbalanced(text: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, close, name, self] of text
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .matchAll(/<(\/?)([a-zA-Z][\w]*)[^>]*?(\/?)>/g)) {
    if (self || VOID.has(name)) continue;
    if (!close) open.push(name);
    else if (open.at(-1) === name) open.pop();
    else wrong.push(`</${name}> after <${open.at(-1)}>`);
  }
  return [...wrong, ...open];
}

/** What a reader sees: no tags, entities resolved, spaces joined. */
const textOf = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&amp;/g, '&')
    .replace(/&lt;/g, '<')
    .replace(/\s+/g, ' ');

describe('report of one pair', () => {
  const page = studyReport(one);
  const text = textOf(page);

  it('starts with the verdict', () => {
    const [first] = verdict(one.pairs[0].comparison, one.pairs[0]).split('. ');
    expect(first).toMatch(/^freeway → asterix, full: /);
    expect(text).toContain(first);
    expect(page.indexOf('Transferred agents reached')).toBeLessThan(page.indexOf('<svg'));
  });
  it('shows every tensor of the plan with its share and reason', () => {
    for (const row of one.pairs[0].plan!.entries) {
      expect(text).toContain(
        `${row.tensor} ${row.shape.join('×')} ${row.origin} ${row.copiedValues.toLocaleString('en')} of ${row.totalValues.toLocaleString('en')} ${row.training} ${row.reason}`,
      );
    }
    expect(text).toContain('speed1 → trail');
    expect(text).toContain('nothing → gold');
  });
  it('names seeds, settings, cost, versions and how to repeat it', () => {
    for (const part of [
      'source 1000, 1001, 1002, 1003, 1004; scratch 2000',
      'algorithmConfig.learningRate 0.005',
      '3.5M environment steps, 2 min',
      'New Game+ 0.1.0, backend wasm, kernels ngplus-simd@2',
      'npx ngplus study --sources freeway',
      'chosen on seeds 90000',
    ]) {
      expect(text).toContain(part);
    }
  });
  it('lists every run', () => {
    for (const { seed } of one.pairs[0].scratch.curves) expect(text).toMatch(new RegExp(` ${seed} \\d`));
  });
});

describe('report of several pairs', () => {
  const page = studyReport(many);
  it('counts outcomes, shows the matrix, all pairs together and each verdict', () => {
    const text = textOf(page);
    expect(text).toContain(
      'Of 3 comparisons with learning from scratch, corrected for the number of pairs by Holm’s method, transfer helped in 1, hurt in 1 and made no clear difference in 1.',
    );
    expect(text).toContain('All 3 pairs together');
    expect(text).toContain('No clear difference at this length');
    expect(text).toContain('Transfer hurt:');
    expect(page.match(/<article/g)).toHaveLength(3);
    expect(page.match(/aria-label="Learning curves/g)).toHaveLength(3);
  });
  it('does not pool gates, which share candidates', () => {
    const gates = ['asterix', 'breakout'].map((target) => samplePair('freeway', target, {}, 'gate'));
    expect(textOf(studyReport(sampleStudy(gates)))).not.toContain('pairs together');
  });
  it('names pair and method in each verdict', () => {
    const methods = ['full', 'partial'].map((method) => samplePair('freeway', 'asterix', {}, method));
    const cards = studyReport(sampleStudy(methods)).match(/<p class="lead">[^<]*/g)!;
    expect(cards.slice(1).map((card) => card.slice(16, 48))).toEqual([
      expect.stringMatching(/^freeway → asterix, full: /),
      expect.stringMatching(/^freeway → asterix, partial: /),
    ]);
  });
  it('says where seeds are too few, and counts them apart', () => {
    const few = samplePair('freeway', 'asterix', { pace: 20_000, seeds: 3 });
    const study = studyReport(sampleStudy([few, samplePair('freeway', 'breakout')]));
    const text = textOf(study);
    expect(text).toContain(
      'transfer helped in 0, hurt in 0 and made no clear difference in 1, 1 had too few seeds to decide.',
    );
    expect(text).toContain('freeway → asterix, full: Too few seeds to decide (3; 4 or more are needed): over all');
    expect(text).toContain('widened for small samples; too few seeds to decide (3; 4 or more are needed).');
    expect(text).toContain('n=3, too few');
    expect(study.slice(study.indexOf('id="pair-1"'), study.indexOf('id="pair-2"'))).not.toMatch(/"(badge|word) h/);
  });
  it('marks each cell of the matrix by what is left of its outcome after correction', () => {
    const marks = (pairs: typeof many.pairs) =>
      [...matrixChart(pairs, 'full').text.matchAll(/<rect\s+class="(helped|hurt|unclear)"|>\s*·\s*</g)].map(
        ([, outcome]) => outcome,
      );
    const empty = undefined;
    expect(marks(many.pairs)).toEqual([empty, 'helped', 'unclear', 'hurt', empty, empty]);
    const lost = many.pairs.map((pair) => ({ ...pair, holm: 0.2 }));
    expect(marks(lost)).toEqual([empty, 'unclear', 'unclear', 'unclear', empty, empty]);
    expect(matrixChart(lost, 'full').text).toContain('△ helped, not after Holm');
    expect(textOf(studyReport({ ...many, pairs: lost }))).toContain('transfer helped, not after Holm p=0.0');
  });
  it('colours only what is significant after correction: all else is one grey, whatever its ratio', () => {
    const fills = (pairs: typeof many.pairs) =>
      [...matrixChart(pairs, 'full').text.matchAll(/<rect\s+class="(\w+)"[^>]*?fill="(#\w+)"\s+stroke="(#\w+)"/g)].map(
        ([, outcome, fill, frame]) => ({ outcome, isGrey: /^#(..)\1\1$/.test(fill), isFramed: frame === '#FFFFFF' }),
      );
    expect(fills(many.pairs)).toEqual([
      { outcome: 'helped', isGrey: false, isFramed: true },
      { outcome: 'unclear', isGrey: true, isFramed: false },
      { outcome: 'hurt', isGrey: false, isFramed: true },
    ]);
    const lost = many.pairs.map((pair) => ({ ...pair, holm: 0.2 }));
    expect(new Set(lost.map(cellColour)).size).toBe(1);
    expect(fills(lost).every(({ isGrey, isFramed }) => isGrey && !isFramed)).toBe(true);
    const [helped, , hurt] = many.pairs.map(cellColour);
    const blueOver = (colour: string) => Number.parseInt(colour.slice(5), 16) - Number.parseInt(colour.slice(1, 3), 16);
    expect([blueOver(helped) > 0, blueOver(hurt) < 0]).toEqual([true, true]);
  });
  it('keeps white text readable on every colour of the heat map', () => {
    // WCAG 2.2's contrast ratio, 4.5 for text of this size.
    const luminance = (color: string) => {
      const [r, g, b] = [1, 3, 5].map((i) => {
        const part = Number.parseInt(color.slice(i, i + 2), 16) / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const places = Array.from({ length: 17 }, (_, i) => i / 8 - 1);
    for (const colour of [...places.map(heat), ...many.pairs.map(cellColour)]) {
      expect(1.05 / (luminance(colour) + 0.05)).toBeGreaterThan(4.5);
    }
    expect([-1, 0, 1].map(heat)).toEqual(['#b35806', '#2b3440', '#2166ac']);
  });
  it('shows both arms at equal steps', () => {
    expect(textOf(page)).toMatch(/steps on the target 0 50k 100k 150k 200k scratch 0\.\d+ \[/);
  });
});

describe('controls', () => {
  const study = sampleStudy([
    samplePair('freeway', 'asterix', { pace: 20_000 }),
    samplePair('freeway', 'asterix', {}, 'full', 'shuffled'),
    samplePair('freeway', 'asterix', { pace: 20_000 }, 'full', 'new-kind'),
  ]);
  const page = studyReport(study);
  it('have a table and a sentence of their own, and stay out of the matrix', () => {
    const text = textOf(page);
    expect(text).toContain('Of 1 comparison with learning from scratch');
    expect(text).toContain('transfer helped in 1, hurt in 0 and made no clear difference in 0. Controls');
    expect(text).toContain(
      'shuffled: better in 0, worse in 0 and made no clear difference in 1; new-kind: better in 1,',
    );
    expect(text).toMatch(/shuffled freeway → asterix, full ×[\d.]+ \[[\d., ]+\] p=0\.\d{3} no clear difference/);
    expect(text).toContain('freeway → asterix, full (control: shuffled)');
    expect(page.match(/<rect\s+class="(helped|hurt|unclear)"/g)).toHaveLength(1);
  });
  it('say where they have too few seeds', () => {
    const few = samplePair('freeway', 'asterix', { pace: 20_000, seeds: 3 }, 'full', 'shuffled');
    const pairs = [study.pairs[0], few];
    expect(textOf(studyReport(sampleStudy(pairs)))).toMatch(
      /shuffled freeway → asterix, full .* too few seeds to decide/,
    );
    expect(controlsText(pairs)).toMatch(/^ {2}shuffled: freeway → asterix, full: .*, too few seeds to decide$/m);
  });
  it('are what transfers are compared with, where they were', () => {
    expect(textOf(page)).not.toContain('against their controls');
    const { comparison, source, target, method } = study.pairs[0];
    const against = { source, target, method, control: 'shuffled', comparison, holm: 0.01 };
    const text = textOf(studyReport({ ...study, againstControls: [against] }));
    expect(text).toContain('Transfers compared with their controls: full / shuffled: better in 1, worse in 0 and');
    expect(text).toMatch(/shuffled freeway → asterix, full ×[\d.]+ \[[\d., ]+\] p=0\.010 better than its control/);
  });
});

describe('files beside the report', () => {
  const odd = { ...samplePair('a,b', 'x?maxSteps=5', {}, 'full', 'sh"uffled'), holm: null };
  const study = [...many.pairs, odd];
  it('pairs.csv has a line for each pair and every number of its metrics', () => {
    const [head, first, ...others] = pairsCsv(study).trimEnd().split('\n');
    expect(others).toHaveLength(3);
    const [{ comparison, holm }] = many.pairs;
    const cells = Object.fromEntries(head.split(',').map((name, i) => [name, first.split(',')[i]]));
    expect(cells).toMatchObject({
      source: 'freeway',
      control: '',
      scratchRuns: '5',
      outcome: 'helped',
      p: String(comparison.p),
      holm: String(holm),
      ratio: String(comparison.metrics.ratio.value),
      ratioHigh: String(comparison.metrics.ratio.high),
      scaledDifference: '',
    });
    expect(others[2]).toMatch(/^"a,b",x\?maxSteps=5,full,"sh""uffled",5,5,/);
  });
  it('curves.csv has a line for each evaluation, scratch once for each target', () => {
    const lines = curvesCsv(study).trimEnd().split('\n');
    // Four targets and four transferred arms of five runs with 21 evaluations.
    expect(lines).toHaveLength(1 + (4 + 4) * 5 * 21);
    expect(lines[1]).toBe(`,asterix,,,scratch,0,0,${many.pairs[0].scratch.curves[0].returns[0]}`);
  });
  it('figures are whole SVG files with names of their own', () => {
    const figures = studyFigures(study);
    const names = figures.map(({ name }) => name);
    expect(names).toEqual([
      'matrix-full.svg',
      'curves-1-freeway-asterix-full.svg',
      'curves-2-freeway-breakout-full.svg',
      'curves-3-asterix-freeway-full.svg',
      'curves-4-a-b-x-maxSteps-5-full-control-sh-uffled.svg',
    ]);
    for (const { svg } of figures) {
      expect(svg).toMatch(/^<svg\s+xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      expect(svg).not.toMatch(/NaN|undefined|\[object/);
      expect(unbalanced(svg)).toEqual([]);
    }
  });
});

describe('what was registered', () => {
  it('is shown with its hash, its hypothesis and the whole file', () => {
    const registration = {
      file: 'study.yaml',
      sha256: 'abc123',
      hypothesis: 'It helps.',
      text: 'hypothesis: <It> helps.',
    };
    const text = textOf(studyReport({ ...one, registration }));
    for (const part of ['It helps.', 'primary metric ratio', 'study.yaml', 'abc123', 'hypothesis: <It&gt; helps.']) {
      expect(text).toContain(part);
    }
    expect(textOf(studyReport(one))).not.toContain('registered');
  });
});

describe.each([
  ['one pair', one],
  ['several pairs', many],
])('the file of %s', (_, study) => {
  const page = studyReport(study);
  it('has no scripts and asks for nothing from outside', () => {
    expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)|\son\w+=/);
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|src=/);
  });
  it('is balanced and has unique ids', () => {
    expect(unbalanced(page)).toEqual([]);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of page.matchAll(/url\(#([^)]*)\)/g)) expect(ids).toContain(id);
  });
  it('holds only numbers that exist', () => {
    expect(page).not.toMatch(/NaN|undefined|\[object/);
  });
  it('is the same each time', () => {
    expect(studyReport(study)).toBe(page);
  });
});

describe('escaping', () => {
  it('leaves no markup of the input in the page', () => {
    const nasty = '<script>alert("1")</script>&\'';
    const pair = samplePair(nasty, nasty);
    const plan = pair.plan!;
    const [entry] = plan.entries;
    const page = studyReport({
      ...one,
      title: nasty,
      description: nasty,
      chosen: nasty,
      commands: [nasty],
      settings: { [nasty]: nasty, list: [nasty] },
      pairs: [
        {
          ...pair,
          method: nasty,
          scratch: { ...pair.scratch, label: nasty },
          plan: {
            ...plan,
            unused: [nasty],
            entries: [{ ...entry, tensor: nasty, reason: nasty, training: nasty }],
          },
        },
      ],
    });
    expect(page).not.toContain('<script');
    expect(page.match(/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;&amp;&#39;/g)!.length).toBeGreaterThan(12);
    expect(unbalanced(page)).toEqual([]);
  });

  it('holds for any text, in content and in attributes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(html`<a title="${text}">${text}</a>`.text.match(/[<>"]/g)).toHaveLength(6);
      }),
    );
  });
});
