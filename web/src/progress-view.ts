import type { Curve, Job, ViewerStatus } from '../../src/live/protocol.ts';
import { armStyle } from './arms.ts';
import type { CurvesChart } from './curves-chart.ts';
import { h } from './elements.ts';

/** What is being worked on: curves, jobs and, in the end, the verdict. */
export class ProgressView {
  private readonly element: HTMLElement;
  private readonly verdict: HTMLElement;
  private readonly pick: (curve: Curve, point: Curve['points'][number]) => void;
  private readonly curves = h('figure', { class: 'curves', hidden: true });
  private readonly jobs = h('ul', { class: 'jobs', hidden: true });
  private chart: Promise<CurvesChart> | null = null;
  /** What the chart shows: it is left alone while that stays the same. */
  private shown = '';

  /** In these elements of the page: the verdict stands apart, above the boards. A curve's points can be picked. */
  constructor(
    element: HTMLElement,
    verdict: HTMLElement,
    pick: (curve: Curve, point: Curve['points'][number]) => void,
  ) {
    this.element = element;
    this.pick = pick;
    this.verdict = verdict;
    element.append(this.curves, this.jobs);
  }

  show(status: ViewerStatus): void {
    this.showVerdict(status);
    this.showCurves(status.curves ?? [], status.curvesTitle ?? 'mean return');
    this.showJobs(status.jobs ?? []);
    this.element.hidden = this.curves.hidden && this.jobs.hidden;
  }

  private showVerdict({ verdict, report }: ViewerStatus): void {
    const link = report === undefined ? [] : [h('a', { href: report, target: '_blank' }, 'Open the report')];
    this.verdict.hidden = verdict === undefined && report === undefined;
    this.verdict.replaceChildren(...(verdict === undefined ? [] : [verdictText(verdict)]), ...link);
  }

  private showCurves(curves: readonly Curve[], title: string): void {
    this.curves.hidden = !curves.some(({ points }) => points.length > 0);
    const wanted = JSON.stringify([curves, title]);
    if (this.curves.hidden || wanted === this.shown) return;
    this.shown = wanted;
    this.chart ??= import('./curves-chart.ts').then(({ CurvesChart }) => new CurvesChart(this.curves, this.pick));
    void this.chart.then((chart) => chart.show(curves, title));
  }

  private showJobs(jobs: readonly Job[]): void {
    this.jobs.hidden = jobs.every(({ state }) => state === 'finished');
    this.jobs.replaceChildren(...jobs.map(jobItem));
  }
}

/** What it comes to in large, up to the first colon or full stop; how much and how sure below. */
function verdictText(verdict: string): HTMLElement {
  const [, headline, rest] = /^(.+?[.:])\s+(.*)$/s.exec(verdict) ?? [null, verdict, ''];
  return h('p', {}, h('strong', {}, headline.replace(/:$/, '')), rest.charAt(0).toUpperCase() + rest.slice(1));
}

function jobItem({ label, arm, state, progress }: Job): HTMLElement {
  const { colour, mark } = armStyle(arm);
  const percent = Math.round(100 * progress);
  const text = state === 'running' ? `${percent} %` : state;
  return h(
    'li',
    { class: state, style: `--arm: ${colour}` },
    h('span', { class: 'name' }, h('span', { class: 'mark', 'aria-hidden': 'true' }, mark), label),
    h('progress', { max: 1, value: state === 'finished' ? 1 : progress, 'aria-label': label }),
    h('span', { class: 'state' }, text),
  );
}
