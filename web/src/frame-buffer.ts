import type { Frame } from '../../src/live/protocol.ts';
import { SPARKLINE_POINTS } from './sparkline.ts';

/** The newest frames of a match, or all of a recording, each by its number in the order they came. */
export class FrameBuffer {
  private readonly capacity: number;
  private readonly frames: Frame[] = [];
  private count = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  static of(frames: readonly Frame[]): FrameBuffer {
    const buffer = new FrameBuffer(frames.length);
    for (const frame of frames) buffer.push(frame);
    return buffer;
  }

  /** The oldest that is kept. */
  get first(): number {
    return this.count - this.frames.length;
  }

  get end(): number {
    return this.count;
  }

  push(frame: Frame): void {
    this.frames[this.count % this.capacity] = frame;
    this.count++;
  }

  at(index: number): Frame | null {
    return index >= this.first && index < this.count ? this.frames[index % this.capacity] : null;
  }

  /** The policy's values up to this frame, as many of its episode as a sparkline has room for. */
  values(index: number): number[] {
    const values: number[] = [];
    const episode = this.at(index)?.episode;
    for (let i = index; values.length < SPARKLINE_POINTS && this.at(i)?.episode === episode; i--) {
      const value = this.at(i)?.value ?? null;
      if (value !== null) values.push(value);
      if (i <= this.first) break;
    }
    return values.reverse();
  }

  /** Frames that brought a reward. */
  rewards(): number[] {
    const found: number[] = [];
    for (let i = this.first; i < this.count; i++) if (this.at(i)!.reward > 0) found.push(i);
    return found;
  }
}
