import type { AgainstControl } from '../stats/against-controls.ts';
import type { Comparison } from '../stats/compare.ts';
import { type Corrected, outcomeAfterHolm } from '../stats/holm.ts';
import { number, pairName, tooFewSeeds } from '../stats/verdict.ts';
import { html, type Markup, NONE } from './markup.ts';
import { table } from './table.ts';
import { intervalText, pText } from './matrix-chart.ts';
import type { ReportPair } from './types.ts';

/** What each kind of control tells apart. */
const MEANINGS: Record<string, string> = {
  'random-trunk':
    'the same transfer, the source’s weights drawn anew at their mean and spread: what the method is worth without knowledge',
  shuffled: 'the same weights in another order: what their spread is worth without their places',
  'same-game': 'the source is the target itself: about the most that a transfer can be worth',
  'gate-scratch': 'a gate as large whose candidates all start from scratch: what racing is worth by itself',
  'gate-random-trunk': 'the gate whose transfers are random-trunk',
  'gate-shuffled': 'the gate whose transfers are shuffled',
  'scratch-long': 'scratch with the source’s steps added: what the same experience is worth on the target',
};

/** The last column, by what a row is compared with. */
const WORDS = { helped: 'better than scratch', hurt: 'worse than scratch', unclear: 'no clear difference' };
const AGAINST_WORDS = { ...WORDS, helped: 'better than its control', hurt: 'worse than its control' };

const outcomeWord = (row: Corrected, words = WORDS): string =>
  tooFewSeeds(row.comparison) ? 'too few seeds to decide' : words[outcomeAfterHolm(row)];

/** `×1.31`, `Δ −0.20`: what decides. */
function effectText({ primary, metrics }: Comparison): string {
  const { value } = metrics[primary];
  return `${primary === 'ratio' ? '×' : 'Δ '}${value === null ? '∞' : number(value)}`;
}

/** The controls as lines of text: `shuffled: freeway → asterix, full: ×0.98 [0.80, 1.21], no clear difference`. */
export function controlsText(pairs: readonly ReportPair[]): string {
  const lines = pairs.flatMap(({ source, target, method, control, comparison, holm }) => {
    const interval = intervalText(comparison.metrics[comparison.primary]);
    const effect = `${effectText(comparison)} ${interval}, ${outcomeWord({ comparison, holm })}`;
    return control ? [`  ${control}: ${pairName({ source, target, method })}: ${effect}`] : [];
  });
  return ['Controls, each against learning from scratch as well:', ...lines].join('\n');
}

/** The controls against scratch, and the transfers against the controls, in a table each; nothing where there are none. */
export function controlsCard(pairs: readonly ReportPair[], against: readonly AgainstControl[]): Markup {
  const controls = pairs.filter((pair) => pair.control);
  if (controls.length === 0) return NONE;
  const kinds = [...new Set(controls.map((pair) => pair.control!))];
  return html`<section class="card">
    <h2>Controls</h2>
    ${effectTable(controls)}
    ${kinds.map((kind) => (kind in MEANINGS ? html`<p class="note"><b>${kind}</b>: ${MEANINGS[kind]}.</p>` : NONE))}
    ${
      against.length === 0
        ? NONE
        : html`<h3>Transfers against their controls</h3>
            ${effectTable(against, AGAINST_WORDS)}
            <p class="note">
              The control takes the place of scratch: that one of the two beats scratch and the other does not would not
              say that they differ.
            </p>`
    }
  </section>`;
}

type Row = Omit<AgainstControl, 'control'> & Pick<ReportPair, 'control'>;

function effectTable(rows: readonly Row[], words = WORDS): Markup {
  const row = ({ source, target, method, control, comparison, holm }: Row): Markup => {
    return html`<tr>
      <th scope="row">${control!}</th>
      <td>${source} → ${target}, ${method}</td>
      <td>
        ${effectText(comparison)}
        <span class="interval">${intervalText(comparison.metrics[comparison.primary])}</span>
      </td>
      <td>${holm === null ? '—' : pText(holm)}</td>
      <td>${outcomeWord({ comparison, holm }, words)}</td>
    </tr>`;
  };
  return table('numbers', ['control', 'pair', 'effect', 'p, Holm by kind', 'outcome'], rows.map(row));
}
