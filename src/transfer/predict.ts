import { mean } from '../stats/curve.ts';
import { ranks } from '../stats/rank.ts';

/** What can be known of a source on a target before any training there; of each, more is taken to be better. */
export const SIGNALS = {
  channels: 'share of the target’s channels or features that have a match in the source',
  actions: 'share of its actions that have one',
  copied: 'share of the values of stem and trunk that come from the source',
  zeroShot: 'mean return of the source’s policy on the target, untrained there, above that of random play',
  dimension: 'effective dimension of the trunk’s last layer on observations of random play',
  entropy: 'mean entropy of the policy on them, as a share of the most there can be',
} as const;

export type Signals = Readonly<Record<keyof typeof SIGNALS, number>>;

export interface SourceScore {
  readonly source: string;
  readonly signals: Signals;
  /** From 0 (last by every signal) to 1 (first by every signal); 0.5 where there is nothing to compare. */
  readonly score: number;
}

/**
 * Orders the candidate sources of one target, the best first: by the mean of their ranks over all signals. Nothing is
 * fitted, so that nothing is learned from the targets that it is tested on.
 */
export function rankSources(candidates: readonly Omit<SourceScore, 'score'>[]): SourceScore[] {
  const names = Object.keys(SIGNALS) as (keyof Signals)[];
  const placed = names.map((name) => ranks(candidates.map(({ signals }) => signals[name])));
  const most = candidates.length - 1;
  const scored = candidates.map((candidate, i) => ({
    ...candidate,
    score: most === 0 ? 0.5 : mean(placed.map((places) => places[i])) / most,
  }));
  return scored.sort((a, b) => b.score - a.score);
}
