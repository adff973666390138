import { csv } from '../../../src/report/csv.ts';
import { curvesTable, meanText } from '../curves-table.ts';
import { h } from '../elements.ts';
import { keepFocus } from '../keep-focus.ts';
import { nearestCheckpoint } from '../library-filter.ts';
import { steps } from '../numbers.ts';
import type { ArmCurve, CurvePoint } from './curves.ts';
import { lineStyles } from './line-style.ts';
import { PlotsChart } from './plots-chart.ts';
import { comparisonLink, replayLink } from './replay-link.ts';

/** Learning curves with their intervals; a point leads to the replays of its runs. */
export class CurvesPanel {
  readonly element: HTMLElement;
  private readonly chart: PlotsChart;
  private readonly replays = h('p', { class: 'replays', role: 'status' });
  private readonly table = h('div', { class: 'scroll' });
  private readonly details = h('details', {}, h('summary', {}, 'The same as a table'), this.table);
  private readonly place = h('div', { class: 'plots', role: 'img' });
  private readonly empty = h('p', { class: 'small', hidden: true }, 'No run has been evaluated here yet.');
  private curves: readonly ArmCurve[] = [];

  constructor() {
    this.chart = new PlotsChart(this.place, (label, step) => this.pick(label, step));
    this.details.addEventListener('toggle', () => this.fillTable());
    const note =
      'Lines: mean over seeds. Bands: the 95 % interval of the mean (Student’s t), at each step, of the runs that have come so far.';
    this.element = h(
      'div',
      { class: 'curves-panel' },
      this.empty,
      this.place,
      h('p', { class: 'small note' }, `${note} A point leads to its replays.`),
      this.replays,
      this.details,
    );
  }

  /** `title`: what the returns are of. */
  show(curves: readonly ArmCurve[], title: string): void {
    const isOther = curves.map(({ label }) => label).join() !== this.curves.map(({ label }) => label).join();
    this.curves = curves;
    this.empty.hidden = curves.length > 0;
    if (isOther) this.replays.replaceChildren();
    const styles = lineStyles(curves.map(({ arm }) => arm));
    const lines = curves.map(({ label, points }, i) => ({
      label,
      style: styles[i],
      points: points.map(({ step, mean, low, high }) => [step, mean, low, high] as const),
    }));
    this.place.setAttribute('aria-label', `Learning curves: ${title}. The same as a table stands below.`);
    this.chart.show([{ title, lines }], {
      columns: 1,
      height: innerWidth < 1180 ? 300 : 460,
      hasLegend: true,
      hasMarks: true,
    });
    this.fillTable();
  }

  svg(): string {
    return this.chart.svg();
  }

  csv(): string {
    const rows = this.curves.flatMap(({ label, points }) =>
      points.map(({ step, mean, low, high, runs }) => [label, step, mean, low ?? null, high ?? null, runs]),
    );
    return csv([['arm', 'step', 'mean', 'low', 'high', 'runs'], ...rows]);
  }

  remove(): void {
    this.chart.remove();
  }

  /** Shows the way to the replays of the runs behind a point. */
  private pick(label: string, step: number): void {
    const curve = this.curves.find((candidate) => candidate.label === label);
    if (curve === undefined) return;
    const links = curve.runs.flatMap((run) => {
      const checkpoint = nearestCheckpoint(run.checkpoints, step);
      if (checkpoint === undefined) return [];
      const at = checkpoint === step ? '' : ` at ${steps(checkpoint)}`;
      return [replayLink(run.id, checkpoint, `seed ${run.seed}${at}`)];
    });
    const about = `Replays of “${label}” near step ${steps(step)}: `;
    this.replays.replaceChildren(
      links.length === 0 ? `${about}no checkpoint is kept.` : about,
      ...links.flatMap((link, i) => (i === 0 ? [link] : [', ', link])),
      ...this.besides(curve, step),
    );
  }

  /** The way to a run of this curve beside one of the first. */
  private besides(curve: ArmCurve, step: number): Node[] {
    const [first] = this.curves;
    if (first === curve) return [];
    const ids = [first.runs[0].id, curve.runs[0].id];
    return [h('br'), comparisonLink(ids, step, `“${first.label}” and “${curve.label}” side by side`)];
  }

  private fillTable(): void {
    if (!this.details.open) return;
    const texts = this.curves.map(({ label, points }) => ({
      label,
      points: points.map((point) => [point.step, pointText(point)] as const),
    }));
    keepFocus(this.table, () =>
      this.table.replaceChildren(curvesTable(texts, (label, step) => this.pick(label, step))),
    );
  }
}

function pointText({ mean, low, high, runs }: CurvePoint): string {
  return `${meanText(mean, low, high)}, n=${runs}`;
}
