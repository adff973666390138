import { armStyle } from '../arms.ts';

/** How a line of a chart looks: never told apart by its colour alone. */
export interface LineStyle {
  readonly colour: string;
  readonly symbol: 'triangle' | 'circle' | 'rect' | 'diamond' | 'pin' | 'arrow';
  /** As ECharts has it: a word, or lengths of dashes and gaps. */
  readonly dash: 'solid' | 'dashed' | 'dotted' | readonly number[];
}

/** Okabe & Ito's other colours, for lines beside the first of their arm. */
const FURTHER: readonly LineStyle[] = [
  { colour: '#CC79A7', symbol: 'diamond', dash: [12, 4] },
  { colour: '#F0E442', symbol: 'rect', dash: [3, 3] },
  { colour: '#E8703A', symbol: 'pin', dash: [12, 3, 3, 3] },
  { colour: '#9AA6B2', symbol: 'arrow', dash: [6, 2] },
];

/** The styles of lines by their arms, in order: the first of an arm looks as that arm does everywhere. */
export function lineStyles(arms: readonly (string | undefined)[]): LineStyle[] {
  let further = 0;
  return arms.map((arm, i) => {
    if (arms.indexOf(arm) < i) return FURTHER[further++ % FURTHER.length];
    const { colour, symbol, line } = armStyle(arm);
    return { colour, symbol, dash: line };
  });
}
