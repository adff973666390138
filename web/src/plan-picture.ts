import type { PlanEntry, TransferPlan } from '../../src/transfer/plan.ts';
import { h, svg } from './elements.ts';

const WIDTH = 620;
const BOX = 190;
const ROW = 30;
const BOX_HEIGHT = 24;
const TOP = 26;
/** Between the boxes: ribbons from here to there. */
const [FROM, TO] = [BOX, WIDTH - BOX];

/** Which tensors came from where: those of the source left, the target's right, with ribbons between. */
export function drawPlan(plan: TransferPlan): HTMLElement {
  const { entries, unused, source, target, method } = plan;
  const taken = [...new Set(entries.flatMap(({ from }) => from ?? []))];
  const left = [...taken, ...unused];
  const rows = Math.max(left.length, entries.length);
  const yOf = (row: number): number => TOP + row * ROW + BOX_HEIGHT / 2;
  const count = (origin: PlanEntry['origin']): number => entries.filter((entry) => entry.origin === origin).length;
  const summary = `${count('copied')} tensors copied, ${count('mapped')} mapped, ${count('fresh')} fresh`;
  const drawing = svg(
    'svg',
    {
      class: 'plan-picture',
      viewBox: `0 0 ${WIDTH} ${TOP + rows * ROW}`,
      role: 'img',
      'aria-label': `From ${source} to ${target}: ${summary}`,
    },
    hatching(),
    svg('text', { class: 'side', x: 0, y: 14 }, source),
    svg('text', { class: 'side', x: WIDTH, y: 14, 'text-anchor': 'end' }, `${target}, ${method}`),
    ...unused.map((_, i) => stub(yOf(taken.length + i))),
    ...entries.flatMap((entry, row) =>
      entry.from === null ? [] : [ribbon(entry, yOf(left.indexOf(entry.from)), yOf(row))],
    ),
    ...left.map((name, row) => sourceBox(name, TOP + row * ROW, unused.includes(name))),
    ...entries.map((entry, row) => targetBox(entry, TOP + row * ROW)),
  );
  const lines = entries.map((entry) => h('li', {}, inWords(entry)));
  const rest = unused.map((name) => h('li', {}, `${name}: not used`));
  return h(
    'div',
    { class: 'plan' },
    h(
      'p',
      { class: 'small' },
      `${summary}. Solid: copied; braided: mapped row by row; hatched: fresh; fading: not used.`,
    ),
    drawing,
    labels(plan),
    h('details', {}, h('summary', {}, 'In words'), h('ul', {}, ...lines, ...rest)),
  );
}

/** Which channel, feature or action was fed from which. */
function labels({ matches }: TransferPlan): HTMLElement {
  const axes = [...new Set(matches.map(({ axis }) => axis))];
  return h(
    'p',
    { class: 'small matches-text' },
    axes
      .map((axis) => {
        const pairs = matches
          .filter((match) => match.axis === axis)
          .map(({ source, target }) => (source === null ? `${target} fresh` : `${target} ← ${source}`));
        return `${axis}s: ${pairs.join(', ')}`;
      })
      .join(' · '),
  );
}

function inWords({ tensor, origin, from, copiedValues, totalValues, reason, training }: PlanEntry): string {
  const share = origin === 'mapped' ? ` ${copiedValues} of ${totalValues}` : '';
  return `${tensor}: ${origin}${share}${from === null ? '' : ` from ${from}`} (${reason}); ${training}`;
}

function sourceBox(name: string, y: number, isUnused: boolean): SVGElement {
  const box = svg('rect', { x: 0.5, y, width: BOX, height: BOX_HEIGHT, rx: 5 });
  const text = svg('text', { x: 9, y: y + 16 }, name);
  return svg('g', { class: `box ${isUnused ? 'unused' : 'source'}` }, box, text);
}

function targetBox(entry: PlanEntry, y: number): SVGElement {
  const { tensor, origin, copiedValues, totalValues, training } = entry;
  const notes = [
    ...(origin === 'mapped' ? [`${Math.round((100 * copiedValues) / totalValues)} %`] : []),
    ...(origin === 'fresh' ? ['fresh'] : []),
    ...(training.includes('frozen') ? ['frozen'] : []),
  ];
  const x = WIDTH - BOX - 0.5;
  return svg(
    'g',
    { class: `box ${origin}`, 'data-tensor': tensor },
    svg('title', {}, inWords(entry)),
    svg('rect', { x, y, width: BOX, height: BOX_HEIGHT, rx: 5 }),
    ...(origin === 'fresh' ? [svg('rect', { class: 'hatch', x, y, width: BOX, height: BOX_HEIGHT, rx: 5 })] : []),
    svg('text', { x: x + 9, y: y + 16 }, tensor),
    svg('text', { class: 'note', x: x + BOX - 9, y: y + 16, 'text-anchor': 'end' }, notes.join(', ')),
  );
}

/** From a tensor of the source to one of the target: solid where copied, braided where mapped. */
function ribbon(entry: PlanEntry, from: number, to: number): SVGElement {
  const strands = entry.origin === 'mapped' ? [5, -5] : [0];
  return svg(
    'g',
    { class: `ribbon ${entry.origin}` },
    svg('title', {}, inWords(entry)),
    ...strands.map((swing) => svg('path', { d: strand(from, to, swing) })),
  );
}

/** Two strands of opposite swing cross three times on their way. */
function strand(from: number, to: number, swing: number): string {
  const points = Array.from({ length: 49 }, (_, i) => {
    const t = i / 48;
    const y = from + (to - from) * t * t * (3 - 2 * t) + swing * Math.sin(4 * Math.PI * t);
    return `${(FROM + (TO - FROM) * t).toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${points.join('L')}`;
}

/** What is not used fades away. */
const stub = (y: number): SVGElement => svg('path', { class: 'fading', d: `M${FROM} ${y}h70`, stroke: 'url(#fading)' });

function hatching(): SVGElement {
  return svg(
    'defs',
    {},
    svg(
      'pattern',
      { id: 'hatching', width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      svg('path', { d: 'M0 0V7', class: 'hatch-line' }),
    ),
    svg(
      'linearGradient',
      { id: 'fading', gradientUnits: 'userSpaceOnUse', x1: FROM, x2: FROM + 70, y1: 0, y2: 0 },
      svg('stop', { offset: 0, 'stop-color': '#9AA6B2', 'stop-opacity': 0.7 }),
      svg('stop', { offset: 1, 'stop-color': '#9AA6B2', 'stop-opacity': 0 }),
    ),
  );
}
