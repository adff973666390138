import { STEPS_PER_SECOND } from '../../src/live/protocol.ts';

/** How long the end of an episode stays on show before it begins again, in frames at speed 1. */
const HOLD_FRAMES = 9;
/** A clock that was not asked for longer than this stood still: a hidden page never makes up for it in haste. */
const MOST_ELAPSED_MS = 250;

/**
 * A clock over the frames `first` to `end - 1`: which of them is on show now. It has a position between frames, so that
 * any speed comes out even. Over a **live** match the end grows: a clock at the newest frame follows it, one that has
 * been paused or set back is behind and catches up by its speed.
 */
export class Playback {
  readonly isLive: boolean;
  /** Frames that come in the time of one at the usual speed: a live match may itself be fast or slow. */
  pace = 1;
  private range = { first: 0, end: 0 };
  private position = 0;
  private playing: boolean;
  private following: boolean;
  private rate = 1;
  private looping = false;
  private lastMs: number | null = null;

  constructor({ isLive = false, isPlaying = true }: { isLive?: boolean; isPlaying?: boolean } = {}) {
    this.isLive = isLive;
    this.playing = isPlaying;
    this.following = isLive && isPlaying;
  }

  get first(): number {
    return this.range.first;
  }

  /** One beyond the newest frame. */
  get end(): number {
    return this.range.end;
  }

  /** The frame on show; `first` where there is none yet. */
  get index(): number {
    return Math.max(this.first, Math.min(Math.floor(this.position), this.last));
  }

  get isPlaying(): boolean {
    return this.playing;
  }

  /** Does it show whatever is newest? */
  get isFollowing(): boolean {
    return this.following;
  }

  /** Frames of a live match that are newer than the one on show. */
  get behind(): number {
    return this.isLive && !this.following ? Math.max(0, this.last - this.index) : 0;
  }

  /** As a multiple of the speed made for eyes, or of a live match's own. */
  get speed(): number {
    return this.rate;
  }

  get loops(): boolean {
    return this.looping;
  }

  /** These are the frames there are; a position that is no longer there moves to the nearest that is. */
  hold(first: number, end: number): void {
    this.range = { first, end };
    this.position = Math.max(first, this.position);
    if (this.following) this.position = this.last;
    // An end on show is held beyond the last frame; what has become shorter is not.
    if (!this.looping) this.position = Math.min(this.position, Math.max(first, this.last));
  }

  /** Goes on; where a recording has come to its end, from its start. */
  play(): void {
    if (!this.isLive && this.position >= this.last) this.position = this.first;
    this.playing = true;
  }

  pause(): void {
    this.playing = false;
    this.following = false;
    this.position = this.index;
  }

  /** Stands still, this many frames on. */
  step(by: number): void {
    this.pause();
    this.seek(this.index + by);
  }

  seek(index: number): void {
    this.following = false;
    this.position = Math.max(this.first, Math.min(index, this.last));
  }

  /** To the newest frame, and on with it. */
  follow(): void {
    if (!this.isLive) return;
    this.rate = Math.max(1, this.rate);
    this.playing = this.following = true;
    this.position = this.last;
  }

  setSpeed(speed: number): void {
    this.rate = speed;
    if (speed < 1) this.following = false;
  }

  setLoops(loops: boolean): void {
    this.looping = loops;
    this.position = Math.min(this.position, Math.max(this.first, this.last));
  }

  /** The frame on show at this time, in ms of any clock that only goes forward. */
  tick(nowMs: number): number {
    const elapsedMs = this.lastMs === null ? 0 : Math.min(nowMs - this.lastMs, MOST_ELAPSED_MS);
    this.lastMs = nowMs;
    if (this.playing && !this.following && this.end > this.first) this.advance(elapsedMs);
    return this.index;
  }

  private get last(): number {
    return this.end - 1;
  }

  private advance(elapsedMs: number): void {
    const { first, last } = this;
    this.position += (elapsedMs / 1000) * STEPS_PER_SECOND * this.pace * this.rate;
    if (this.position < last) return;
    if (this.isLive) {
      this.position = last;
      this.following = this.rate >= 1;
    } else if (this.looping) {
      if (this.position >= last + HOLD_FRAMES * Math.max(1, this.rate)) this.position = first;
    } else {
      this.position = last;
      this.playing = false;
    }
  }
}
