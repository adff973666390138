import { CustomChart, LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { type Band, meanBand } from '../stats/band.ts';
import type { Comparison } from '../stats/compare.ts';
import type { Arm } from '../stats/curve.ts';
import { number, steps as stepsText } from '../stats/verdict.ts';
import { Markup } from './markup.ts';
import { extent, niceTicks } from './scale.ts';

echarts.use([CustomChart, LineChart, GridComponent, SVGRenderer]);

/** Okabe & Ito's amber and sky: told apart by every kind of colour vision; dashes and markers say the same again. */
const SCRATCH = '#E69F00';
const TRANSFERRED = '#56B4E9';
const MUTED = '#9AA6B2';
const GRID = '#262E38';
const TEXT = '#E8ECF1';

const WIDTH = 1040;
const HEIGHT = 430;

export interface CurveChartInput {
  readonly scratch: Arm;
  readonly transfer: Arm;
  readonly random: number;
  readonly comparison: Comparison;
}

/** Learning curves of both arms as an SVG: single runs thin, means with their intervals, random play, the threshold. `id` starts every id in it. */
export function curveChart({ scratch, transfer, random, comparison }: CurveChartInput, id: string): Markup {
  const { level, budget } = comparison;
  const bands = [scratch, transfer].map((arm) => meanBand(arm.curves, level));
  const returns = [scratch, transfer].flatMap((arm) => arm.curves.flatMap((curve) => curve.returns));
  const shown = [...returns, ...bands.flatMap(({ low, high }) => [...low, ...high]), random];
  const [low, high] = extent(shown);
  const rows = niceTicks(low, high, 6);
  const columns = niceTicks(0, budget, 7).filter((step) => step <= budget);
  const arms = [
    { arm: scratch, band: bands[0], color: SCRATCH, symbol: 'triangle', dash: [9, 6] },
    { arm: transfer, band: bands[1], color: TRANSFERRED, symbol: 'circle', dash: 'solid' as const },
  ];
  const series = [
    ...arms.map(({ band, color }) => bandSeries(band, color)),
    ...arms.flatMap(({ arm, color }) => arm.curves.map((curve) => runSeries(zip(curve.steps, curve.returns), color))),
    randomSeries(random, budget),
    ...arms.map(({ band, color, symbol, dash }) => ({
      type: 'line',
      data: zip(band.steps, band.mean),
      symbol,
      symbolSize: symbol === 'triangle' ? 9 : 8,
      itemStyle: { color },
      lineStyle: { color, width: 2.5, type: dash },
      z: 5,
    })),
    ...thresholdSeries(comparison),
  ];
  return render(id, {
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: { left: 56, right: 24, top: 30, bottom: 44 },
    xAxis: {
      type: 'value',
      max: budget,
      name: 'environment steps on the target',
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: { color: MUTED, fontSize: 13 },
      axisLabel: { color: MUTED, fontSize: 13, customValues: columns, formatter: (value: number) => stepsText(value) },
      axisLine: { lineStyle: { color: MUTED } },
      axisTick: { lineStyle: { color: MUTED }, customValues: columns },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: rows[0],
      max: rows[rows.length - 1],
      interval: rows[1] - rows[0],
      name: 'return',
      nameTextStyle: { color: MUTED, fontSize: 13, align: 'right' },
      axisLabel: { color: MUTED, fontSize: 13 },
      splitLine: { lineStyle: { color: GRID } },
    },
    series,
  });
}

const zip = (xs: readonly number[], ys: readonly number[]): [number, number][] => xs.map((x, i) => [x, ys[i]]);

/** One polygon around the interval: a custom series, as stacked areas go wrong where the bounds meet. */
function bandSeries({ steps, low, high }: Band, color: string) {
  const outline = [...zip(steps, high), ...zip(steps, low).reverse()];
  return {
    type: 'custom',
    data: [outline.flat()],
    encode: { x: -1, y: -1 },
    clip: true,
    silent: true,
    renderItem: (_: unknown, api: { coord(point: [number, number]): number[] }) => ({
      type: 'polygon',
      shape: { points: outline.map((point) => api.coord(point)) },
      style: { fill: color, opacity: 0.2 },
    }),
  };
}

function runSeries(data: [number, number][], color: string) {
  return { type: 'line', data, symbol: 'none', silent: true, lineStyle: { color, width: 1, opacity: 0.35 }, z: 2 };
}

function randomSeries(random: number, budget: number) {
  return {
    type: 'line',
    data: [[0, random], { value: [budget, random], label: noteLabel('random play', 'left', [-6, -9]) }],
    ...UNSEEN_SYMBOL,
    lineStyle: { color: MUTED, width: 1.5, type: [2, 5] },
  };
}

/** Between the two crossings of the threshold: what transfer saved, or cost. */
function thresholdSeries({ arms, threshold, primary }: Comparison) {
  const [s, t] = [arms.scratch.steps.value, arms.transfer.steps.value];
  if (primary !== 'ratio' || s === null || t === null) return [];
  const end = (step: number, position: 'left' | 'right') => ({
    value: [step, threshold.value],
    label: noteLabel(stepsText(step), position, position === 'left' ? [-8, -12] : [8, 13], TEXT),
  });
  return [
    {
      type: 'line',
      data: [end(t, t <= s ? 'left' : 'right'), end(s, t <= s ? 'right' : 'left')],
      symbol: 'diamond',
      symbolSize: 9,
      silent: true,
      itemStyle: { color: TEXT },
      lineStyle: { color: TEXT, width: 1.5 },
      z: 8,
    },
    {
      type: 'line',
      data: [
        { value: [0, threshold.value], label: noteLabel(`return ${number(threshold.value)}`, 'right', [2, 11]) },
        [Math.max(s, t), threshold.value],
      ],
      ...UNSEEN_SYMBOL,
      lineStyle: { color: MUTED, width: 1, type: [2, 4] },
    },
  ];
}

/** A point's label is drawn only where the point has a symbol. */
const UNSEEN_SYMBOL = { symbol: 'circle', symbolSize: 0.1, silent: true, itemStyle: { color: 'transparent' } };

function noteLabel(text: string, position: 'left' | 'right', offset: [number, number], color = MUTED) {
  return { show: true, formatter: () => text, position, offset, color, fontSize: 13 };
}

/** Server-side: SVG without a DOM. */
function render(id: string, option: Record<string, unknown>): Markup {
  const chart = echarts.init(null, undefined, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return new Markup(tidy(svg, id));
}

/** Leaves out what only live charts need; ids that count up over the process become the chart's own. */
function tidy(svg: string, id: string): string {
  return svg
    .replace(/\bzr\d+-(?=c\d)/g, `${id}-`)
    .replace(/<style\s*>[\s\S]*?<\/style>/g, '')
    .replace(
      / (class="zr[^"]*"|pointer-events="visible"|ecmeta_\w+="[^"]*"|xmlns:xlink="[^"]*"|baseProfile="full")/g,
      '',
    )
    .replace(/^<svg width="\d+" height="\d+"/, '<svg role="img" aria-label="Learning curves of both arms"');
}
