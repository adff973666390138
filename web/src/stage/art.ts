import type { Ink } from './ink.ts';

/** A picture of one cell (32 x 32 units); with several frames, drawn once for each. */
export interface Sprite {
  readonly frames?: number;
  draw(ink: Ink, frame: number): void;
}

/** What is known of a thing when its sprite is chosen. */
export interface Situation {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The name of the trail channel beside it, if there is one. */
  readonly trail: string | null;
  /** Does the channel go on in the cell to the left, to the right? */
  readonly joinsLeft: boolean;
  readonly joinsRight: boolean;
}

/** Particles that fly when something happens. */
export interface Burst {
  readonly sprite: string;
  readonly count: number;
  readonly tints: readonly number[];
  /** Cells a second. */
  readonly speed: number;
  /** Of each particle, in cells. */
  readonly size: number;
  readonly lifeMs?: number;
  /** Cells a second, each second, downwards. */
  readonly gravity?: number;
}

/** How the things of a channel look and move. */
export interface Look {
  readonly sprite: string | ((at: Situation) => string);
  /** Drawn over what has a smaller one. */
  readonly layer: number;
  /** In cells. */
  readonly size?: number;
  readonly alpha?: number;
  /** Frames a second of its animation. */
  readonly fps?: number;
  /** Turns to face the way it goes. */
  readonly faces?: boolean;
  /** Pulses while its channel has fewer cells than this. */
  readonly pulsesBelow?: number;
  /** How it gets from cell to cell; `snap` for what does not move. */
  readonly motion?: 'linear' | 'ease' | 'snap';
  /** Copies left behind on its way. */
  readonly ghosts?: number;
  /** When it disappears, and the reward was positive. */
  readonly taken?: Burst;
}

/** How lines and discs of a game of shapes are drawn, by role. */
export interface ShapeLook {
  readonly tint: number;
  /** Of lines, as a share of the board's width. */
  readonly thickness?: number;
  /** Earlier positions shown as a fan or ribbon. */
  readonly history?: number;
  /** Of lines that stand up: how far one may lean, in degrees, shown on both sides of it. */
  readonly leans?: number;
  readonly sprite?: string;
}

/** A game's own art. What it leaves out is drawn by role. */
export interface Art {
  /** The game's id. */
  readonly game: string;
  readonly sprites?: Readonly<Record<string, Sprite>>;
  /** By channel name; null where a channel is shown by other means. */
  readonly looks?: Readonly<Record<string, Look | null>>;
  /** Baked once, in units of 32 a cell. */
  backdrop?(ink: Ink, columns: number, rows: number): void;
  /** For games of shapes, by role. */
  readonly shapes?: Readonly<Record<string, ShapeLook>>;
  /** Fills what lies under the line of this role. */
  readonly ground?: string;
  /** Wheels under the box of this role. */
  readonly wheels?: string;
  /** When the player is thrown back without reward, and when it is rewarded. */
  readonly thrown?: Burst;
  readonly rewarded?: Burst;
}
