/** Pairs of games that a page can learn in a minute or two: some where knowledge helps, some where it may not. */
export const PAIRS: readonly { readonly label: string; readonly source: string; readonly target: string }[] = [
  { label: 'Breakout with a wider paddle → Breakout', source: 'breakout?paddleWidth=2', target: 'breakout' },
  { label: 'Breakout with a slower ball → Breakout', source: 'breakout?ballPeriod=2', target: 'breakout' },
  { label: 'Space Invaders → Breakout', source: 'space-invaders', target: 'breakout' },
  { label: 'Breakout → Asterix', source: 'breakout', target: 'asterix' },
];
