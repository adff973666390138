import { CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { score, steps, tick } from '../numbers.ts';
import type { LineStyle } from './line-style.ts';
import { prefersStillness } from '../stillness.ts';

echarts.use([CustomChart, LineChart, GridComponent, LegendComponent, TitleComponent, TooltipComponent, SVGRenderer]);

/** `[training step, value, low, high]`; without the last two, no interval is known. */
export type PlotPoint = readonly [step: number, value: number | null, low?: number, high?: number];

export interface PlotLine {
  readonly label: string;
  readonly style: LineStyle;
  readonly points: readonly PlotPoint[];
}

/** One pair of axes with its lines. */
export interface Plot {
  readonly title: string;
  readonly lines: readonly PlotLine[];
}

interface Layout {
  /** Plots in a row. */
  readonly columns: number;
  /** Of a plot, in pixels. */
  readonly height: number;
  readonly hasLegend: boolean;
  /** Points that can be picked have marks. */
  readonly hasMarks: boolean;
}

const TEXT = '#E8ECF1';
const MUTED = '#9AA6B2';
const PANEL = '#171C24';
const GAP = 34;
/** Room above a plot for its title, with the legend below that. */
const HEAD = 34;
const LEGEND = 25;
const FOOT = 30;

/** Plots in rows and columns, all over training steps, as one SVG. */
export class PlotsChart {
  private readonly chart: echarts.ECharts;
  private readonly element: HTMLElement;
  private readonly observer: ResizeObserver;
  private shown: { readonly plots: readonly Plot[]; readonly layout: Layout } | null = null;

  /** `onPick` hears of a point that was clicked: of the line's label and the training step. */
  constructor(element: HTMLElement, onPick?: (label: string, step: number) => void) {
    this.element = element;
    this.chart = echarts.init(element, null, { renderer: 'svg' });
    this.observer = new ResizeObserver(() => {
      this.chart.resize();
      if (this.shown !== null) this.show(this.shown.plots, this.shown.layout);
    });
    this.observer.observe(element);
    this.chart.on('click', ({ seriesName, value }) => {
      if (seriesName !== undefined && Array.isArray(value)) onPick?.(seriesName, Number(value[0]));
    });
  }

  show(plots: readonly Plot[], layout: Layout): void {
    this.shown = { plots, layout };
    const columns = Math.max(1, Math.min(layout.columns, plots.length));
    const rows = Math.ceil(plots.length / columns);
    const legendRows = layout.hasLegend ? legendRowsOf(plots[0].lines, this.chart.getWidth()) : 0;
    const head = HEAD + legendRows * LEGEND;
    const rowHeight = head + layout.height + FOOT;
    this.element.style.height = `${rows * rowHeight}px`;
    this.chart.resize();
    const width = (this.chart.getWidth() - (columns - 1) * GAP - 4) / columns;
    const left = (i: number): number => (i % columns) * (width + GAP);
    const top = (i: number): number => Math.floor(i / columns) * rowHeight;
    const isCalm = prefersStillness();
    this.chart.setOption(
      {
        animation: !isCalm,
        animationDuration: 300,
        animationDurationUpdate: 300,
        backgroundColor: PANEL,
        // ECharts writes it into attributes as it is.
        textStyle: { fontFamily: getComputedStyle(document.body).fontFamily.replaceAll('"', "'") },
        title: plots.map(({ title }, i) => ({
          text: title,
          left: left(i),
          top: top(i),
          textStyle: { color: TEXT, fontSize: 13, fontWeight: 600, width: width - 10, overflow: 'truncate' },
        })),
        legend: layout.hasLegend
          ? {
              left: 0,
              top: HEAD - 6,
              itemWidth: 40,
              textStyle: { color: TEXT },
              data: plots[0].lines.map((l) => l.label),
            }
          : undefined,
        grid: plots.map((_, i) => ({
          left: left(i),
          top: top(i) + head,
          width: width - 8,
          height: layout.height,
          containLabel: true,
        })),
        tooltip: {
          trigger: 'axis',
          backgroundColor: PANEL,
          borderColor: '#2A3240',
          textStyle: { color: TEXT },
          valueFormatter: (value: unknown) => (typeof value === 'number' ? score(value) : ''),
        },
        xAxis: plots.map((_, gridIndex) => ({
          type: 'value',
          gridIndex,
          max: 'dataMax',
          axisLabel: { color: MUTED, formatter: steps, hideOverlap: true, showMaxLabel: false },
          axisLine: { lineStyle: { color: '#3A4454' } },
          splitLine: { show: false },
        })),
        yAxis: plots.map((_, gridIndex) => ({
          type: 'value',
          gridIndex,
          scale: true,
          splitNumber: layout.height < 150 ? 3 : 5,
          axisLabel: { color: MUTED, formatter: tick },
          splitLine: { lineStyle: { color: '#232B37' } },
        })),
        series: plots.flatMap(({ lines }, axis) =>
          lines.flatMap((line) => [bandOf(line, axis), lineOf(line, axis, layout.hasMarks)]),
        ),
      },
      { replaceMerge: ['series', 'grid', 'xAxis', 'yAxis', 'title'] },
    );
  }

  /** What is on show as the text of an SVG file. */
  svg(): string {
    return this.chart.renderToSVGString();
  }

  remove(): void {
    this.observer.disconnect();
    this.chart.dispose();
  }
}

/** Rows that a legend of these lines needs: by the widths of its letters, about. */
function legendRowsOf(lines: readonly PlotLine[], width: number): number {
  let rows = 1;
  let used = 0;
  for (const { label } of lines) {
    const own = 62 + 7 * label.length;
    if (used > 0 && used + own > width) {
      rows++;
      used = 0;
    }
    used += own;
  }
  return rows;
}

const idOf = (line: PlotLine, axis: number): string => `${axis} ${line.label}`;

function lineOf(line: PlotLine, axis: number, hasMarks: boolean): object {
  const { colour, symbol, dash } = line.style;
  return {
    type: 'line',
    id: `line ${idOf(line, axis)}`,
    name: line.label,
    xAxisIndex: axis,
    yAxisIndex: axis,
    data: line.points.map(([step, value]) => [step, value]),
    symbol,
    showSymbol: hasMarks,
    symbolSize: 9,
    cursor: hasMarks ? 'pointer' : 'default',
    connectNulls: true,
    lineStyle: { color: colour, width: hasMarks ? 2.5 : 1.8, type: dash },
    itemStyle: { color: colour },
    z: 3,
  };
}

/** The interval around the mean as one polygon: stacked areas would glitch where its bounds meet. */
function bandOf(line: PlotLine, axis: number): object {
  const bounded = line.points.filter((point) => point[2] !== undefined && point[3] !== undefined);
  const outline = [...bounded.map(([step, , low]) => [step, low]), ...bounded.toReversed().map((p) => [p[0], p[3]])];
  return {
    type: 'custom',
    id: `band ${idOf(line, axis)}`,
    xAxisIndex: axis,
    yAxisIndex: axis,
    silent: true,
    tooltip: { show: false },
    data: bounded.length < 2 ? [] : [outline.flat()],
    encode: { x: outline.map((_, i) => 2 * i), y: outline.map((_, i) => 2 * i + 1) },
    renderItem: (_params: unknown, api: { coord(point: (number | undefined)[]): number[] }) => ({
      type: 'polygon',
      shape: { points: outline.map((point) => api.coord(point)) },
      style: { fill: line.style.colour, opacity: 0.16 },
    }),
    z: 2,
  };
}
