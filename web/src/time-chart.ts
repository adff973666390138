import { h, setText, svg } from './elements.ts';
import { score } from './numbers.ts';

/** One line of a chart over the steps of an episode. */
export interface ChartLine {
  /** Of each step; null: a gap. */
  readonly values: readonly (number | null)[];
  readonly colour: string;
  readonly line: 'solid' | 'dashed' | 'dotted';
}

/** Something that happened at a step. */
export interface ChartMark {
  readonly at: number;
  readonly sign: string;
  readonly title: string;
}

const DASHES = { solid: undefined, dashed: '7 4', dotted: '2 4' } as const;

/** Lines over the steps of an episode, with a cursor at the step on show. Pressed, it leads there. */
export class TimeChart {
  readonly element: HTMLElement;
  private readonly lines = svg('g', { class: 'lines' });
  private readonly drawing = svg(
    'svg',
    { viewBox: '0 0 100 100', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    this.lines,
  );
  private readonly pointer = h('span', { class: 'cursor' });
  private readonly marks = h('div', { class: 'marks' });
  private readonly high = h('span', { class: 'bound high' });
  private readonly low = h('span', { class: 'bound low' });
  private readonly plot = h('div', { class: 'plot' }, this.drawing, this.pointer, this.marks);
  private last = 1;

  /** `seek` is told the step that was pressed. */
  constructor(label: string, seek: (step: number) => void) {
    const title = h('figcaption', {}, label);
    this.element = h('figure', { class: 'time-chart' }, title, this.high, this.low, this.plot);
    this.plot.addEventListener('pointerdown', ({ clientX }) => {
      const { left, width } = this.plot.getBoundingClientRect();
      seek(Math.round(((clientX - left) / width) * this.last));
    });
  }

  /** Over the steps 0 to `last`; the vertical axis reaches from `low` to `high` at least. */
  draw(lines: readonly ChartLine[], last: number, { low = 0, high = 0 } = {}): void {
    this.last = Math.max(1, last);
    const known = lines.flatMap(({ values }) => values.filter((value) => value !== null));
    const [least, most] = [Math.min(low, ...known), Math.max(high, ...known)];
    const range = Math.max(1e-9, most - least);
    setText(this.high, score(Number(most.toFixed(2))));
    setText(this.low, score(Number(least.toFixed(2))));
    const pathOf = (values: ChartLine['values']): string => {
      const points = values.map((value, step) =>
        value === null
          ? null
          : `${((100 * step) / this.last).toFixed(2)} ${(97 - (94 * (value - least)) / range).toFixed(2)}`,
      );
      return points
        .map((point, i) => (point === null ? '' : `${(points[i - 1] ?? null) === null ? 'M' : 'L'}${point}`))
        .join('');
    };
    this.lines.replaceChildren(
      ...lines.map(({ values, colour, line }) =>
        svg('path', { d: pathOf(values), stroke: colour, 'stroke-dasharray': DASHES[line] }),
      ),
    );
  }

  mark(marks: readonly ChartMark[]): void {
    this.marks.replaceChildren(
      ...marks.map(({ at, sign, title }) =>
        h('span', { style: `left: ${(100 * at) / this.last}%`, title, 'data-at': at }, sign),
      ),
    );
  }

  cursor(step: number): void {
    this.pointer.style.left = `${(100 * Math.min(step, this.last)) / this.last}%`;
  }
}
