import { CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Curve } from '../../src/live/protocol.ts';
import { armStyle } from './arms.ts';
import { score, steps, tick } from './numbers.ts';
import { prefersStillness } from './stillness.ts';

echarts.use([CustomChart, LineChart, GridComponent, LegendComponent, TitleComponent, TooltipComponent, SVGRenderer]);

const MUTED = '#9AA6B2';

/** Hears of a point of a curve that was picked. */
export type PickPoint = (curve: Curve, point: Curve['points'][number]) => void;

/** Learning curves with their bands, live; their points can be picked. */
export class CurvesChart {
  private readonly chart: echarts.ECharts;
  private readonly observer: ResizeObserver;
  private curves: readonly Curve[] = [];

  constructor(element: HTMLElement, pick?: PickPoint) {
    this.chart = echarts.init(element, null, { renderer: 'svg' });
    this.chart.on('click', { seriesType: 'line' }, ({ seriesName, dataIndex }) => {
      const curve = this.curves.find(({ label }) => label === seriesName);
      if (curve?.points[dataIndex] !== undefined) pick?.(curve, curve.points[dataIndex]);
    });
    this.observer = new ResizeObserver(() => this.chart.resize());
    this.observer.observe(element);
  }

  show(curves: readonly Curve[], title: string): void {
    this.curves = curves;
    const animation = !prefersStillness();
    const isLong = curves.length > 2;
    const option = {
      animation,
      animationDurationUpdate: 300,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      title: { text: title, left: 0, top: 0, textStyle: { color: '#E8ECF1', fontSize: 14, fontWeight: 600 } },
      legend: {
        // The names of many have a line of their own, through which they can be paged.
        ...(isLong ? { type: 'scroll', left: 0, top: 22, ...PAGER } : { right: 0, top: 0 }),
        textStyle: { color: '#E8ECF1' },
        itemWidth: 34,
        data: curves.map(({ label }) => label),
      },
      grid: { left: 8, right: 16, top: isLong ? 60 : 38, bottom: 26, containLabel: true },
      tooltip: {
        trigger: 'axis',
        backgroundColor: '#171C24',
        borderColor: '#2A3240',
        textStyle: { color: '#E8ECF1' },
        valueFormatter: (value: unknown) => score(Number(value)),
      },
      xAxis: {
        type: 'value',
        max: 'dataMax',
        name: 'training steps',
        nameLocation: 'middle',
        nameGap: 26,
        nameTextStyle: { color: MUTED },
        axisLabel: { color: MUTED, formatter: steps, showMaxLabel: false },
        axisLine: { lineStyle: { color: '#3A4454' } },
        splitLine: { show: false },
      },
      yAxis: {
        type: 'value',
        axisLabel: { color: MUTED, formatter: tick },
        splitLine: { lineStyle: { color: '#232B37' } },
      },
      series: curves.flatMap((curve) => [bandOf(curve), lineOf(curve)]),
    };
    // Series that are no longer named go; those that stay move on.
    this.chart.setOption(option, { replaceMerge: ['series'] });
  }

  remove(): void {
    this.observer.disconnect();
    this.chart.dispose();
  }
}

const PAGER = { pageIconColor: '#E8ECF1', pageIconInactiveColor: '#3A4454', pageTextStyle: { color: MUTED } };

function lineOf({ label, arm, points }: Curve): object {
  const { colour, symbol, line } = armStyle(arm);
  return {
    type: 'line',
    id: `line ${label}`,
    name: label,
    data: points.map(([step, mean]) => [step, mean]),
    symbol,
    symbolSize: 8,
    lineStyle: { color: colour, width: 2.5, type: line },
    itemStyle: { color: colour },
    z: 3,
  };
}

/** The interval around the mean as one polygon: stacked areas would glitch where its bounds meet. */
function bandOf({ label, arm, points }: Curve): object {
  const bounded = points.filter((point) => point[2] !== undefined && point[3] !== undefined);
  const outline = [...bounded.map(([step, , low]) => [step, low]), ...bounded.toReversed().map((p) => [p[0], p[3]])];
  return {
    type: 'custom',
    id: `band ${label}`,
    silent: true,
    tooltip: { show: false },
    data: bounded.length < 2 ? [] : [outline.flat()],
    encode: { x: outline.map((_, i) => 2 * i), y: outline.map((_, i) => 2 * i + 1) },
    renderItem: (_params: unknown, api: { coord(point: (number | undefined)[]): number[] }) => ({
      type: 'polygon',
      shape: { points: outline.map((point) => api.coord(point)) },
      style: { fill: armStyle(arm).colour, opacity: 0.16 },
    }),
    z: 2,
  };
}
