/** How an arm of an experiment looks wherever it appears; never by colour alone. */
export interface ArmStyle {
  readonly colour: string;
  readonly mark: string;
  readonly symbol: 'triangle' | 'circle' | 'rect' | 'diamond';
  readonly line: 'solid' | 'dashed' | 'dotted';
}

const ARMS: Readonly<Record<string, ArmStyle>> = {
  scratch: { colour: '#E69F00', mark: '▲', symbol: 'triangle', line: 'dashed' },
  transferred: { colour: '#56B4E9', mark: '●', symbol: 'circle', line: 'solid' },
  source: { colour: '#1FA877', mark: '■', symbol: 'rect', line: 'dotted' },
};

const OTHER: ArmStyle = { colour: '#9AA6B2', mark: '◆', symbol: 'diamond', line: 'solid' };

/** For those who share their arm with another one. */
const FURTHER: readonly ArmStyle[] = [
  { colour: '#CC79A7', mark: '★', symbol: 'diamond', line: 'dotted' },
  { colour: '#F0E442', mark: '✚', symbol: 'rect', line: 'dashed' },
  { colour: '#D55E00', mark: '▼', symbol: 'triangle', line: 'solid' },
];

/** The order in which arms stand side by side. */
const ORDER = ['source', 'scratch', 'transferred'];

export const armStyle = (arm: string | undefined): ArmStyle => ARMS[arm ?? ''] ?? OTHER;

export const armOrder = (arm: string | undefined): number => {
  const at = ORDER.indexOf(arm ?? '');
  return at < 0 ? ORDER.length : at;
};

/** A style for each of up to four that are seen together: that of its arm, but for those whose arm is taken. */
export function distinctStyles(arms: readonly (string | undefined)[]): ArmStyle[] {
  const taken = new Set<ArmStyle>();
  let further = 0;
  return arms.map((arm) => {
    const own = armStyle(arm);
    const style = taken.has(own) ? FURTHER[further++ % FURTHER.length] : own;
    taken.add(style);
    return style;
  });
}
