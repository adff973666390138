import type { StudiedPair } from '../../../src/live/api/studies.ts';
import { cellColour, heat, intervalText, MARKS, position, pText } from '../../../src/report/matrix-chart.ts';
import { outcomeAfterHolm } from '../../../src/stats/holm.ts';
import { number, tooFewSeeds } from '../../../src/stats/verdict.ts';
import { h, svg } from '../elements.ts';

type Result = NonNullable<StudiedPair['result']>;

/**
 * A heat map of transfers by one method as a table of buttons: sources in rows, targets in columns. Each says its effect
 * with an interval, as a whisker too, and marks what is significant.
 */
export function matrixTable(
  pairs: readonly StudiedPair[],
  isChosen: (pair: StudiedPair) => boolean,
  onChoose: (pair: StudiedPair) => void,
): HTMLTableElement {
  const sources = [...new Set(pairs.map(({ source }) => source))];
  const reached = new Set(pairs.map(({ target }) => target));
  // Games that are both keep the order of the rows, so that the empty diagonal is one.
  const targets = [...new Set([...sources, ...reached])].filter((target) => reached.has(target));
  const cell = (source: string, target: string): HTMLElement => {
    const pair = pairs.find((candidate) => candidate.source === source && candidate.target === target);
    if (pair === undefined) return h('td', { class: 'none' }, '·');
    const button = pairButton(pair);
    button.setAttribute('aria-pressed', String(isChosen(pair)));
    button.addEventListener('click', () => onChoose(pair));
    return h('td', {}, button);
  };
  const head = [
    h('th', { scope: 'col' }, 'from ↓ to →'),
    ...targets.map((target) => h('th', { scope: 'col' }, target)),
  ];
  const table = h(
    'table',
    { class: 'matrix' },
    h('thead', {}, h('tr', {}, ...head)),
    h(
      'tbody',
      {},
      ...sources.map((source) =>
        h('tr', {}, h('th', { scope: 'row' }, source), ...targets.map((target) => cell(source, target))),
      ),
    ),
  );
  table.addEventListener('keydown', (event) => moveFocus(table, event));
  return table;
}

function pairButton({ source, target, runs, result }: StudiedPair): HTMLButtonElement {
  const pair = `${source} to ${target}`;
  const attributes = { type: 'button', 'data-focus': pair };
  const name = unseen(`${pair}: `);
  if (result === null) {
    const about = `${runs.transfer.length} runs, not finished`;
    return h('button', { ...attributes, class: 'unknown' }, name, h('small', {}, about));
  }
  const { value, interval, note, mark, isSure } = summaryOf(result);
  const button = h(
    'button',
    { ...attributes, class: isSure ? 'sure' : '' },
    name,
    h('b', {}, value),
    unseen(', interval '),
    h('small', {}, interval),
    unseen(', '),
    h('small', {}, note),
    h('small', { class: 'outcome' }, mark),
  );
  button.style.background = cellColour(result);
  if (result.comparison.primary === 'ratio') button.append(whisker(result));
  return button;
}

/** Words that are only read aloud. */
const unseen = (text: string): HTMLElement => h('span', { class: 'unseen' }, text);

/** A result as a cell shows it. */
function summaryOf({ comparison, holm }: Result) {
  const { metrics, primary, outcome, arms } = comparison;
  const { value } = metrics[primary];
  const isRatio = primary === 'ratio';
  const isSure = outcomeAfterHolm({ comparison, holm }) !== 'unclear';
  const few = tooFewSeeds(comparison) === null ? '' : ', too few';
  return {
    value: isRatio ? number(value!) : `Δ ${number(value!)}`,
    interval: intervalText(metrics[primary]),
    note: `n=${arms.transfer.runs}${few}${holm === null ? '' : `, Holm ${pText(holm)}`}`,
    mark: MARKS[outcome][isSure ? 0 : 1],
    isSure,
  };
}

/** The interval of a ratio around the place of no effect, on the scale of the colours. */
function whisker({ comparison: { metrics } }: Result): SVGElement {
  const { value, low, high } = metrics.ratio;
  const x = (ratio: number): number => 50 + 46 * position(ratio);
  const [from, to] = [low === null ? 0 : x(low), high === null ? 100 : x(high)];
  return svg(
    'svg',
    { class: 'whisker', viewBox: '0 0 100 10', 'aria-hidden': 'true' },
    svg('path', { d: 'M50 0V10', class: 'middle' }),
    svg('path', { d: `M${from} 5H${to}` }),
    svg('circle', { cx: x(value!), cy: 5, r: 2.6 }),
  );
}

const MOVES: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Arrows go from cell to cell, over those without a button. */
function moveFocus(table: HTMLTableElement, event: KeyboardEvent): void {
  const move = MOVES[event.key];
  const from = document.activeElement?.closest('td');
  if (move === undefined || !from) return;
  event.preventDefault();
  event.stopPropagation();
  let row = (from.parentElement as HTMLTableRowElement).rowIndex;
  let column = from.cellIndex;
  for (;;) {
    row += move[0];
    column += move[1];
    const cell = row < 1 || column < 1 ? undefined : table.rows[row]?.cells[column];
    if (cell === undefined) return;
    const button = cell.querySelector('button');
    if (button !== null) return button.focus();
  }
}

/** What colours and marks mean. */
export function matrixLegend(): HTMLElement {
  const places = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1];
  const scale = h('span', { class: 'scale', 'aria-hidden': 'true' }, '¼ ', ...places.map(swatch), ' 4');
  return h(
    'p',
    { class: 'legend' },
    scale,
    h('span', {}, 'Ratio of gains over random play: brown hurt, blue helped, 1 is no effect (logarithmic). '),
    h(
      'span',
      {},
      'White frame, ▲ ▼: significant after Holm’s correction; grey: not; △ ▽: by itself only. Δ: a difference in return.',
    ),
  );
}

function swatch(place: number): HTMLElement {
  const element = h('i');
  element.style.background = heat(place);
  return element;
}
