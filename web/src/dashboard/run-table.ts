import type { LibraryEntry } from '../../../src/live/library.ts';
import { apart, type Configs, type Settings } from '../../../src/live/settings.ts';
import { type Cell, csv } from '../../../src/report/csv.ts';
import { armStyle } from '../arms.ts';
import { h, setText } from '../elements.ts';
import { keepFocus } from '../keep-focus.ts';
import { score, steps } from '../numbers.ts';

/** Rows shown without being asked for. */
const MOST_ROWS = 40;

/** A column: what it says of a run, and how that is written. */
interface Column {
  readonly name: string;
  /** The whole name of a setting, where the column is one. */
  readonly title: string;
  value(run: LibraryEntry): Cell;
  text(value: Cell): string;
}

const plain = (value: Cell): string => (value === null ? '' : String(value));
const counted = (value: Cell): string => (typeof value === 'number' ? steps(value) : '');

const FIXED: readonly Column[] = [
  { name: 'run', title: 'run', value: ({ label }) => label, text: plain },
  { name: 'environment', title: 'environment', value: ({ env }) => env, text: plain },
  { name: 'arm', title: 'arm', value: ({ arm }) => arm ?? '', text: plain },
  { name: 'seed', title: 'seed', value: ({ seed }) => seed, text: plain },
  { name: 'state', title: 'state', value: ({ state }) => state, text: plain },
  { name: 'steps', title: 'training steps', value: ({ step }) => step, text: counted },
  {
    name: 'return',
    title: 'mean return of the last evaluation',
    value: ({ evaluations }) => evaluations.at(-1)?.[1] ?? null,
    text: (value) => (typeof value === 'number' ? score(value) : ''),
  },
];

/** Settings that have a column of their own already, or follow from others. */
const TOLD = ['env', 'seed'];

/** The runs with what differs between their settings: sorted by any column, filtered by any word in them. */
export class RunTable {
  private readonly told = h('p', { class: 'small', role: 'status' });
  /** Stays when its table is drawn anew, so that it stands where it has been scrolled to. */
  private readonly scroll = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Table of runs' });
  private readonly more = h('button', { type: 'button', class: 'chip' });
  readonly element = h('div', { class: 'runs' }, this.told, this.scroll, this.more);
  readonly filter = h('input', {
    type: 'search',
    placeholder: 'filter, e.g. asterix transferred',
    'aria-label': 'Filter runs',
  });
  private readonly onChoose: (id: string) => void;
  private runs: readonly LibraryEntry[] = [];
  private configs: Configs = { shared: {}, runs: {} };
  private columns: readonly Column[] = FIXED;
  private chosen: string | null = null;
  private sort: { readonly name: string; readonly isDown: boolean } | null = null;
  private showsAll = false;

  constructor(onChoose: (id: string) => void) {
    this.onChoose = onChoose;
    this.filter.addEventListener('input', () => this.render());
    this.more.addEventListener('click', () => {
      this.showsAll = true;
      this.render();
    });
  }

  show(runs: readonly LibraryEntry[], configs: Configs, chosen: string | null): void {
    [this.runs, this.configs, this.chosen] = [runs, configs, chosen];
    const differing = [...new Set(Object.values(this.differing()).flatMap((own) => Object.keys(own)))];
    this.columns = [
      ...FIXED,
      ...differing.filter((name) => !TOLD.includes(name)).map((name) => this.settingColumn(name)),
    ];
    this.render();
  }

  csv(): string {
    const rows = this.listed().map((run) => this.columns.map((column) => column.value(run)));
    return csv([
      ['id', ...this.columns.map(({ title }) => title)],
      ...rows.map((row, i) => [this.listed()[i].id, ...row]),
    ]);
  }

  /** What each run has of its own among those on show. */
  private differing(): Configs['runs'] {
    const { shared, runs } = this.configs;
    const shown = this.runs.filter(({ id }) => id in runs);
    return apart(shown.map(({ id }): [string, Settings] => [id, { ...shared, ...runs[id] }])).runs;
  }

  private settingColumn(name: string): Column {
    return {
      name: name.split('.').at(-1)!,
      title: name,
      value: ({ id }) => {
        const value = { ...this.configs.shared, ...this.configs.runs[id] }[name];
        return typeof value === 'boolean' ? String(value) : (value ?? null);
      },
      text: plain,
    };
  }

  /** The runs that pass the filter, in order. */
  private listed(): LibraryEntry[] {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.runs.filter((run) => {
      const text = this.columns
        .map((column) => plain(column.value(run)))
        .join(' ')
        .toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const column = this.columns.find(({ title }) => title === this.sort?.name);
    if (column === undefined) return found;
    const order = cellOrder(this.sort!.isDown);
    return found.toSorted((a, b) => order(column.value(a), column.value(b)));
  }

  private render(): void {
    const listed = this.listed();
    const rows = this.showsAll ? listed : listed.slice(0, MOST_ROWS);
    const common = new Map(
      this.columns.map((column) => [column, commonest(this.runs.map((run) => column.value(run)))]),
    );
    setText(
      this.told,
      `${rows.length} of ${this.runs.length} runs. Settings that all have in common have no column; coloured ones are not the usual value.`,
    );
    const table = h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...this.columns.map((column) => this.head(column)))),
      h('tbody', {}, ...rows.map((run) => this.row(run, common))),
    );
    keepFocus(this.scroll, () => this.scroll.replaceChildren(table));
    setText(this.more, `Show all ${listed.length}`);
    this.more.hidden = rows.length === listed.length;
  }

  private head({ name, title }: Column): HTMLElement {
    const isSorted = this.sort?.name === title;
    const arrow = isSorted ? (this.sort!.isDown ? ' ↓' : ' ↑') : '';
    const button = h(
      'button',
      { type: 'button', title: `Sort by ${title}`, 'data-focus': `sort ${title}` },
      name + arrow,
    );
    button.addEventListener('click', () => {
      this.sort = { name: title, isDown: isSorted && !this.sort!.isDown };
      this.render();
    });
    const order = isSorted ? (this.sort!.isDown ? 'descending' : 'ascending') : undefined;
    return h('th', { scope: 'col', 'aria-sort': order }, button);
  }

  private row(run: LibraryEntry, common: ReadonlyMap<Column, Cell>): HTMLElement {
    const { colour, mark } = armStyle(run.arm);
    const button = h('button', {
      type: 'button',
      'aria-pressed': String(run.id === this.chosen),
      'data-focus': `run ${run.id}`,
    });
    button.append(
      h('span', { class: 'mark', 'aria-hidden': 'true', style: `--arm: ${colour}` }, mark),
      ` ${run.label}`,
    );
    button.addEventListener('click', () => this.onChoose(run.id));
    const cells = this.columns.slice(1).map((column) => {
      const value = column.value(run);
      const differs = !FIXED.includes(column) && value !== common.get(column);
      return h('td', { class: differs ? 'differs' : undefined }, column.text(value));
    });
    return h('tr', { 'data-run': run.id }, h('th', { scope: 'row' }, button), ...cells);
  }
}

/** Numbers by size, all else by the alphabet, upwards or downwards; nothing last, either way. */
export function cellOrder(isDown: boolean): (a: Cell, b: Cell) => number {
  const sign = isDown ? -1 : 1;
  return (a, b) => {
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return sign * String(a).localeCompare(String(b), 'en', { numeric: true });
  };
}

function commonest(values: readonly Cell[]): Cell {
  const counts = new Map<Cell, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best), [null, 0] as [Cell, number])[0];
}
