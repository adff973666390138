import { type Comparison, FEWEST_RUNS, type Outcome } from '../stats/compare.ts';
import { number, tooFewSeeds } from '../stats/verdict.ts';
import { html, type Markup } from './markup.ts';

interface MatrixPair {
  readonly source: string;
  readonly target: string;
  readonly comparison: Comparison;
}

/** Sources in rows, targets in columns; each cell the ratio with its interval as a whisker around "no effect". */
export function ratioMatrix(pairs: readonly MatrixPair[]): Markup {
  const sources = [...new Set(pairs.map((pair) => pair.source))];
  const reached = new Set(pairs.map((pair) => pair.target));
  // Games that are both keep the order of the rows, so that the empty diagonal is one.
  const targets = [...new Set([...sources, ...reached])].filter((target) => reached.has(target));
  const cell = (source: string, target: string): Markup => {
    const pair = pairs.find((candidate) => candidate.source === source && candidate.target === target);
    return pair === undefined ? html`<td class="empty">·</td>` : pairCell(pair.comparison);
  };
  return html`<div class="scroll">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col" class="corner">from ↓ &nbsp; to →</th>
            ${targets.map((target) => html`<th scope="col">${target}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${sources.map(
            (source) =>
              html`<tr>
                <th scope="row">${source}</th>
                ${targets.map((target) => cell(source, target))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="note">
      <span class="key hurt">▼ below 1: hurt</span>
      <span class="key unclear">interval holds 1: no clear difference</span>
      <span class="key helped">▲ above 1: helped</span> The whisker is the interval on a scale from ¼ to 4; the light
      line is 1, no effect. Δ: a difference in return (over the reference range, where one was chosen), where scratch
      did not clearly beat random play. Too few: fewer than ${FEWEST_RUNS} seeds in an arm decide nothing.
    </p>`;
}

const MARKS: Record<Outcome, string> = { helped: '▲', hurt: '▼', unclear: '' };

function pairCell(comparison: Comparison): Markup {
  const { metrics, primary, outcome, arms } = comparison;
  const few = tooFewSeeds(comparison) === null ? '' : ', too few';
  const { value, low, high } = metrics[primary];
  const isRatio = primary === 'ratio';
  const text = isRatio ? number(value!) : `Δ ${number(value!)}`;
  const strength = outcome === 'unclear' || !isRatio ? 0.3 : 0.25 + 0.5 * Math.min(1, Math.abs(position(value!)));
  const end = (bound: number | null) => (bound === null ? '∞' : number(bound));
  return html`<td class="${outcome}" style="--strength:${strength.toFixed(2)}">
    <b>${text}</b> <span class="mark">${MARKS[outcome]}</span>
    <span class="interval">[${end(low)}, ${end(high)}] n=${arms.transfer.runs}${few}</span
    >${isRatio ? whisker(value!, low, high) : html``}
  </td>`;
}

/** −1 at a ratio of 1/4, 0 at 1, 1 at 4; beyond, it stays at the end. */
const position = (ratio: number): number => Math.max(-1, Math.min(1, ratio > 0 ? Math.log2(ratio) / 2 : -1));

function whisker(value: number, low: number | null, high: number | null): Markup {
  const x = (ratio: number) => (60 + 56 * position(ratio)).toFixed(1);
  const from = low === null ? '0' : x(low);
  const to = high === null ? '120' : x(high);
  return html`<svg class="whisker" viewBox="0 0 120 12" aria-hidden="true">
    <path d="M60 0v12" stroke="#9AA6B2" stroke-width="1.5" />
    <path d="M${from} 6H${to}" stroke="#E8ECF1" stroke-width="2" />
    <circle cx="${x(value)}" cy="6" r="3.5" fill="#E8ECF1" />
  </svg>`;
}
