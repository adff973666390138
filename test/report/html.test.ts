import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { studyReport } from '../../src/report/html.ts';
import { html } from '../../src/report/markup.ts';
import { ratioMatrix } from '../../src/report/ratio-matrix.ts';
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
    for (const row of one.pairs[0].plan.entries) {
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
      'Of 3 comparisons with learning from scratch, transfer helped in 1, hurt in 1 and made no clear difference in 1.',
    );
    expect(text).toContain('All 3 pairs together');
    expect(text).toContain('No clear difference at this length');
    expect(text).toContain('Transfer hurt:');
    expect(page.match(/<article/g)).toHaveLength(3);
    expect(page.match(/aria-label="Learning curves/g)).toHaveLength(3);
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
      'transfer helped in 0, hurt in 0 and made no clear difference in 1; 1 had too few seeds to decide.',
    );
    expect(text).toContain('freeway → asterix, full: Too few seeds to decide (3; 4 or more are needed): over all');
    expect(text).toContain('widened for small samples; too few seeds to decide (3; 4 or more are needed).');
    expect(text).toContain('n=3, too few');
    expect(study.slice(study.indexOf('id="pair-1"'), study.indexOf('id="pair-2"'))).not.toMatch(/"(badge|word) h/);
  });
  it('marks each cell of the matrix by its outcome', () => {
    const { text } = ratioMatrix(many.pairs);
    expect(text.match(/<td class="(helped|hurt|unclear|empty)"/g)?.map((cell) => cell.slice(11, -1))).toEqual([
      'empty', // freeway to itself
      'helped',
      'unclear',
      'hurt',
      'empty',
      'empty',
    ]);
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
    const [entry] = pair.plan.entries;
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
            ...pair.plan,
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
