import { svg } from './elements.ts';

const WIDTH = 120;
const HEIGHT = 32;
/** Values a line has room for. */
export const SPARKLINE_POINTS = 80;

/** A small line of the latest values. */
export class Sparkline {
  readonly element = svg('svg', {
    class: 'sparkline',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  private readonly area = svg('path', { class: 'area' });
  private readonly line = svg('path', { class: 'line' });

  constructor() {
    this.element.append(this.area, this.line);
  }

  /** At most `SPARKLINE_POINTS` of them; none: an empty line. */
  show(values: readonly number[]): void {
    if (values.length === 0) {
      this.line.removeAttribute('d');
      this.area.removeAttribute('d');
      return;
    }
    const low = Math.min(0, ...values);
    const range = Math.max(1e-9, Math.max(...values) - low);
    const step = WIDTH / (SPARKLINE_POINTS - 1);
    const points = values.map((v, i) => [i * step, HEIGHT - 2 - ((v - low) / range) * (HEIGHT - 4)]);
    const path = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L');
    this.line.setAttribute('d', `M${path}`);
    this.area.setAttribute('d', `M0 ${HEIGHT}L${path}L${points.at(-1)![0].toFixed(1)} ${HEIGHT}Z`);
  }
}
