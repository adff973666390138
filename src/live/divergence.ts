import type { Frame, Picture } from './protocol.ts';

/** Where episodes of the same seed part. */
export interface Divergence {
  /** The first step at which they do not all choose the same action; null where there is none. */
  readonly action: number | null;
  /** The first step at which they are not all in the same state, as far as it can be seen; null where there is none. */
  readonly state: number | null;
}

/**
 * Where these episodes part: frame by frame, each from its first. Steps that only some of them have (those were cut off)
 * are not compared; an episode that ends while another goes on is in another state.
 */
export function divergence(episodes: readonly (readonly Frame[])[]): Divergence {
  const common = episodes.length < 2 ? 0 : Math.min(...episodes.map(({ length }) => length));
  const first = (differ: (a: Frame, b: Frame) => boolean): number | null => {
    for (let step = 0; step < common; step++) {
      if (episodes.some((frames) => differ(episodes[0][step], frames[step]))) return step;
    }
    return null;
  };
  return {
    action: first((a, b) => a.action !== b.action && a.action !== null && b.action !== null),
    state: first((a, b) => hasEnded(a) !== hasEnded(b) || !isSamePicture(a.picture, b.picture)),
  };
}

const hasEnded = ({ terminated, truncated }: Frame): boolean => terminated || truncated;

function isSamePicture(a: Picture, b: Picture): boolean {
  if (a.kind === 'planes' && b.kind === 'planes') {
    return a.cells.length === b.cells.length && a.cells.every((cell, i) => cell === b.cells[i]);
  }
  return JSON.stringify(a) === JSON.stringify(b);
}
