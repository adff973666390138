import { h } from './elements.ts';
import { score, steps } from './numbers.ts';

/** A learning curve in words. */
export interface CurveTexts {
  readonly label: string;
  readonly points: readonly (readonly [step: number, text: string])[];
}

/** Learning curves as a table: steps in rows, curves in columns. With `pick`, values are buttons that lead to their replays. */
export function curvesTable(
  curves: readonly CurveTexts[],
  pick?: (label: string, step: number) => void,
): HTMLTableElement {
  const all = [...new Set(curves.flatMap(({ points }) => points.map(([step]) => step)))].toSorted((a, b) => a - b);
  const cell = ({ label, points }: CurveTexts, step: number): HTMLElement => {
    const text = points.find(([at]) => at === step)?.[1];
    if (text === undefined || pick === undefined) return h('td', {}, text ?? '');
    const about = { title: `Replays of “${label}” near this step`, 'data-focus': `point ${label} ${step}` };
    const button = h('button', { type: 'button', ...about }, text);
    button.addEventListener('click', () => pick(label, step));
    return h('td', {}, button);
  };
  const names = ['step', ...curves.map(({ label }) => label)];
  return h(
    'table',
    {},
    h('thead', {}, h('tr', {}, ...names.map((name) => h('th', { scope: 'col' }, name)))),
    h(
      'tbody',
      {},
      ...all.map((step) =>
        h('tr', {}, h('th', { scope: 'row' }, steps(step)), ...curves.map((curve) => cell(curve, step))),
      ),
    ),
  );
}

/** A mean with its interval, where that is known. */
export function meanText(mean: number, low?: number, high?: number): string {
  return low === undefined || high === undefined ? score(mean) : `${score(mean)} [${score(low)}, ${score(high)}]`;
}
