import type { Curve, Job, ViewerStatus } from '../../src/live/protocol.ts';
import { armStyle } from './arms.ts';
import type { CurvesChart } from './curves-chart.ts';
import { h } from './elements.ts';

/** What is being worked on: curves, jobs and, in the end, the verdict. */
export class ProgressView {
  private readonly element: HTMLElement;
  private readonly verdict = h('div', { class: 'verdict', hidden: true });
  private readonly curves = h('figure', { class: 'curves', hidden: true });
  private readonly jobs = h('ul', { class: 'jobs', hidden: true });
  private chart: Promise<CurvesChart> | null = null;
  /** What the chart shows: it is left alone while that stays the same. */
  private shown = '';

  constructor(element: HTMLElement) {
    this.element = element;
    element.append(this.verdict, this.curves, this.jobs);
  }

  show(status: ViewerStatus): void {
    this.showVerdict(status);
    this.showCurves(status.curves ?? [], status.curvesTitle ?? 'mean return');
    this.showJobs(status.jobs ?? []);
    this.element.hidden = this.verdict.hidden && this.curves.hidden && this.jobs.hidden;
  }

  private showVerdict({ verdict, report }: ViewerStatus): void {
    const link = report === undefined ? [] : [h('a', { href: report, target: '_blank' }, 'Open the report')];
    this.verdict.hidden = verdict === undefined && report === undefined;
    this.verdict.replaceChildren(...(verdict === undefined ? [] : [h('p', {}, verdict)]), ...link);
  }

  private showCurves(curves: readonly Curve[], title: string): void {
    this.curves.hidden = !curves.some(({ points }) => points.length > 0);
    const wanted = JSON.stringify([curves, title]);
    if (this.curves.hidden || wanted === this.shown) return;
    this.shown = wanted;
    this.chart ??= import('./curves-chart.ts').then(({ CurvesChart }) => new CurvesChart(this.curves));
    void this.chart.then((chart) => chart.show(curves, title));
  }

  private showJobs(jobs: readonly Job[]): void {
    this.jobs.hidden = jobs.length === 0;
    this.jobs.replaceChildren(...jobs.map(jobItem));
  }
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
