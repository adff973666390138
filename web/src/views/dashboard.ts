import '../dashboard/dashboard.css';
import type { StoredStudy, StudiedPair } from '../../../src/live/api/studies.ts';
import type { LibraryEntry } from '../../../src/live/library.ts';
import type { Configs } from '../../../src/live/settings.ts';
import { pairsCsv } from '../../../src/report/csv.ts';
import { matrixChart, transfersByMethod } from '../../../src/report/matrix-chart.ts';
import { putAddress } from '../address.ts';
import { type ArmCurve, envCurves, pairCurves } from '../dashboard/curves.ts';
import { CurvesPanel } from '../dashboard/curves-panel.ts';
import { matrixLegend, matrixTable } from '../dashboard/matrix-table.ts';
import { RunDetails } from '../dashboard/run-details.ts';
import { RunTable } from '../dashboard/run-table.ts';
import { section } from '../dashboard/section.ts';
import { h, setText } from '../elements.ts';
import { keepFocus } from '../keep-focus.ts';
import type { Page, View } from './view.ts';

/** What is stored, in numbers: the matrix of a study, the curves behind a cell, the runs behind those. */
export const open = (page: Page, query: URLSearchParams): View => new DashboardView(page, query);

/** Between two looks at what is stored: while something trains, and while nothing does. */
const LIVE_MS = 4000;
const QUIET_MS = 20_000;

/** What is chosen, as it stands in the address. */
interface Choice {
  readonly study?: string;
  readonly method?: string;
  /** A cell of the matrix. */
  readonly source?: string;
  readonly target?: string;
  /** Curves of an environment, where no cell is chosen. */
  readonly env?: string;
  readonly run?: string;
}

const FIELDS = ['study', 'method', 'source', 'target', 'env', 'run'] as const;

class DashboardView implements View {
  private readonly page: Page;
  private readonly notice = h('p', { class: 'notice' }, 'Reading what is stored…');
  private readonly verdict = h('p', { class: 'study-verdict', role: 'status' });
  private readonly studyPicker = picker('Study', (study) => this.choose({ study, run: this.choice.run }));
  private readonly methodPicker = picker('Method', (method) => this.choose({ ...this.choice, method }));
  private readonly envPicker = picker('Show', (env) =>
    this.choose({ ...this.choice, env, source: undefined, target: undefined }),
  );
  private readonly matrixPlace = h('div', { class: 'scroll' });
  private readonly matrix: HTMLElement;
  private readonly curves = new CurvesPanel();
  private readonly curvesSection: HTMLElement;
  private readonly table = new RunTable((run) => this.choose({ ...this.choice, run }));
  private readonly tableSection: HTMLElement;
  private readonly detailsPlace = h('div');
  readonly element: HTMLElement;

  private choice: Choice;
  private entries: ReadonlyMap<string, LibraryEntry> = new Map();
  private studies: readonly StoredStudy[] = [];
  private configs: Configs = { shared: {}, runs: {} };
  private details: RunDetails | null = null;
  /** What was read last, to notice what has changed. */
  private told = '';
  private timer: number | undefined;
  private isRemoved = false;

  constructor(page: Page, query: URLSearchParams) {
    this.page = page;
    this.choice = Object.fromEntries(FIELDS.map((field) => [field, query.get(field) ?? undefined]));
    this.matrix = section(
      'Transfer matrix',
      [this.methodPicker.element],
      { name: 'matrix', svg: () => this.matrixSvg(), csv: () => this.matrixCsv() },
      this.verdict,
      this.matrixPlace,
      matrixLegend(),
    );
    this.curvesSection = section(
      'Learning curves',
      [this.envPicker.element],
      { name: 'curves', svg: () => this.curves.svg(), csv: () => this.curves.csv() },
      this.curves.element,
    );
    this.tableSection = section(
      'Runs',
      [this.table.filter],
      { name: 'runs', csv: () => this.table.csv() },
      this.table.element,
    );
    this.element = h(
      'div',
      { class: 'view dashboard' },
      this.studyPicker.element,
      this.notice,
      h('div', { class: 'board-sections' }, this.matrix, this.curvesSection),
      this.detailsPlace,
      this.tableSection,
    );
    this.showSections(false);
    document.addEventListener('visibilitychange', this.look);
    this.look();
  }

  remove(): void {
    this.isRemoved = true;
    document.removeEventListener('visibilitychange', this.look);
    clearTimeout(this.timer);
    this.curves.remove();
    this.details?.remove();
    this.element.remove();
  }

  /** Reads what is stored, now and then again; a hidden page waits until it is seen. */
  private look = (): void => {
    clearTimeout(this.timer);
    if (!document.hidden) void this.read();
  };

  private async read(): Promise<void> {
    try {
      const [entries, studies] = await Promise.all([
        this.page.get<LibraryEntry[]>('library'),
        this.page.get<StoredStudy[]>('studies'),
      ]);
      const runs = entries.filter(({ kind }) => kind === 'run');
      const told = JSON.stringify([runs, studies]);
      if (this.isRemoved) return;
      if (told !== this.told) await this.take(runs, studies);
      this.told = told;
      const isLive = runs.some(({ state }) => state === 'running');
      this.timer = window.setTimeout(this.look, isLive ? LIVE_MS : QUIET_MS);
    } catch (error) {
      if (this.isRemoved) return;
      // The page itself says where the connection is lost; it may come back.
      this.notice.hidden = false;
      setText(this.notice, `What is stored could not be read (${(error as Error).message}). The next try follows.`);
      this.timer = window.setTimeout(this.look, LIVE_MS);
    }
  }

  private async take(runs: readonly LibraryEntry[], studies: readonly StoredStudy[]): Promise<void> {
    const isOther = runs.length !== this.entries.size || runs.some(({ id }) => !this.entries.has(id));
    const configs = isOther ? await this.page.get<Configs>('configs') : this.configs;
    if (this.isRemoved) return;
    this.entries = new Map(runs.map((run) => [run.id, run]));
    [this.studies, this.configs] = [studies, configs];
    this.render();
  }

  /** Chooses, and writes it into the address without opening the view anew. */
  private choose(choice: Choice): void {
    this.choice = choice;
    const given = FIELDS.flatMap((field) => (choice[field] === undefined ? [] : [[field, choice[field]]]));
    putAddress(`#dashboard?${new URLSearchParams(given as [string, string][])}`);
    this.render();
  }

  /** The study on show: the one chosen, else the first; null where there is none or all runs are asked for. */
  private study(): StoredStudy | null {
    const { study } = this.choice;
    if (study === ALL_RUNS) return null;
    return this.studies.find(({ id }) => id === study) ?? this.studies[0] ?? null;
  }

  private render(): void {
    const hasRuns = this.entries.size > 0;
    this.notice.hidden = hasRuns;
    setText(this.notice, 'No run is stored here yet. Start one (ngplus train breakout) and it appears by itself.');
    this.showSections(hasRuns);
    if (!hasRuns) return;
    const study = this.study();
    const others = [...this.studies.map(({ id }) => [id, studyName(id)] as const), [ALL_RUNS, 'all runs'] as const];
    this.studyPicker.show(others, study?.id ?? ALL_RUNS);
    this.studyPicker.element.hidden = this.studies.length === 0;
    this.matrix.hidden = study === null;
    if (study !== null) this.renderMatrix(study);
    this.renderCurves(study);
    this.renderRuns(study);
  }

  private showSections(isShown: boolean): void {
    for (const element of [this.studyPicker.element, this.matrix, this.curvesSection, this.tableSection]) {
      element.hidden = !isShown;
    }
  }

  private renderMatrix(study: StoredStudy): void {
    const methods = transfersByMethod(study.pairs).map(([method]) => method);
    const pairs = this.shownPairs(study);
    this.methodPicker.show(
      methods.map((method) => [method, method]),
      pairs[0]?.method ?? '',
    );
    this.methodPicker.element.hidden = methods.length < 2;
    setText(this.verdict, study.verdict ?? 'This study is under way: cells are filled when it is finished.');
    const { source, target } = this.choice;
    const table = matrixTable(
      pairs,
      (pair) => pair.source === source && pair.target === target,
      (pair) => this.choose({ ...this.choice, source: pair.source, target: pair.target, env: undefined }),
    );
    keepFocus(this.matrixPlace, () => this.matrixPlace.replaceChildren(table));
  }

  /** The pairs of the method on show. */
  private shownPairs(study: StoredStudy): readonly StudiedPair[] {
    const byMethod = new Map(transfersByMethod(study.pairs));
    return byMethod.get(this.choice.method ?? '') ?? [...byMethod.values()][0] ?? [];
  }

  private renderCurves(study: StoredStudy | null): void {
    const targets = study?.pairs.map(({ target }) => target) ?? [];
    const runs = [...this.entries.values()];
    const envs = [...new Set([...targets, ...(study === null ? runs.map(({ env }) => env) : [])])];
    const { source, target } = this.choice;
    const isPair = study !== null && source !== undefined && target !== undefined;
    const env = this.choice.env ?? (isPair ? undefined : envs[0]);
    const options = envs.map((each) => [each, `all arms on ${each}`] as const);
    this.envPicker.show(env === undefined ? [['', `${source} → ${target}`], ...options] : options, env ?? '');
    const curves: ArmCurve[] =
      env !== undefined
        ? envCurves(env, study, this.entries)
        : isPair
          ? pairCurves(study, source, target, this.entries)
          : [];
    const title = env === undefined ? `return on ${target}, from ${source} and from scratch` : `return on ${env}`;
    this.curves.show(curves, title);
  }

  private renderRuns(study: StoredStudy | null): void {
    const runs = study === null ? [...this.entries.values()] : study.runs.flatMap((id) => this.entries.get(id) ?? []);
    this.table.show(runs, this.configs, this.choice.run ?? null);
    const run = this.entries.get(this.choice.run ?? '');
    if (this.details !== null && this.details.id === run?.id) return this.details.update(run);
    this.details?.remove();
    this.details = null;
    if (run === undefined) return;
    const own = this.configs.runs[run.id] ?? {};
    this.details = new RunDetails(this.page, run, { ...this.configs.shared, ...own }, Object.keys(own));
    this.detailsPlace.replaceChildren(this.details.element);
    this.details.update(run);
    this.detailsPlace.scrollIntoView({ block: 'nearest' });
  }

  private matrixResults() {
    const study = this.study();
    if (study === null) return null;
    const results = this.shownPairs(study).flatMap(({ result, ...pair }) =>
      result === null ? [] : { ...pair, ...result },
    );
    return results.length === 0 ? null : { study, results };
  }

  private matrixSvg(): string | null {
    const found = this.matrixResults();
    return found && matrixChart(found.results, studyName(found.study.id)).text;
  }

  private matrixCsv(): string | null {
    const found = this.matrixResults();
    return found && pairsCsv(found.results);
  }
}

/** Stands in the address for no study: all runs there are. */
const ALL_RUNS = '*';

const studyName = (id: string): string => (id === '.' ? 'this study' : id);

/** A named list of which one is chosen. */
function picker(name: string, onChoose: (value: string) => void) {
  const select = h('select');
  select.addEventListener('change', () => onChoose(select.value));
  return {
    element: h('label', { class: 'picker' }, `${name} `, select),
    show(options: readonly (readonly [value: string, text: string])[], chosen: string): void {
      const told = JSON.stringify(options);
      if (select.dataset['options'] !== told) {
        select.dataset['options'] = told;
        select.replaceChildren(...options.map(([value, text]) => h('option', { value }, text)));
      }
      select.value = chosen;
    },
  };
}
