import { queryNumber } from './query-number.ts';
import { LAST_SEED } from './seeds.ts';

/** Whom to play against, as it was at a training step (left out: as it is now), and with which luck. */
export interface DuelWanted {
  readonly id: string;
  readonly step?: number;
  readonly seed: number;
}

/** The duel that an address asks for; no id: one with whom is still to be chosen. */
export function duelWanted(query: URLSearchParams): Omit<DuelWanted, 'id'> & { readonly id: string | null } {
  return {
    id: query.get('id'),
    step: queryNumber(query, 'step'),
    seed: queryNumber(query, 'seed', LAST_SEED) ?? 0,
  };
}

/** Where a duel is played. */
export function duelAddress({ id, step, seed }: DuelWanted): string {
  const query = new URLSearchParams({ id, ...(step !== undefined && { step: String(step) }), seed: String(seed) });
  return `#play?${query}`;
}
