import { type Comparison, type Outcome } from '../stats/compare.ts';
import type { Arm } from '../stats/curve.ts';
import { areaUnderCurve, asymptote, initialReturn, stepsToThreshold } from '../stats/curve.ts';
import { poolPairs } from '../stats/pool.ts';
import { number, steps as stepsText, verdict } from '../stats/verdict.ts';
import { curveChart } from './curve-chart.ts';
import { html, Markup, NONE } from './markup.ts';
import { metricRows } from './metric-rows.ts';
import { ratioMatrix } from './ratio-matrix.ts';
import { STYLE } from './style.ts';

/** One tensor of the target and what the transfer did with it; rows of a `TransferPlan` are these. */
export interface PlanRow {
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly origin: 'copied' | 'mapped' | 'fresh';
  readonly copiedValues: number;
  readonly totalValues: number;
  readonly reason: string;
  /** In words: `learning rate x 1`, `frozen until step 20000`. */
  readonly training: string;
}

export interface ReportPlan {
  readonly alignment: string;
  readonly entries: readonly PlanRow[];
  /** Which label of the source each label of the target took its rows from. */
  readonly matches?: readonly { readonly axis: string; readonly target: string; readonly source: string | null }[];
  /** Tensors of the source that nothing was taken from. */
  readonly unused?: readonly string[];
}

/** One source, one target, one method, against scratch. */
export interface ReportPair {
  readonly source: string;
  readonly target: string;
  readonly method: string;
  readonly scratch: Arm;
  readonly transfer: Arm;
  /** Mean return of random play on the target. */
  readonly random: number;
  readonly comparison: Comparison;
  readonly plan: ReportPlan;
}

export interface StudyReport {
  readonly title: string;
  readonly description?: string;
  readonly version: string;
  readonly backend: string;
  readonly kernels: string;
  readonly pairs: readonly ReportPair[];
  readonly seeds: {
    readonly source: readonly number[];
    readonly scratch: readonly number[];
    readonly transfer: readonly number[];
  };
  /** How sources, targets and methods were chosen, and on which seeds. */
  readonly chosen?: string;
  /** The resolved settings, nested as they are. */
  readonly settings: unknown;
  /** Commands that make this result again. */
  readonly commands: readonly string[];
  /** Environment steps of all trainings together, and their seconds of work. */
  readonly steps: number;
  readonly seconds: number;
}

/** The whole study as one HTML file without scripts or anything from outside: it works from a folder, offline. */
export function studyReport(study: StudyReport): string {
  const { title, description, pairs } = study;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="dark" />
        <title>${title}</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <p class="brand">New Game+ <span>study report</span></p>
          <h1>${title}</h1>
          ${description === undefined ? NONE : html`<p class="description">${description}</p>`}
          ${pairs.length === 1 ? verdictCard(pairs[0]) : overview(pairs)}
        </header>
        <main>${pairs.map((pair, i) => pairSection(pair, i, pairs.length > 1))} ${aboutSection(study)}</main>
      </body>
    </html> `.text;
}

const OUTCOMES: Record<Outcome, string> = {
  helped: 'transfer helped',
  hurt: 'transfer hurt',
  unclear: 'no clear difference',
};

const badge = (outcome: Outcome): Markup => html`<span class="badge ${outcome}">${OUTCOMES[outcome]}</span>`;

/** The first sentence large: it carries the result; the others follow in plain size. */
function verdictCard({ comparison }: ReportPair): Markup {
  const [first, rest] = splitSentence(verdict(comparison));
  return html`<section class="verdict ${comparison.outcome}">
    ${badge(comparison.outcome)}
    <p class="lead">${first}</p>
    ${rest === '' ? NONE : html`<p>${rest}</p>`}
  </section>`;
}

function splitSentence(text: string): [first: string, rest: string] {
  const end = text.indexOf('. ');
  return end < 0 ? [text, ''] : [text.slice(0, end + 1), text.slice(end + 2)];
}

/** Several pairs: how many went which way, all of them in numbers, and the matrix of ratios. */
function overview(pairs: readonly ReportPair[]): Markup {
  const number = (outcome: Outcome) => pairs.filter((pair) => pair.comparison.outcome === outcome).length;
  const methods = [...new Set(pairs.map((pair) => pair.method))];
  const tally = `Of ${pairs.length} comparisons with learning from scratch, transfer helped in ${number('helped')}, hurt in ${number('hurt')} and made no clear difference in ${number('unclear')}.`;
  return html`<section class="verdict">
      <p class="lead">${tally}</p>
    </section>
    ${methods.map(
      (method) =>
        html`<section class="card">
          <h2>Ratio of gains by pair: ${method}</h2>
          ${ratioMatrix(pairs.filter((pair) => pair.method === method))}${pooled(pairs.filter((pair) => pair.method === method))}
        </section>`,
    )}
    <nav>${pairs.map((pair, i) => html`<a href="#pair-${i + 1}">${pairName(pair)}</a> `)}</nav>`;
}

function pooled(pairs: readonly ReportPair[]): Markup {
  const withRatio = pairs.filter((pair) => pair.comparison.primary === 'ratio');
  if (withRatio.length < 2) return NONE;
  const { level, resamples, seed } = withRatio[0].comparison;
  const metrics = poolPairs(withRatio, { level, resamples: Math.min(resamples, 2000), seed });
  const rows = [
    ['mean', metrics.mean],
    ['median', metrics.median],
    ['interquartile mean', metrics.iqm],
    ['optimality gap (goal 1)', metrics.optimalityGap],
    ['probability of improvement', metrics.probabilityOfImprovement],
  ] as const;
  const end = (value: number | null) => (value === null ? '∞' : number(value));
  return html`<h3>All ${withRatio.length} pairs together</h3>
    <p class="note">
      Scores of transferred runs on a scale where 0 is random play and 1 what scratch reaches on average.
    </p>
    <table class="numbers">
      <thead>
        <tr>
          ${rows.map(([name]) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        <tr>
          ${rows.map(([, { value, low, high }]) => html`<td>${end(value)} <span class="interval">[${end(low)}, ${end(high)}]</span></td>`)}
        </tr>
      </tbody>
    </table>`;
}

const pairName = ({ source, target, method }: ReportPair): string => `${source} → ${target}, ${method}`;

function pairSection(pair: ReportPair, index: number, several: boolean): Markup {
  const { source, target, method, comparison, plan } = pair;
  return html`<article id="pair-${index + 1}">
    <h2>
      <span class="game">${source}</span> <span class="arrow">→</span> <span class="game">${target}</span>
      <span class="tag">method: ${method}</span> <span class="tag">alignment: ${plan.alignment}</span>
    </h2>
    ${several ? verdictCard(pair) : NONE}
    <section class="card">
      <h3>Learning curves on ${target}</h3>
      ${legend(pair)} ${curveChart(pair)}
    </section>
    <section class="card">
      <h3>What transfer was worth</h3>
      ${metricsTable(comparison)}
    </section>
    <section class="card">
      <h3>Transfer plan: what was carried over</h3>
      ${planTable(plan)}
    </section>
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

const percent = (level: number): string => `${Math.round(level * 1000) / 10} %`;

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
  const { threshold, sourceSteps, resamples } = comparison;
  return html`<table class="numbers metrics">
      <thead>
        <tr>
          <th scope="col">metric</th>
          <th scope="col">${swatch('scratch')} scratch</th>
          <th scope="col">${swatch('transfer')} transferred</th>
          <th scope="col">effect</th>
          <th scope="col">${percent(comparison.level)} interval</th>
          <th></th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    <p class="note">
      × is transferred divided by scratch, + and − are differences; the first marked line decides. Return
      ${number(threshold.value)} lies ${percent(threshold.share)} of the way from random play
      (${number(comparison.random)}) to what scratch reaches at the end. Each source agent was trained for
      ${stepsText(sourceSteps)} steps. Intervals: bootstrap over seeds, both arms resampled independently,
      ${resamples.toLocaleString('en')} times, widened for small samples. A run that never reaches the return counts as
      censored at the end of training.
    </p>`;
}

function planTable({ entries, matches = [], unused = [] }: ReportPlan): Markup {
  const rows = entries.map((row) => {
    const share = (100 * row.copiedValues) / Math.max(1, row.totalValues);
    return html`<tr>
      <th scope="row"><code>${row.tensor}</code></th>
      <td class="shape">${row.shape.join('×')}</td>
      <td><span class="origin ${row.origin}">${row.origin}</span></td>
      <td>
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
  return html`<div class="scroll">
      <table class="plan">
        <thead>
          <tr>
            <th scope="col">tensor</th>
            <th scope="col">shape</th>
            <th scope="col">origin</th>
            <th scope="col">values from the source</th>
            <th scope="col">training</th>
            <th scope="col">why</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    ${kinds.map((axis) => html`<p class="matches"><b>${axis}s</b> ${matches.filter((match) => match.axis === axis).map(matchChip)}</p>`)}
    ${unused.length === 0 ? NONE : html`<p class="note">Not used of the source: ${unused.map((name) => html`<code>${name}</code> `)}</p>`}`;
}

const matchChip = ({ source, target }: { source: string | null; target: string }): Markup =>
  html`<span class="match ${source === null ? 'none' : ''}"
    >${source === null ? 'nothing' : source} → ${target}</span
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
  return html`<div class="scroll">
    <table class="numbers runs">
      <thead>
        <tr>
          <th scope="col">arm</th>
          <th scope="col">seed</th>
          <th scope="col">first</th>
          <th scope="col">mean (AUC)</th>
          <th scope="col">final</th>
          <th scope="col">steps to ${number(comparison.threshold.value)}</th>
          <th scope="col">every evaluation, from step 0 to ${stepsText(steps[steps.length - 1])}</th>
        </tr>
      </thead>
      <tbody>
        ${scratch.curves.map(row('scratch'))}${transfer.curves.map(row('transfer'))}
      </tbody>
    </table>
  </div>`;
}

function aboutSection({
  seeds,
  chosen,
  settings,
  commands,
  steps,
  seconds,
  version,
  backend,
  kernels,
}: StudyReport): Markup {
  const list = (values: readonly number[]) => (values.length === 0 ? 'none' : values.join(', '));
  return html`<section class="card about">
    <h2>How this was made</h2>
    ${chosen === undefined ? NONE : html`<p>${chosen}</p>`}
    <dl>
      <dt>seeds</dt>
      <dd>source ${list(seeds.source)}; scratch ${list(seeds.scratch)}; transferred ${list(seeds.transfer)}</dd>
      <dt>cost</dt>
      <dd>${stepsText(steps)} environment steps, ${duration(seconds)} of training time summed over all runs</dd>
      <dt>made with</dt>
      <dd>New Game+ ${version}, backend ${backend}, kernels ${kernels}</dd>
    </dl>
    <h3>To repeat it</h3>
    <pre class="commands">${commands.join('\n')}</pre>
    <details open>
      <summary>Settings</summary>
      <dl class="settings">
        ${flatten(settings).map(
          ([key, value]) =>
            html`<dt>${key}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
    </details>
  </section>`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `algorithmConfig.gamma: 0.99`: nested settings as lines; lists of plain values stay together. */
function flatten(value: unknown, path = ''): [key: string, value: string][] {
  if (value === undefined) return [];
  const isList = Array.isArray(value) && value.every((item) => item === null || typeof item !== 'object');
  if (value === null || typeof value !== 'object') return [[path, String(value)]];
  if (isList) return [[path, (value as unknown[]).join(', ')]];
  return Object.entries(value).flatMap(([key, item]) => flatten(item, path === '' ? key : `${path}.${key}`));
}
