import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Batch } from '../../src/live/batching.ts';
import { createPlayOut } from '../../web/src/play-out.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Plays 49 frames, one every 83 ms, in batches every 200 ms, each `lateness(batch)` ms late unless it waits for another. */
function shownWith(lateness: (batch: number) => number): { text: string; at: number }[] {
  const shown: { text: string; at: number }[] = [];
  const playOut = createPlayOut((_match, text) => shown.push({ text, at: Date.now() - start }));
  const start = Date.now();
  let arrival = 0;
  for (let sent = 200, next = 0, count = 0; count < 20; sent += 200, count++) {
    const batch = new Batch();
    for (; next * 83 < sent; next++) batch.add(String(next), false, next * 83);
    const [texts, ages] = [batch.texts(), batch.ages(sent)];
    arrival = Math.max(arrival, sent + lateness(count));
    setTimeout(() => playOut('a', texts, ages), arrival);
  }
  vi.runAllTimers();
  return shown;
}

const inOrder = (shown: readonly { text: string }[]): boolean => shown.every(({ text }, i) => text === String(i));
const gapsOf = (shown: readonly { at: number }[]): number[] => shown.slice(1).map(({ at }, i) => at - shown[i].at);

test('frames in batches are shown in the rhythm in which they were played', () => {
  const shown = shownWith(() => 30);
  expect(shown.length).toBe(49);
  expect(inOrder(shown)).toBe(true);
  expect(new Set(gapsOf(shown))).toEqual(new Set([83]));
});

test('small lateness moves them by as much; great lateness changes no order and loses none', () => {
  const small = shownWith((batch) => (batch % 3) * 10);
  expect(inOrder(small)).toBe(true);
  for (const gap of gapsOf(small)) expect(Math.abs(gap - 83)).toBeLessThanOrEqual(20);
  const great = shownWith((batch) => (batch % 4) * 190);
  expect(great.length).toBe(49);
  expect(inOrder(great)).toBe(true);
});

test('matches are played out each for itself', () => {
  const shown: string[] = [];
  const playOut = createPlayOut((match, text) => shown.push(match + text));
  playOut('a', ['1', '2'], [150, 20]);
  playOut('b', ['1', '2'], [200, 100]);
  vi.runAllTimers();
  expect(shown).toEqual(['b1', 'a1', 'b2', 'a2']);
});
