import { svg } from './elements.ts';

const WIDTH = 120;
const HEIGHT = 36;

/** A learning curve without axes; a click gives the training step below it. */
export class SmallCurve {
  private readonly area = svg('path', { class: 'area' });
  private readonly line = svg('path', { class: 'line' });
  private readonly marks = svg('path', { class: 'marks' });
  private readonly head = svg('path', { class: 'head' });
  readonly element = svg(
    'svg',
    { class: 'small-curve', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
    this.area,
    this.line,
    this.marks,
    this.head,
  );
  private last = 1;

  constructor(pick?: (step: number) => void) {
    if (pick === undefined) return;
    this.element.classList.add('picks');
    this.element.addEventListener('click', (event) => {
      event.preventDefault();
      const { left, width } = this.element.getBoundingClientRect();
      pick(Math.max(0, Math.min(1, (event.clientX - left) / width)) * this.last);
    });
  }

  /** Evaluations, on an axis up to training step `last`; the line stands at `at`, and `marks` have a tick each. */
  show(
    points: readonly (readonly [step: number, mean: number])[],
    last: number,
    { at, marks = [] }: { at?: number; marks?: readonly number[] } = {},
  ): void {
    this.last = Math.max(1, last);
    const means = points.map(([, mean]) => mean);
    const low = Math.min(0, ...means);
    const range = Math.max(1e-9, Math.max(0, ...means) - low);
    const x = (step: number): string => ((step / this.last) * WIDTH).toFixed(1);
    const path = points.map(
      ([step, mean]) => `${x(step)} ${(HEIGHT - 2 - ((mean - low) / range) * (HEIGHT - 4)).toFixed(1)}`,
    );
    const isLine = points.length > 1;
    this.line.setAttribute('d', isLine ? `M${path.join('L')}` : '');
    this.area.setAttribute(
      'd',
      isLine ? `M${x(points[0][0])} ${HEIGHT}L${path.join('L')}L${x(points.at(-1)![0])} ${HEIGHT}Z` : '',
    );
    this.head.setAttribute('d', at === undefined ? '' : `M${x(at)} 0V${HEIGHT}`);
    this.marks.setAttribute('d', marks.map((step) => `M${x(step)} ${HEIGHT - 5}V${HEIGHT}`).join(''));
    const summary = isLine ? `Mean return from ${means[0].toFixed(1)} to ${means.at(-1)!.toFixed(1)}` : 'No curve yet';
    this.element.setAttribute('aria-label', summary);
  }
}
