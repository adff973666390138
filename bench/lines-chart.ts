// Learning curves of several algorithms as an SVG: a thin line for each run, a thick one for their mean.
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

echarts.use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

export interface Lines {
  readonly name: string;
  readonly frames: number;
  /** Equal parts of the training, by run. */
  readonly runs: readonly (readonly (number | null)[])[];
}

/** Okabe & Ito's colours: told apart by every kind of colour vision; dashes say the same again. */
const STYLES = [
  { color: '#0072B2', type: 'solid' },
  { color: '#D55E00', type: 'dashed' },
  { color: '#009E73', type: 'dotted' },
] as const;

export function linesChart(title: string, lines: readonly Lines[]): string {
  const series = lines.flatMap(({ name, frames, runs }, i) => {
    const { color, type } = STYLES[i % STYLES.length];
    const points = runs[0].length;
    const at = (point: number): number => (frames * (point + 0.5)) / points / 1e6;
    const curve = (values: readonly (number | null)[]) => values.map((value, point) => [at(point), value]);
    const means = Array.from({ length: points }, (_, point) => {
      const known = runs.flatMap((run) => run[point] ?? []);
      return known.length === runs.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
    });
    const common = { type: 'line', symbol: 'none', silent: true };
    return [
      ...runs.map((run) => ({ ...common, data: curve(run), lineStyle: { color, width: 1, opacity: 0.35 } })),
      { ...common, name, data: curve(means), itemStyle: { color }, lineStyle: { color, width: 2.5, type } },
    ];
  });
  const chart = echarts.init(null, undefined, { renderer: 'svg', ssr: true, width: 640, height: 360 });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    title: { text: `${title}: training return`, left: 12, top: 8, textStyle: { fontSize: 15 } },
    legend: { data: lines.map(({ name }) => name), right: 16, top: 10 },
    grid: { left: 52, right: 20, top: 44, bottom: 44 },
    xAxis: { type: 'value', name: 'million frames', nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'value' },
    series,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg.replace(/\bzr\d+-/g, 'c-')}\n`;
}
