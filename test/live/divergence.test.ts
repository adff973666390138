import { describe, expect, test } from 'vitest';
import { divergence } from '../../src/live/divergence.ts';
import type { Frame, Picture } from '../../src/live/protocol.ts';

const cells = (at: number): Picture => ({
  kind: 'planes',
  cells: Uint8Array.from({ length: 4 }, (_, i) => +(i === at)),
});
const discs = (x: number): Picture => ({
  kind: 'shapes',
  shapes: [{ kind: 'disc', role: 'self', x, y: 0, radius: 1 }],
});

/** An episode of these actions (null: it has ended) and pictures. */
const episode = (actions: readonly (number | null)[], pictures: readonly Picture[]): Frame[] =>
  actions.map((action, step) => ({
    frame: step,
    episode: 0,
    step,
    trainingStep: 0,
    action,
    reward: 0,
    episodeReturn: 0,
    terminated: action === null,
    truncated: false,
    value: null,
    probabilities: null,
    picture: pictures[step],
  }));

describe('episodes of the same seed', () => {
  test('never part where they are the same', () => {
    const one = episode([0, 1, null], [cells(0), cells(1), cells(2)]);
    expect(divergence([one, structuredClone(one)])).toEqual({ action: null, state: null });
    expect(divergence([one])).toEqual({ action: null, state: null });
    expect(divergence([])).toEqual({ action: null, state: null });
  });

  test('part where actions do, and where that first shows', () => {
    const a = episode([0, 1, 0, 0], [cells(0), cells(1), cells(2), cells(3)]);
    const b = episode([0, 2, 0, 1], [cells(0), cells(1), cells(2), cells(0)]);
    expect(divergence([a, b])).toEqual({ action: 1, state: 3 });
    expect(divergence([b, a])).toEqual({ action: 1, state: 3 });
  });

  test('part at once', () => {
    const a = episode([0, 0], [discs(0.5), discs(0.5)]);
    const b = episode([1, 0], [discs(0.25), discs(0.5)]);
    expect(divergence([a, b])).toEqual({ action: 0, state: 0 });
  });

  test('are in other states where one ends and another goes on', () => {
    const a = episode([0, null], [cells(0), cells(1)]);
    const b = episode([0, 1, 1], [cells(0), cells(1), cells(2)]);
    expect(divergence([a, b])).toEqual({ action: null, state: 1 });
  });

  test('are compared as far as all were recorded', () => {
    const a = episode([0, 1], [cells(0), cells(1)]);
    const b = episode([0, 1, 2], [cells(0), cells(1), cells(3)]);
    expect(divergence([a, b])).toEqual({ action: null, state: null });
  });

  test('part where the first of several does', () => {
    const a = episode([0, 1, 0], [cells(0), cells(1), cells(2)]);
    const b = episode([0, 1, 2], [cells(0), cells(1), cells(2)]);
    const c = episode([0, 2, 0], [cells(0), cells(1), cells(3)]);
    expect(divergence([a, b, c])).toEqual({ action: 1, state: 2 });
  });
});
