import { pairName, percent } from '../stats/verdict.ts';
import { curveChart } from './curve-chart.ts';
import { html, Markup } from './markup.ts';
import { matrixChart, transfersByMethod } from './matrix-chart.ts';
import type { ReportPair } from './types.ts';

/** The report's figures as files of their own, by name. */
export function studyFigures(pairs: readonly ReportPair[]): { readonly name: string; readonly svg: string }[] {
  const matrices = transfersByMethod(pairs).map(([method, transfers]) => ({
    name: `matrix-${fileName(method)}.svg`,
    svg: matrixChart(transfers, method).text,
  }));
  const curves = pairs.map((pair, i) => ({
    name: `curves-${i + 1}-${fileName(pairName(pair))}.svg`,
    svg: curvesFigure(pair).text,
  }));
  return [...matrices, ...curves];
}

/** Letters, digits and dashes. */
const fileName = (text: string): string => text.replace(/[^\w]+/g, '-').replace(/^-|-$/g, '');

/** The chart on its own ground, with the title and the legend that the page has around it. */
function curvesFigure(pair: ReportPair): Markup {
  const chart = new Markup(curveChart(pair, 'curves').text.replace('<svg ', '<svg y="58" width="1040" height="430" '));
  const { scratch, transfer } = pair;
  const legend = `▲ dashed: ${scratch.label} (${scratch.curves.length} seeds) · ● solid: ${transfer.label} (${transfer.curves.length} seeds) · band: ${percent(pair.comparison.level)} interval of the mean · thin: single runs`;
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    width="1040"
    height="496"
    viewBox="0 0 1040 496"
    font-family="system-ui, sans-serif"
    fill="#E8ECF1"
  >
    <rect width="1040" height="496" fill="#171C24" />
    <text x="20" y="28" font-size="18" font-weight="700">${pairName(pair)}</text>
    <text x="20" y="50" font-size="13" fill="#9AA6B2">${legend}</text>
    ${chart}
  </svg>`;
}
