import type { Comparison, Outcome } from '../stats/compare.ts';
import type { Arm } from '../stats/curve.ts';
import { areaUnderCurve, asymptote, initialReturn, stepsToThreshold } from '../stats/curve.ts';
import { number, percent, steps as stepsText, tooFewSeeds, verdict } from '../stats/verdict.ts';
import { type Band, meanBand } from '../stats/band.ts';
import { isTakenBack } from '../stats/holm.ts';
import { pText } from './matrix-chart.ts';
import { curveChart } from './curve-chart.ts';
import { html, type Markup, NONE } from './markup.ts';
import { table } from './table.ts';
import { metricRows } from './metric-rows.ts';
import type { ReportPair, ReportPlan } from './types.ts';

/** Everything about one pair: verdict (where there are several), curves, metrics, plan, single runs. */
export function pairSection(pair: ReportPair, index: number, several: boolean): Markup {
  const { source, target, method, control, comparison, plan } = pair;
  return html`<article id="pair-${index + 1}">
    <h2>
      <span class="game">${source}</span> <span class="arrow">→</span> <span class="game">${target}</span>
      <span class="tag">method: ${method}</span>
      ${plan ? html`<span class="tag">alignment: ${plan.alignment}</span>` : NONE}
      ${control ? html`<span class="tag">control: ${control}</span>` : NONE}
    </h2>
    ${several && !control ? verdictCard(pair) : NONE}
    <section class="card">
      <h3>Learning curves on ${target}</h3>
      ${legend(pair)}
      <div class="scroll chart">${curveChart(pair, `curves-${index + 1}`)}</div>
    </section>
    <section class="card">
      <h3>From scratch and transferred at equal steps</h3>
      ${equalStepsTable(pair)}
    </section>
    <section class="card">
      <h3>What transfer was worth</h3>
      ${metricsTable(comparison)}
    </section>
    ${
      plan
        ? html`<section class="card">
            <h3>Transfer plan: what was carried over</h3>
            ${planTable(plan)}
          </section>`
        : NONE
    }
    <details class="card">
      <summary>Every run</summary>
      ${runsTable(pair)}
    </details>
  </article>`;
}

const swatch = (arm: 'scratch' | 'transfer'): Markup =>
  arm === 'scratch'
    ? html`<svg class="swatch" viewBox="0 0 40 14" aria-hidden="true">
        <path d="M1 7h38" stroke="#E69F00" stroke-width="2.5" stroke-dasharray="7 5" />
        <path d="M20 1.5 26 12H14z" fill="#E69F00" />
      </svg>`
    : html`<svg class="swatch" viewBox="0 0 40 14" aria-hidden="true">
        <path d="M1 7h38" stroke="#56B4E9" stroke-width="2.5" />
        <circle cx="20" cy="7" r="5" fill="#56B4E9" />
      </svg>`;

function legend({ scratch, transfer, comparison }: ReportPair): Markup {
  const seeds = (arm: Arm) => `${arm.curves.length} ${arm.curves.length === 1 ? 'seed' : 'seeds'}`;
  return html`<ul class="legend">
    <li>${swatch('scratch')} <b>${scratch.label}</b> (${seeds(scratch)})</li>
    <li>${swatch('transfer')} <b>${transfer.label}</b> (${seeds(transfer)})</li>
    <li class="note">thick: mean, band: its ${percent(comparison.level)} interval, thin: single runs</li>
  </ul>`;
}

function metricsTable(comparison: Comparison): Markup {
  const words: Record<Outcome, string> = { helped: 'better', hurt: 'worse', unclear: 'unclear' };
  const rows = metricRows(comparison).map(
    (row) =>
      html`<tr class="${row.primary ? 'primary' : ''}">
        <th scope="row" class="${row.label.startsWith(' ') ? 'sub' : ''}">${row.label.trim()}</th>
        <td>${row.scratch}</td>
        <td>${row.transfer}</td>
        <td><b>${row.effect}</b></td>
        <td class="interval">${row.interval}</td>
        <td class="word">
          ${row.outcome === undefined ? NONE : html`<span class="word ${row.outcome}">${words[row.outcome]}</span>`}
        </td>
      </tr>`,
  );
  const { threshold, sourceSteps, resamples, referenceRange } = comparison;
  const few = tooFewSeeds(comparison);
  const arms = [html`${swatch('scratch')} scratch`, html`${swatch('transfer')} transferred`];
  const heads = ['metric', ...arms, 'effect', `${percent(comparison.level)} interval`, ''];
  return html`${table('numbers metrics', heads, rows)}
    <p class="note">
      × is transferred divided by scratch, + and − are differences; the first marked line decides. Return
      ${number(threshold.value)} lies ${percent(threshold.share)} of the way from random play
      (${number(comparison.random)}) to what scratch reaches at the end. Each source agent was trained for
      ${stepsText(sourceSteps)} steps. Intervals: bootstrap over seeds, both arms resampled independently,
      ${resamples.toLocaleString('en')} times, widened for small samples${few === null ? '' : `; ${few}`}.
      ${referenceRange > 0 ? `The reference range is ${number(referenceRange)}, chosen before the run.` : ''} A run that
      never reaches the return counts as censored at the end of training.
    </p>`;
}

/** Mean returns at the start, at the quarters and at the end of the budget, at the nearest evaluations. */
function equalStepsTable({ scratch, transfer, comparison }: ReportPair): Markup {
  const [s, t] = [scratch, transfer].map((arm) => meanBand(arm.curves, comparison.level));
  const shares = [0, 0.25, 0.5, 0.75, 1];
  const places = [...new Set(shares.map((share) => Math.round(share * (s.steps.length - 1))))];
  const cell = ({ mean, low, high }: Band, i: number): Markup =>
    html`<td>${number(mean[i])} <span class="interval">[${number(low[i])}, ${number(high[i])}]</span></td>`;
  const row = (name: 'scratch' | 'transfer', band: Band): Markup =>
    html`<tr>
      <th scope="row">${swatch(name)} ${name === 'scratch' ? 'scratch' : 'transferred'}</th>
      ${places.map((i) => cell(band, i))}
    </tr>`;
  const heads = ['steps on the target', ...places.map((i) => stepsText(s.steps[i]))];
  return html`${table('numbers', heads, [row('scratch', s), row('transfer', t)])}
    <p class="note">Mean returns with their ${percent(comparison.level)} intervals.</p>`;
}

function planTable({ entries, matches = [], unused = [] }: ReportPlan): Markup {
  const rows = entries.map((row) => {
    const share = (100 * row.copiedValues) / Math.max(1, row.totalValues);
    return html`<tr>
      <th scope="row"><code>${row.tensor}</code></th>
      <td class="shape">${row.shape.join('×')}</td>
      <td><span class="origin ${row.origin}">${row.origin}</span></td>
      <td class="values">
        <span class="share" title="${row.copiedValues} of ${row.totalValues} values"
          ><i style="width:${share.toFixed(1)}%"></i
        ></span>
        <span class="count">${row.copiedValues.toLocaleString('en')} of ${row.totalValues.toLocaleString('en')}</span>
      </td>
      <td>${row.training}</td>
      <td class="reason">${row.reason}</td>
    </tr>`;
  });
  const kinds = [...new Set(matches.map((match) => match.axis))];
  const heads = ['tensor', 'shape', 'origin', 'values from the source', 'training', 'why'];
  return html`${table('plan', heads, rows)}
  ${kinds.map((axis) => html`<p class="matches"><b>${axis}s</b> ${matches.filter((match) => match.axis === axis).map(matchChip)}</p>`)}
  ${unused.length === 0 ? NONE : html`<p class="note">Not used of the source: ${unused.map((name) => html`<code>${name}</code> `)}</p>`}`;
}

const matchChip = ({ source, target, rule }: NonNullable<ReportPlan['matches']>[number]): Markup =>
  html`<span class="match ${source === null ? 'none' : ''}" title="${rule}"
    >${source === null ? 'nothing' : source} → ${target} <small>${rule}</small></span
  > `;

function runsTable({ scratch, transfer, comparison }: ReportPair): Markup {
  const row = (name: 'scratch' | 'transfer') => (curve: Arm['curves'][number]) => {
    const reached = stepsToThreshold(curve, comparison.threshold.value);
    return html`<tr>
      <td>${swatch(name)}</td>
      <td>${curve.seed}</td>
      <td>${number(initialReturn(curve))}</td>
      <td>${number(areaUnderCurve(curve))}</td>
      <td>${number(asymptote(curve))}</td>
      <td>${reached < Infinity ? stepsText(reached) : 'never'}</td>
      <td class="returns">${curve.returns.map((value) => number(value)).join(' ')}</td>
    </tr>`;
  };
  const steps = scratch.curves[0].steps;
  return table(
    'numbers runs',
    [
      'arm',
      'seed',
      'first',
      'mean (AUC)',
      'final',
      `steps to ${number(comparison.threshold.value)}`,
      `every evaluation, from step 0 to ${stepsText(steps[steps.length - 1])}`,
    ],
    [...scratch.curves.map(row('scratch')), ...transfer.curves.map(row('transfer'))],
  );
}

const OUTCOMES: Record<Outcome, string> = {
  helped: 'transfer helped',
  hurt: 'transfer hurt',
  unclear: 'no clear difference',
};

function badge({ comparison, holm }: ReportPair): Markup {
  const { outcome, p } = comparison;
  const isLost = isTakenBack({ comparison, holm });
  const text = tooFewSeeds(comparison) === null ? OUTCOMES[outcome] : 'too few seeds';
  const values =
    p === null || holm === null ? NONE : html`<span class="tag">${pText(p)}, after Holm ${pText(holm)}</span>`;
  return html`<span class="badge ${outcome}">${text}${isLost ? ', not after Holm' : ''}</span> ${values}`;
}

/** The pair and the first sentence large: it carries the result; the others follow in plain size. */
export function verdictCard(pair: ReportPair): Markup {
  const { comparison } = pair;
  const [first, rest] = splitSentence(verdict(comparison, pair));
  return html`<section class="verdict ${comparison.outcome}">
    ${badge(pair)}
    <p class="lead">${first}</p>
    ${rest === '' ? NONE : html`<p>${rest}</p>`}
  </section>`;
}

export function splitSentence(text: string): [first: string, rest: string] {
  const end = text.indexOf('. ');
  return end < 0 ? [text, ''] : [text.slice(0, end + 1), text.slice(end + 2)];
}
