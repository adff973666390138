import { poolPairs } from '../stats/pool.ts';
import { againstControlsText } from '../stats/against-controls.ts';
import { number, pairName, steps as stepsText, studyVerdict } from '../stats/verdict.ts';
import { controlsCard } from './controls.ts';
import { html, Markup, NONE } from './markup.ts';
import { matrixChart, transfersByMethod } from './matrix-chart.ts';
import { pairSection, splitSentence, verdictCard } from './pair-section.ts';
import { GATE } from '../transfer/study.ts';
import { STYLE } from './style.ts';
import { table } from './table.ts';
import type { ReportPair, StudyReport } from './types.ts';

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
          ${pairs.length === 1 ? verdictCard(pairs[0]) : overview(study)}
        </header>
        <main>
          ${pairs.map((pair, i) => pairSection(pair, i, pairs.length > 1))} ${registeredSection(study)}
          ${aboutSection(study)}
        </main>
      </body>
    </html> `.text;
}

/** Several pairs: how many went which way, the matrices of ratios, all of them in numbers. */
function overview({ pairs, againstControls = [] }: StudyReport): Markup {
  const [lead, rest] = splitSentence(studyVerdict(pairs));
  const against = againstControlsText(againstControls);
  return html`<section class="verdict">
      <p class="lead">${lead}</p>
      ${rest === '' ? NONE : html`<p>${rest}</p>`} ${against === '' ? NONE : html`<p>${against}</p>`}
    </section>
    ${transfersByMethod(pairs).map(
      ([method, transfers]) =>
        html`<section class="card">
          <h2>Ratio of gains by pair: ${method}</h2>
          <div class="scroll">${matrixChart(transfers, method)}</div>
          ${method === GATE ? NONE : pooled(transfers)}
        </section>`,
    )}
    ${controlsCard(pairs, againstControls)}
    <nav>${pairs.map((pair, i) => html`<a href="#pair-${i + 1}">${pairName(pair)}</a> `)}</nav>`;
}

/** Not of gates: those of one number on a target share their candidate from scratch, and more than a resampling knows of. */
function pooled(pairs: readonly ReportPair[]): Markup {
  const withRatio = pairs.filter((pair) => pair.comparison.metrics.ratio.value !== null);
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
    ${table(
      'numbers',
      rows.map(([name]) => name),
      [
        html`<tr>
          ${rows.map(([, { value, low, high }]) => html`<td>${end(value)} ${low === high ? NONE : html`<span class="interval">[${end(low)}, ${end(high)}]</span>`}</td>`)}
        </tr>`,
      ],
    )}`;
}

function registeredSection({ registration, settings }: StudyReport): Markup {
  if (!registration) return NONE;
  const { primaryMetric } = settings as { primaryMetric?: string };
  return html`<section class="card about">
    <h2>What was registered before the study</h2>
    <p class="description">${registration.hypothesis}</p>
    <dl>
      <dt>primary metric</dt>
      <dd>${primaryMetric ?? 'ratio'}</dd>
      <dt>file</dt>
      <dd>${registration.file}</dd>
      <dt>SHA-256</dt>
      <dd><code>${registration.sha256}</code></dd>
      ${flatten(registration.besides).map(
        ([key, value]) =>
          html`<dt>${key}, given beside it</dt>
            <dd>${value || 'none'}</dd>`,
      )}
    </dl>
    <details>
      <summary>The whole file</summary>
      <pre class="commands">${registration.text}</pre>
    </details>
  </section>`;
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
      <dd>${stepsText(steps)} environment steps, ${duration(seconds)} of one core summed over all trainings</dd>
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
