import { describe, expect, test } from 'vitest';
import { STEPS_PER_SECOND } from '../../src/live/protocol.ts';
import { Playback } from '../../web/src/playback.ts';

const FRAME_MS = 1000 / STEPS_PER_SECOND;

/** Lets time pass in steps of a screen, from `startMs` on; returns the frames that were on show, each once. */
function run(playback: Playback, startMs: number, forMs: number): number[] {
  const shown: number[] = [];
  for (let now = startMs; now <= startMs + forMs; now += 16) {
    const index = playback.tick(now);
    if (index !== shown.at(-1)) shown.push(index);
  }
  return shown;
}

describe('a playback of a recording', () => {
  const recorded = (length: number): Playback => {
    const playback = new Playback();
    playback.hold(0, length);
    return playback;
  };

  test('shows every frame once at speed 1, then stands at the end', () => {
    const playback = recorded(10);
    expect(run(playback, 0, 2000)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(playback.isPlaying).toBe(false);
    playback.play();
    expect(playback.index).toBe(0);
  });

  test('keeps its speed, from slow to so fast that frames are left out', () => {
    for (const speed of [0.25, 1, 4, 64]) {
      const playback = recorded(10_000);
      playback.setSpeed(speed);
      run(playback, 0, 4000);
      expect(playback.index / (4 * STEPS_PER_SECOND * speed), `speed ${speed}`).toBeCloseTo(1, 1);
    }
  });

  test('steps to a neighbour and stands there, within what there is', () => {
    const playback = recorded(5);
    playback.seek(2);
    playback.step(-1);
    expect([playback.index, playback.isPlaying]).toEqual([1, false]);
    run(playback, 0, 1000);
    expect(playback.index).toBe(1);
    playback.step(-5);
    expect(playback.index).toBe(0);
    playback.step(99);
    expect(playback.index).toBe(4);
  });

  test('seeks without stopping', () => {
    const playback = recorded(100);
    playback.tick(0);
    playback.seek(50);
    expect(run(playback, 16, 3 * FRAME_MS)[0]).toBe(50);
    expect(playback.isPlaying).toBe(true);
    expect(playback.index).toBeGreaterThan(51);
  });

  test('begins again where it loops, after its end was seen for a while', () => {
    const playback = recorded(3);
    playback.setLoops(true);
    run(playback, 0, 6 * FRAME_MS);
    expect(playback.index).toBe(2);
    expect(run(playback, 6 * FRAME_MS, 10 * FRAME_MS)).toEqual([2, 0, 1, 2]);
    expect(playback.isPlaying).toBe(true);
  });

  test('does not make up for a time in which nobody asked', () => {
    const playback = recorded(1000);
    playback.tick(0);
    playback.tick(60_000);
    expect(playback.index).toBeLessThan(5);
  });

  test('of a shorter recording stays within it', () => {
    const playback = recorded(100);
    playback.seek(80);
    playback.hold(0, 20);
    expect(playback.index).toBe(19);
  });

  test('without frames shows none, and does not mind', () => {
    const playback = new Playback();
    expect(run(playback, 0, 500)).toEqual([0]);
    playback.step(1);
    playback.hold(0, 2);
    expect(playback.index).toBe(0);
  });
});

describe('a playback of a live match', () => {
  const live = (): Playback => {
    const playback = new Playback({ isLive: true });
    playback.hold(0, 100);
    return playback;
  };

  test('follows the newest frame', () => {
    const playback = live();
    expect(playback.tick(0)).toBe(99);
    playback.hold(10, 150);
    expect([playback.tick(16), playback.behind]).toEqual([149, 0]);
  });

  test('falls behind while it is paused, and catches up by its speed', () => {
    const playback = live();
    playback.tick(0);
    playback.pause();
    playback.hold(0, 148);
    expect([playback.tick(16), playback.behind, playback.isFollowing]).toEqual([99, 48, false]);
    playback.play();
    playback.setSpeed(8);
    run(playback, 32, 1000);
    expect([playback.behind, playback.isFollowing]).toEqual([0, true]);
  });

  test('at half the speed is half behind', () => {
    const playback = live();
    playback.setSpeed(0.5);
    for (let frame = 0; frame < 48; frame++) {
      playback.hold(0, 100 + frame);
      playback.tick(frame * FRAME_MS);
    }
    expect(playback.behind).toBeGreaterThan(20);
    expect(playback.behind).toBeLessThan(28);
  });

  test('of a match that is fast itself is no slower than that', () => {
    const playback = live();
    playback.pace = 8;
    playback.step(-96);
    playback.play();
    run(playback, 0, 500);
    expect(playback.index).toBeGreaterThan(3 + 40);
    expect(playback.index).toBeLessThan(3 + 56);
  });

  test('jumps back to what is live', () => {
    const playback = live();
    playback.setSpeed(0.25);
    playback.step(-40);
    expect(playback.behind).toBe(40);
    playback.follow();
    expect([playback.index, playback.isPlaying, playback.speed]).toEqual([99, true, 1]);
  });

  test('moves on where its frame is no longer kept', () => {
    const playback = live();
    playback.step(-90);
    playback.hold(50, 150);
    expect(playback.index).toBe(50);
  });
});
