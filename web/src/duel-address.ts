/** Whom to play against, as it was at a training step (left out: as it is now), and with which luck. */
export interface DuelWanted {
  readonly id: string;
  readonly step?: number;
  readonly seed: number;
}

/** Seeds of every kind of luck are whole numbers from 0 to this. */
const LAST_SEED = 0xffff_ffff;

/** What comes after this luck; after the last, the first. */
export const nextSeed = (seed: number): number => (seed === LAST_SEED ? 0 : seed + 1);

/** The duel that an address asks for; no id: one with whom is still to be chosen. */
export function duelWanted(query: URLSearchParams): Omit<DuelWanted, 'id'> & { readonly id: string | null } {
  const numberOf = (name: string, most: number): number | undefined => {
    const text = query.get(name) ?? '';
    return /^\d+$/.test(text) && Number(text) <= most ? Number(text) : undefined;
  };
  return {
    id: query.get('id'),
    step: numberOf('step', Number.MAX_SAFE_INTEGER),
    seed: numberOf('seed', LAST_SEED) ?? 0,
  };
}

/** Where a duel is played. */
export function duelAddress({ id, step, seed }: DuelWanted): string {
  const query = new URLSearchParams({ id, ...(step !== undefined && { step: String(step) }), seed: String(seed) });
  return `#play?${query}`;
}
