import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/live/protocol.ts';
import { FrameBuffer } from '../../web/src/frame-buffer.ts';

const frame = (number: number, rest: Partial<Frame> = {}): Frame => ({
  frame: number,
  episode: 0,
  step: number,
  trainingStep: 5,
  action: 0,
  reward: 0,
  episodeReturn: 0,
  terminated: false,
  truncated: false,
  value: number,
  probabilities: null,
  picture: { kind: 'shapes', shapes: [] },
  ...rest,
});

describe('a buffer of frames', () => {
  test('keeps the newest, each under its own number', () => {
    const buffer = new FrameBuffer(10);
    for (let i = 0; i < 25; i++) buffer.push(frame(i));
    expect([buffer.first, buffer.end]).toEqual([15, 25]);
    expect([14, 15, 24, 25].map((i) => buffer.at(i)?.frame ?? null)).toEqual([null, 15, 24, null]);
  });

  test('tells the values of an episode up to a frame, no further back than it goes', () => {
    const buffer = FrameBuffer.of([
      frame(0, { episode: 0 }),
      frame(1, { episode: 1 }),
      frame(2, { episode: 1, value: null }),
      frame(3, { episode: 1 }),
      frame(4, { episode: 1 }),
    ]);
    expect(buffer.values(3)).toEqual([1, 3]);
    expect(buffer.values(0)).toEqual([0]);
    expect(buffer.values(9)).toEqual([]);
    const long = FrameBuffer.of(Array.from({ length: 300 }, (_, i) => frame(i)));
    expect(long.values(299)).toEqual(Array.from({ length: 80 }, (_, i) => 220 + i));
  });

  test('knows where rewards came', () => {
    const buffer = new FrameBuffer(3);
    for (let i = 0; i < 6; i++) buffer.push(frame(i, { reward: i % 2 }));
    expect(buffer.rewards()).toEqual([3, 5]);
  });
});
