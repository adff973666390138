import type { MatchInfo } from './protocol.ts';

/** What a viewer needs of a match, wherever it is played. */
export interface Match {
  /** The match as a page lists it. */
  info(): MatchInfo;
  /** The newest frame as it travels: whole in itself, all that a late joiner needs. Null before the first. */
  lastFrame(): string | null;
  /** How many watch. */
  setWatchers(count: number): void;
  setPaused(paused: boolean): void;
  /** Speed as a multiple of the usual steps a second. */
  setSpeed(speed: number): void;
  /** Begins the next episode at once. */
  next(): void;
  /** `who` plays in the policy's stead from now on. False where that can't be. */
  take(who: string): boolean;
  /** The policy goes on where `who` has taken over; nothing happens where not. */
  handBack(who: string): void;
  /** A key went down (its action), or none is down any more (null), of `who`. */
  press(action: number | null, who?: string): void;
  close(): void;
}

export interface ExhibitionOptions {
  /** Of the environment's luck and of the sampled actions. */
  readonly seed?: number;
  /** Steps a second at speed 1. */
  readonly stepsPerSecond?: number;
  /** After this many steps an episode gives way to newer weights. */
  readonly patienceSteps?: number;
  /**
   * Is handed every frame as it travels. `stands`: the match stands still on it, so that no other follows soon; on a
   * pause the newest frame is handed over once more.
   */
  readonly onFrame?: (text: string, stands: boolean) => void;
  /** Is called when what `info` says has changed, maybe before the constructor has returned. */
  readonly onChange?: () => void;
}
