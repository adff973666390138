/** The one clock of all lanes: a place between the first and the last step, whole when it stands. */
export interface Clock {
  readonly place: number;
  readonly isPlaying: boolean;
}

/** The clock after `ms` more at this many steps a second; it stops at the end. */
export function advance({ place, isPlaying }: Clock, ms: number, stepsPerSecond: number, last: number): Clock {
  if (!isPlaying) return { place, isPlaying };
  const next = place + (ms / 1000) * stepsPerSecond;
  return next >= last ? { place: last, isPlaying: false } : { place: next, isPlaying };
}

/** The step on show. */
export const stepAt = ({ place }: Clock): number => Math.floor(place);
