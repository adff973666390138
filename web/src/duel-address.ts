/** Whom to play against, as it was at a training step (left out: as it is now), and with which luck. */
export interface DuelWanted {
  readonly id: string;
  readonly step?: number;
  readonly seed: number;
}

/** Where a duel is played. */
export function duelAddress({ id, step, seed }: DuelWanted): string {
  const query = new URLSearchParams({ id, ...(step !== undefined && { step: String(step) }), seed: String(seed) });
  return `#play?${query}`;
}
