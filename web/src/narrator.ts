import type { Frame } from '../../src/live/protocol.ts';
import { score } from './numbers.ts';

/** Between two sentences. */
const GAP_MS = 3000;
/** Between two sentences that tell of points alone. */
const POINTS_GAP_MS = 8000;

/** Tells of a match what matters, seldom enough to be listened to: episodes that end and begin, and points. */
export class Narrator {
  private last: Frame | null = null;
  private saidMs = -Infinity;
  private saidReturn = 0;
  /** What has ended or begun since the last sentence. */
  private turn: string[] = [];

  /** Takes in the frame on show at a time in ms; returns what is to be said now, or null. */
  hear(frame: Frame, nowMs: number): string | null {
    const { last } = this;
    this.last = frame;
    if (last === null || frame.frame < last.frame) {
      this.turn = [];
      this.saidReturn = frame.episodeReturn;
      return null;
    }
    if (frame.episode !== last.episode) {
      this.saidReturn = 0;
      this.turn = [...(isOver(last) ? this.turn.slice(-1) : []), `Episode ${frame.episode + 1} begins.`];
    }
    if (isOver(frame) && !isOver(last))
      this.turn = [`Episode ${frame.episode + 1} is over, return ${returned(frame)}.`];
    const sentence = this.turn.length > 0 ? this.turn.join(' ') : pointsText(frame, this.saidReturn);
    const gapMs = this.turn.length > 0 ? GAP_MS : POINTS_GAP_MS;
    if (sentence === null || nowMs - this.saidMs < gapMs) return null;
    this.turn = [];
    this.saidMs = nowMs;
    this.saidReturn = frame.episodeReturn;
    return sentence;
  }
}

const isOver = ({ terminated, truncated }: Frame): boolean => terminated || truncated;

const returned = ({ episodeReturn }: Frame): string => score(Number(episodeReturn.toFixed(2)));

function pointsText(frame: Frame, saidReturn: number): string | null {
  const gained = Number((frame.episodeReturn - saidReturn).toFixed(2));
  return gained > 0 ? `${score(gained)} gained, return ${returned(frame)}.` : null;
}
