import type { Estimate } from '../stats/bootstrap.ts';
import type { Comparison, Outcome } from '../stats/compare.ts';
import { type Corrected, outcomeAfterHolm } from '../stats/holm.ts';
import { number, tooFewSeeds } from '../stats/verdict.ts';
import { html, type Markup, NONE } from './markup.ts';

interface MatrixPair {
  readonly source: string;
  readonly target: string;
  readonly comparison: Comparison;
  readonly holm: number | null;
}

/** Blue and brown are told apart by every kind of colour vision (Brewer's), and white text is read on all between them. */
const HURT = [0xb3, 0x58, 0x06] as const;
const NEUTRAL = [0x2b, 0x34, 0x40] as const;
const HELPED = [0x21, 0x66, 0xac] as const;
/** Of what is not significant: a grey that is no place of the scale, whose middle says "no effect". */
const UNCLEAR = '#484848';
const TEXT = '#FFFFFF';
const MUTED = '#C3CBD4';
const PANEL = '#171C24';

const CELL = { width: 156, height: 96, gap: 4 };
const TOP = 40;
const LEGEND = 109;
const LETTER = 8.2;

/** What a matrix each is made of: the pairs of one method, controls left out. */
export function transfersByMethod<T extends { readonly method: string; readonly control?: string | null }>(
  pairs: readonly T[],
): [method: string, transfers: T[]][] {
  const transfers = pairs.filter(({ control }) => !control);
  const methods = [...new Set(transfers.map(({ method }) => method))];
  return methods.map((method) => [method, transfers.filter((pair) => pair.method === method)]);
}

/** Sources in rows, targets in columns: a heat map of the ratios with intervals, marks of significance and whiskers. */
export function matrixChart(pairs: readonly MatrixPair[], name: string): Markup {
  const sources = [...new Set(pairs.map((pair) => pair.source))];
  const reached = new Set(pairs.map((pair) => pair.target));
  // Games that are both keep the order of the rows, so that the empty diagonal is one.
  const targets = [...new Set([...sources, ...reached])].filter((target) => reached.has(target));
  const left = 24 + LETTER * Math.max(...sources.map((source) => source.length), 'from ↓  to →'.length);
  const x = (column: number): number => left + column * (CELL.width + CELL.gap);
  const y = (row: number): number => TOP + row * (CELL.height + CELL.gap);
  const width = Math.max(x(targets.length), 620) + 12;
  const height = y(sources.length) + LEGEND;
  const cell = (source: string, row: number, target: string, column: number): Markup => {
    const pair = pairs.find((candidate) => candidate.source === source && candidate.target === target);
    return html`<g transform="translate(${x(column)} ${y(row)})"
      >${pair === undefined ? emptyCell() : pairCell(pair)}</g
    >`;
  };
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    role="img"
    aria-label="${`Matrix of ${name}`}"
    width="${width}"
    height="${height}"
    viewBox="0 0 ${width} ${height}"
    font-family="system-ui, sans-serif"
    font-size="14"
    fill="${TEXT}"
  >
    <rect width="${width}" height="${height}" rx="8" fill="${PANEL}" />
    <text x="12" y="26" fill="${MUTED}">from ↓ to →</text>
    ${targets.map((target, i) => html`<text x="${x(i) + CELL.width / 2}" y="26" text-anchor="middle">${target}</text>`)}
    ${sources.map((source, i) => html`<text x="12" y="${y(i) + CELL.height / 2 + 5}">${source}</text>`)}
    ${sources.flatMap((source, row) => targets.map((target, column) => cell(source, row, target, column)))}
    <g transform="translate(12 ${y(sources.length) + 14})">${legend()}</g>
  </svg>`;
}

const emptyCell = (): Markup =>
  html`<text x="${CELL.width / 2}" y="${CELL.height / 2}" text-anchor="middle" fill="${MUTED}">·</text>`;

/** What a significant outcome is called, and one that is not after Holm's correction. */
export const MARKS: Record<Outcome, readonly [corrected: string, byItself: string]> = {
  helped: ['▲ helped', '△ helped, not after Holm'],
  hurt: ['▼ hurt', '▽ hurt, not after Holm'],
  unclear: ['', ''],
};

function pairCell({ comparison, holm }: MatrixPair): Markup {
  const { metrics, primary, outcome, arms } = comparison;
  const { value, low, high } = metrics[primary];
  const isRatio = primary === 'ratio';
  const isSure = outcomeAfterHolm({ comparison, holm }) !== 'unclear';
  const few = tooFewSeeds(comparison) === null ? '' : ', too few';
  const lines = [
    intervalText(metrics[primary]),
    `n=${arms.transfer.runs}${few}${holm === null ? '' : `, Holm ${pText(holm)}`}`,
    MARKS[outcome][isSure ? 0 : 1],
  ];
  const line = (text: string, i: number): Markup =>
    html`<text x="${CELL.width / 2}" y="${44 + 15 * i}" text-anchor="middle" font-size="12">${text}</text>`;
  const fill = cellColour({ comparison, holm });
  return html`<rect
      class="${isSure ? outcome : 'unclear'}"
      width="${CELL.width}"
      height="${CELL.height}"
      rx="6"
      fill="${fill}"
      stroke="${isSure ? TEXT : fill}"
      stroke-width="2"
    /><text x="${CELL.width / 2}" y="26" text-anchor="middle" font-size="19" font-weight="700"
      >${isRatio ? number(value!) : `Δ ${number(value!)}`}</text
    >${lines.map(line)}${isRatio ? whisker(value!, low, high) : NONE}`;
}

/** `[1.17, 1.61]`; an end that resampling never found is infinite. */
export function intervalText({ low, high }: Estimate): string {
  const end = (bound: number | null) => (bound === null ? '∞' : number(bound));
  return `[${end(low)}, ${end(high)}]`;
}

/** `0.012`, `<0.001`. */
export const pText = (p: number): string => (p < 0.001 ? 'p<0.001' : `p=${p.toFixed(3)}`);

/** −1 at a ratio of 1/4, 0 at 1, 1 at 4; beyond, it stays at the end. */
export const position = (ratio: number): number => Math.max(-1, Math.min(1, ratio > 0 ? Math.log2(ratio) / 2 : -1));

/** The colour of a place between −1 and 1. */
export function heat(place: number): string {
  const end = place < 0 ? HURT : HELPED;
  const mixed = NEUTRAL.map((from, i) => Math.round(from + (end[i] - from) * Math.abs(place)));
  return `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** A cell says by its colour only what is left after Holm's correction. */
export function cellColour(pair: Corrected): string {
  if (outcomeAfterHolm(pair) === 'unclear') return UNCLEAR;
  const { metrics, primary } = pair.comparison;
  return heat(primary === 'ratio' ? position(metrics.ratio.value!) : 0);
}

function whisker(value: number, low: number | null, high: number | null): Markup {
  const x = (ratio: number) => (CELL.width / 2 + (CELL.width / 2 - 12) * position(ratio)).toFixed(1);
  const [from, to] = [low === null ? '4' : x(low), high === null ? String(CELL.width - 4) : x(high)];
  const y = CELL.height - 9;
  return html`<path d="M${CELL.width / 2} ${y - 5}v10" stroke="${MUTED}" stroke-width="1.5" /><path
      d="M${from} ${y}H${to}"
      stroke="${TEXT}"
      stroke-width="2"
    /><circle cx="${x(value)}" cy="${y}" r="3.5" />`;
}

function legend(): Markup {
  const places = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1];
  const ticks = ['¼', '½', '1', '2', '4'];
  const notes = [
    'Coloured, with a white frame and ▲ or ▼: significant after Holm’s correction.',
    'Grey: not significant, whatever the number; △ or ▽: by itself only.',
    'In brackets: the interval, drawn below as a whisker around 1, no effect. Δ: a difference in return.',
  ];
  return html`${places.map((place, i) => html`<rect x="${28 * i}" width="28" height="14" fill="${heat(place)}" />`)}${ticks.map((tick, i) => html`<text x="${14 + 56 * i}" y="28" text-anchor="middle" font-size="12" fill="${MUTED}">${tick}</text>`)}<text
      x="266"
      y="12"
      font-size="12"
      fill="${MUTED}"
      >ratio: brown hurt, blue helped</text
    >${notes.map((note, i) => html`<text y="${48 + 17 * i}" font-size="12" fill="${MUTED}">${note}</text>`)}`;
}
