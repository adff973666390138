import type { Curve, Job, ViewerStatus } from '../../src/live/protocol.ts';
import { armStyle } from './arms.ts';
import type { CurvesChart, PickPoint } from './curves-chart.ts';
import { curvesTable, meanText } from './curves-table.ts';
import { h, setText } from './elements.ts';
import { keepFocus } from './keep-focus.ts';

/** What is being worked on: curves, jobs and, in the end, the verdict. */
export class ProgressView {
  private readonly element: HTMLElement;
  private readonly verdict: HTMLElement;
  private readonly pick: PickPoint | undefined;
  private readonly drawing = h('div', { class: 'drawing', role: 'img' });
  private readonly table = h('div', { class: 'scroll' });
  private readonly details = h('details', {}, h('summary', {}, 'The same as a table'), this.table);
  private readonly curves = h('figure', { class: 'curves', hidden: true }, this.drawing, this.details);
  private readonly jobs = h('ul', { class: 'jobs', hidden: true });
  private chart: Promise<CurvesChart> | null = null;
  /** What the chart shows: it is left alone while that stays the same. */
  private shown = '';
  private known: readonly Curve[] = [];

  /** In these elements of the page: the verdict stands apart, above the boards. A curve's points can be picked. */
  constructor(element: HTMLElement, verdict: HTMLElement, pick?: PickPoint) {
    this.element = element;
    this.pick = pick;
    this.verdict = verdict;
    this.details.addEventListener('toggle', () => this.fillTable());
    element.append(this.curves, this.jobs);
  }

  show(status: ViewerStatus): void {
    this.showVerdict(status);
    this.showCurves(status.curves ?? [], status.curvesTitle ?? 'mean return');
    this.showJobs(status.jobs ?? []);
    this.element.hidden = this.curves.hidden && this.jobs.hidden;
  }

  remove(): void {
    void this.chart?.then((chart) => chart.remove());
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
    this.known = curves;
    this.drawing.setAttribute('aria-label', `Learning curves: ${title}. The same as a table stands below.`);
    this.fillTable();
    this.chart ??= import('./curves-chart.ts').then(({ CurvesChart }) => {
      this.drawing.replaceChildren();
      return new CurvesChart(this.drawing, this.pick);
    });
    this.chart.then(
      (chart) => chart.show(curves, title),
      (error: Error) => this.lackChart(error),
    );
  }

  /** The table tells what there is; the next curves have another try. */
  private lackChart({ message }: Error): void {
    this.chart = null;
    setText(this.drawing, `The curves can’t be drawn: ${message}.`);
  }

  private fillTable(): void {
    if (!this.details.open) return;
    const { known, pick, table } = this;
    const texts = known.map(({ label, points }) => ({
      label,
      points: points.map(([step, ...interval]) => [step, meanText(...interval)] as const),
    }));
    const pickAt = (label: string, step: number): void => {
      const curve = known.find((candidate) => candidate.label === label)!;
      pick?.(
        curve,
        curve.points.find(([at]) => at === step)!,
      );
    };
    keepFocus(table, () => table.replaceChildren(curvesTable(texts, pick && pickAt)));
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
