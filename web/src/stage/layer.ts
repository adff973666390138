import type { Frame } from '../../../src/live/protocol.ts';

/** A thing as it is drawn at this moment; the centre in cells from the top left, a cell's centre at .5. */
export interface DrawnSprite {
  readonly role: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** How a picture comes to the screen. */
export interface Tempo {
  /** Time from frame to frame. */
  readonly stepMs: number;
  /** Does a human play? Then the player's moves show at once. */
  readonly isHuman: boolean;
  /** May things fly about? */
  readonly hasEffects: boolean;
  /** Things jump to where they are next and hold still there: whoever looks wants less motion. */
  readonly jumps: boolean;
}

/** Draws the frames of one kind of game. */
export interface Layer {
  /** Takes a frame in at time `now`; `snaps` where it does not follow the one before. */
  show(frame: Frame, snaps: boolean, now: number, tempo: Tempo): void;
  /** Moves everything to where it is at time `now`. */
  update(now: number): void;
  drawn(): DrawnSprite[];
}

/** Share of a step that a move takes. */
export const TWEEN_SHARE = 0.8;

export const lerp = (from: number, to: number, share: number): number => from + (to - from) * share;

/** How much of a move that takes `moveMs` is done after `elapsedMs`, from 0 to 1. */
export const moveShare = (elapsedMs: number, moveMs: number): number =>
  moveMs > 0 ? Math.min(1, Math.max(0, elapsedMs / moveMs)) : 1;
