import { svg } from './elements.ts';

const WIDTH = 120;
const HEIGHT = 32;
const POINTS = 80;

/** A small line of the latest values; a gap where there was none. */
export class Sparkline {
  readonly element = svg('svg', {
    class: 'sparkline',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  private readonly area = svg('path', { class: 'area' });
  private readonly line = svg('path', { class: 'line' });
  private values: number[] = [];

  constructor() {
    this.element.append(this.area, this.line);
  }

  clear(): void {
    this.values = [];
  }

  push(value: number): void {
    this.values.push(value);
    if (this.values.length > POINTS) this.values.shift();
    const low = Math.min(0, ...this.values);
    const range = Math.max(1e-9, Math.max(...this.values) - low);
    const step = WIDTH / (POINTS - 1);
    const points = this.values.map((v, i) => [i * step, HEIGHT - 2 - ((v - low) / range) * (HEIGHT - 4)]);
    const path = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L');
    this.line.setAttribute('d', `M${path}`);
    this.area.setAttribute('d', `M0 ${HEIGHT}L${path}L${points.at(-1)![0].toFixed(1)} ${HEIGHT}Z`);
  }
}
