import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/live/protocol.ts';
import { Narrator } from '../../web/src/narrator.ts';

const frame = (number: number, episode: number, episodeReturn: number, terminated = false): Frame => ({
  frame: number,
  episode,
  step: number,
  trainingStep: null,
  action: 0,
  reward: 0,
  episodeReturn,
  terminated,
  truncated: false,
  value: null,
  probabilities: null,
  picture: { kind: 'planes', cells: new Uint8Array(1) },
});

/** What is said of frames that come at these times, with the time. */
function told(...frames: readonly (readonly [ms: number, frame: Frame])[]): string[] {
  const narrator = new Narrator();
  return frames.flatMap(([ms, each]) => {
    const sentence = narrator.hear(each, ms);
    return sentence === null ? [] : [`${ms}: ${sentence}`];
  });
}

describe('the narrator', () => {
  test('tells of the end and the next beginning in one', () => {
    expect(told([0, frame(1, 0, 2)], [100, frame(2, 0, 3, true)], [200, frame(3, 1, 0)])).toEqual([
      '100: Episode 1 is over, return 3.',
    ]);
    expect(
      told([0, frame(1, 0, 2)], [100, frame(2, 0, 3, true)], [200, frame(3, 1, 0)], [3200, frame(4, 1, 0)]),
    ).toEqual(['100: Episode 1 is over, return 3.', '3200: Episode 2 begins.']);
  });

  test('sums points up, and is silent in between', () => {
    const frames = Array.from({ length: 200 }, (_, i) => [i * 100, frame(i, 0, i)] as const);
    expect(told(...frames)).toEqual([
      '100: 1 gained, return 1.',
      '8100: 80 gained, return 81.',
      '16100: 80 gained, return 161.',
    ]);
  });

  test('never tells of points twice, nor of those it lost', () => {
    expect(told([0, frame(1, 0, 5)], [9000, frame(2, 0, 5)], [18_000, frame(3, 0, 4)])).toEqual([]);
  });

  test('of short episodes it tells of the newest only', () => {
    const frames = Array.from(
      { length: 60 },
      (_, i) => [i * 100, frame(i, Math.floor(i / 2), 1, i % 2 === 1)] as const,
    );
    const sentences = told(...frames);
    expect(sentences).toHaveLength(2);
    expect(sentences[1]).toBe('3100: Episode 16 is over, return 1.');
  });

  test('where time goes back, it begins anew', () => {
    expect(told([0, frame(9, 0, 5)], [9000, frame(2, 0, 1)], [18_000, frame(3, 0, 1)])).toEqual([]);
  });
});
