import type { FirstLayer } from '../../src/live/first-layer.ts';
import type { LabelMatch } from '../../src/transfer/plan.ts';
import { h } from './elements.ts';
import { steps } from './numbers.ts';
import { tintOf } from './raw-view.ts';

const MOST_FILTERS = 16;
const GAP = 2;
/** A filter is about so many pixels wide, in whole pixels a weight. */
const FILTER_PIXELS = 27;

/** The first layer by channel or feature: each filter as a small picture, before and after. */
export function drawFilters(before: FirstLayer, after: FirstLayer, matches: readonly LabelMatch[]): HTMLElement {
  const greatest = Math.max(before.greatest, after.greatest);
  const shown = Math.min(MOST_FILTERS, after.shown);
  const isSame = before.trainingStep === after.trainingStep;
  const layers = isSame ? [after] : [before, after];
  const rows = after.inputs.map((input, i) => {
    const match = matches.find(({ target, axis }) => target === input.name && axis !== 'action');
    const pictures = layers.map((layer) => {
      const { name, strength, filters } = layer.inputs[i];
      const when = `after ${steps(layer.trainingStep)} steps`;
      const canvas = filterRow(filters.slice(0, shown), layer, layer.greatest / greatest);
      canvas.setAttribute('role', 'img');
      canvas.setAttribute(
        'aria-label',
        `${name} ${when}: mean strength ${Math.round((100 * strength * layer.greatest) / greatest)} %`,
      );
      canvas.title = canvas.ariaLabel!;
      return h('span', { class: 'filter-row' }, h('small', {}, steps(layer.trainingStep)), canvas);
    });
    return h(
      'li',
      { 'data-channel': input.name },
      h(
        'span',
        { class: 'channel', style: `--tint: ${tintOf(input)}`, title: input.roles.join(', ') },
        input.name,
        ...(match === undefined ? [] : [h('small', {}, match.source === null ? 'fresh' : `← ${match.source}`)]),
      ),
      h('span', { class: 'filter-rows' }, ...pictures),
    );
  });
  const text = `${shown} of ${after.units} filters of ${after.tensor}, ${after.height} × ${after.width} each. Orange adds, blue with a notch takes away.`;
  const when = isSame
    ? `After ${steps(after.trainingStep)} steps; no other checkpoint is kept.`
    : `Above after ${steps(before.trainingStep)} steps (the earliest kept), below after ${steps(after.trainingStep)}.`;
  return h('div', { class: 'filters' }, h('p', { class: 'small' }, `${text} ${when}`), h('ul', {}, ...rows));
}

/** Filters side by side; `factor` brings their weights to the scale of the picture. */
function filterRow(
  filters: readonly (readonly number[])[],
  { width, height }: FirstLayer,
  factor: number,
): HTMLCanvasElement {
  const size = Math.max(2, Math.floor(FILTER_PIXELS / Math.max(width, height)));
  const pitch = width * size + GAP;
  const canvas = h('canvas', { width: filters.length * pitch - GAP, height: height * size });
  const ink = canvas.getContext('2d')!;
  filters.forEach((weights, f) =>
    weights.forEach((weight, i) => {
      const [x, y] = [f * pitch + (i % width) * size, Math.floor(i / width) * size];
      const share = weight * factor;
      ink.fillStyle = diverging(share);
      ink.fillRect(x, y, size, size);
      if (share > -0.2 || size < 5) return;
      ink.fillStyle = '#0e1116';
      ink.fillRect(x + Math.floor(size / 2) - 1, y + Math.floor(size / 2) - 1, 2, 2);
    }),
  );
  return canvas;
}

const ZERO = [35, 43, 55];
const ENDS = { positive: [255, 176, 32], negative: [86, 180, 233] };

/** From blue over dark grey to orange, for −1 to 1. Small weights are drawn a little stronger than they are. */
function diverging(share: number): string {
  const end = share < 0 ? ENDS.negative : ENDS.positive;
  const strength = Math.min(1, Math.sqrt(Math.abs(share)));
  return `rgb(${ZERO.map((zero, i) => Math.round(zero + (end[i] - zero) * strength)).join(' ')})`;
}
