import type { ArmStyle } from './arms.ts';
import { h, setText, svg } from './elements.ts';
import { score } from './numbers.ts';

/** One line of a chart; a gap where the height is null. */
export interface ChartLine {
  readonly points: readonly (readonly [at: number, height: number | null])[];
  readonly colour: string;
  readonly line: ArmStyle['line'];
}

/** Something that happened somewhere along the chart. */
export interface ChartMark {
  readonly at: number;
  readonly sign: string;
  readonly title: string;
}

const DASHES = { solid: undefined, dashed: '7 4', dotted: '2 4' } as const;

/** Lines over steps, from 0 on, with a cursor at the step on show. Pressed, it leads there. */
export class LineChart {
  readonly element: HTMLElement;
  private readonly lines = svg('g');
  private readonly drawing = svg(
    'svg',
    { viewBox: '0 0 100 100', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    this.lines,
  );
  private readonly pointer = h('span', { class: 'cursor' });
  private readonly marks = h('div', { class: 'marks' });
  private readonly high = h('span', { class: 'bound high' });
  private readonly low = h('span', { class: 'bound low' });
  private readonly now = h('output');
  private readonly plot = h('div', { class: 'plot' }, this.drawing, this.pointer, this.marks);
  private last = 1;

  /** `seek` is told the step that was pressed. */
  constructor(label: string, seek: (step: number) => void) {
    const title = h('figcaption', {}, `${label} `, this.now);
    this.element = h('figure', { class: 'line-chart', 'aria-label': label }, title, this.high, this.low, this.plot);
    this.plot.addEventListener('pointerdown', ({ clientX }) => {
      const { left, width } = this.plot.getBoundingClientRect();
      seek(Math.round(((clientX - left) / width) * this.last));
    });
  }

  /** Over the steps 0 to `last`; the vertical axis reaches from `low` to `high` at least. */
  draw(lines: readonly ChartLine[], last: number, { low = 0, high = 0 } = {}): void {
    this.last = Math.max(1, last);
    const known = lines.flatMap(({ points }) => points.flatMap(([, height]) => height ?? []));
    const [least, most] = [Math.min(low, ...known), Math.max(high, ...known)];
    const range = Math.max(1e-9, most - least);
    setText(this.high, score(Number(most.toFixed(2))));
    setText(this.low, score(Number(least.toFixed(2))));
    const place = ([at, height]: readonly [number, number]): string =>
      `${((100 * at) / this.last).toFixed(2)} ${(96 - (92 * (height - least)) / range).toFixed(2)}`;
    const pathOf = ({ points }: ChartLine): string =>
      points
        .map(([at, height], i) => {
          if (height === null) return '';
          return `${(points[i - 1]?.[1] ?? null) === null ? 'M' : 'L'}${place([at, height])}`;
        })
        .join('');
    this.lines.replaceChildren(
      ...lines.map((line) =>
        svg('path', { d: pathOf(line), stroke: line.colour, 'stroke-dasharray': DASHES[line.line] }),
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

  /** Puts the cursor there; `now` says in the title how things stand. */
  cursor(step: number, now = ''): void {
    this.pointer.style.left = `${(100 * Math.min(step, this.last)) / this.last}%`;
    setText(this.now, now);
  }
}
