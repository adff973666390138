import type { Metrics } from '../../../src/live/api/metrics.ts';
import type { LibraryEntry } from '../../../src/live/library.ts';
import type { Settings } from '../../../src/live/settings.ts';
import { csv } from '../../../src/report/csv.ts';
import { h } from '../elements.ts';
import { steps } from '../numbers.ts';
import { saveButtons } from '../save-buttons.ts';
import type { Page } from '../views/view.ts';
import { lineStyles } from './line-style.ts';
import { type Plot, PlotsChart } from './plots-chart.ts';
import { replayLink } from './replay-link.ts';
import { section } from './section.ts';

/** One run: how its training went, its settings, and the way to its replays. `update` shows it. */
export class RunDetails {
  readonly element: HTMLElement;
  readonly id: string;
  private readonly page: Page;
  private readonly chart: PlotsChart;
  private readonly empty = h('p', { class: 'small', hidden: true }, 'This run has logged nothing yet.');
  private readonly replays = h('p', { class: 'replays' });
  private metrics: Metrics | null = null;
  private arm: string | undefined;
  private told = '';

  /** `own`: names of the settings by which the run differs from others. */
  constructor(page: Page, run: LibraryEntry, settings: Settings, own: readonly string[]) {
    this.page = page;
    this.id = run.id;
    const place = h('div', { class: 'plots' });
    const rows = Object.entries(settings).map(([name, value]) =>
      h(
        'tr',
        { class: own.includes(name) ? 'differs' : undefined },
        h('th', { scope: 'row' }, name),
        h('td', {}, String(value)),
      ),
    );
    const { label, env, algorithm, arm } = run;
    const exports = {
      name: `diagnostics-${label}`.replaceAll(/[^\w-]+/g, '-'),
      svg: () => this.chart.svg(),
      csv: () => this.csv(),
    };
    this.element = section(
      `Training of ${label}`,
      [h('p', { class: 'small' }, `${env} · ${algorithm} · ${arm ?? 'no arm'} · ${run.id}`)],
      exports,
      this.replays,
      saveButtons(page, () => ({ lanes: [{ id: run.id, label, arm }], episode: {} })),
      this.empty,
      place,
      h(
        'details',
        {},
        h('summary', {}, 'Settings (coloured: other than in other runs)'),
        h('table', { class: 'settings' }, ...rows),
      ),
    );
    this.chart = new PlotsChart(place);
  }

  /** Takes in how far the run has come. */
  update(run: LibraryEntry): void {
    const said = JSON.stringify([run.step, run.state, run.checkpoints]);
    if (said === this.told) return;
    this.told = said;
    this.arm = run.arm;
    const links = run.checkpoints.map((step) => replayLink(run.id, step, `${steps(step)} steps`));
    this.replays.replaceChildren('Replays after ', ...links.flatMap((link, i) => (i === 0 ? [link] : [', ', link])));
    if (links.length === 0) this.replays.replaceChildren('No checkpoint is kept: there is nothing to replay.');
    void this.load();
  }

  remove(): void {
    this.chart.remove();
    this.element.remove();
  }

  private async load(): Promise<void> {
    const metrics = await this.page.get<Metrics>('metrics', { id: this.id }).catch(() => null);
    if (metrics === null || !this.element.isConnected) return;
    this.metrics = metrics;
    this.empty.hidden = metrics.steps.length > 0;
    const [style] = lineStyles([this.arm]);
    const plots = Object.entries(metrics.values).map(([name, values]): Plot => {
      const points = metrics.steps.map((step, i): [number, number | null] => [step, values[i]]);
      return { title: inWords(name), lines: [{ label: inWords(name), style: { ...style, dash: 'solid' }, points }] };
    });
    if (plots.length > 0)
      this.chart.show(plots, { columns: columnsFor(this.element), height: 110, hasLegend: false, hasMarks: false });
  }

  private csv(): string | null {
    if (this.metrics === null) return null;
    const { steps: at, values } = this.metrics;
    const names = Object.keys(values);
    return csv([['step', ...names], ...at.map((step, i) => [step, ...names.map((name) => values[name][i])])]);
  }
}

const columnsFor = ({ clientWidth }: HTMLElement): number => Math.max(1, Math.min(4, Math.floor(clientWidth / 270)));

/** `steps per second` of `stepsPerSecond`. */
const inWords = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace('approx kl', 'approximate KL divergence');
