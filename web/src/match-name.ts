import type { MatchInfo } from '../../src/live/protocol.ts';

type Named = Pick<MatchInfo, 'label' | 'stage'>;

/** What a match is called among others: with its game, once that is known, where another has the same label. */
export function matchName(match: Named, matches: readonly Named[]): string {
  const namesakes = matches.filter(({ label }) => label === match.label);
  return namesakes.length > 1 && match.stage !== null ? `${match.label}, ${match.stage.env}` : match.label;
}
