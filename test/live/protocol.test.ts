import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Shape } from '../../src/core/game.ts';
import { readAsk } from '../../src/live/messages.ts';
import {
  type Board,
  decodeFrame,
  decodeFrameBytes,
  encodeFrame,
  encodeFrameBytes,
  type Frame,
} from '../../src/live/protocol.ts';

const channels = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `c${i}`, roles: ['self'] }));

const planesBoard = (height: number, width: number, count: number) =>
  ({ kind: 'planes', height, width, channels: channels(count) }) satisfies Board;

const float32 = fc.float({ noNaN: true });
const uint32 = fc.nat(0xffffffff);

const measured = {
  frame: uint32,
  episode: uint32,
  step: uint32,
  trainingStep: fc.option(fc.nat(Number.MAX_SAFE_INTEGER)),
  action: fc.option(fc.nat(65534)),
  reward: float32,
  episodeReturn: float32,
  terminated: fc.boolean(),
  truncated: fc.boolean(),
  value: fc.option(float32),
  probabilities: fc.option(
    fc.array(
      fc.nat(255).map((n) => n / 255),
      { minLength: 1, maxLength: 100 },
    ),
  ),
};
/** Who made the step is left out where no human has played. */
const facts = fc.oneof(
  fc.record(measured),
  fc.record({ ...measured, human: fc.constantFrom('now' as const, 'before' as const) }),
);

const planes = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 12 }))
  .chain(([height, width, count]) =>
    fc.tuple(
      fc.constant(planesBoard(height, width, count)),
      fc.uint8Array({ min: 0, max: 1, minLength: height * width * count, maxLength: height * width * count }),
    ),
  );

const coordinate = fc.integer({ min: -32768, max: 32767 }).map((n) => n / 16384);
const role = fc.constantFrom('self', 'ball', 'wall', 'größe');
const shape: fc.Arbitrary<Shape> = fc.oneof(
  fc.record({ kind: fc.constant('disc' as const), role, x: coordinate, y: coordinate, radius: coordinate }),
  fc.record({
    kind: fc.constant('box' as const),
    role,
    x: coordinate,
    y: coordinate,
    width: coordinate,
    height: coordinate,
  }),
  fc.record({ kind: fc.constant('line' as const), role, x: coordinate, y: coordinate, x2: coordinate, y2: coordinate }),
);

describe('frames', () => {
  test('planes come back as they went', () => {
    fc.assert(
      fc.property(facts, planes, (rest, [board, cells]) => {
        const frame: Frame = { ...rest, picture: { kind: 'planes', cells } };
        expect(decodeFrame(encodeFrame(frame, board), board)).toEqual(frame);
      }),
    );
  });

  test('shapes and features come back as they went', () => {
    const features = fc.option(fc.array(float32, { minLength: 1, maxLength: 20 }), { nil: undefined });
    fc.assert(
      fc.property(facts, fc.array(shape, { maxLength: 30 }), features, (rest, shapes, features) => {
        const frame: Frame = { ...rest, picture: { kind: 'shapes', shapes, ...(features && { features }) } };
        expect(decodeFrame(encodeFrame(frame, { kind: 'shapes' }), { kind: 'shapes' })).toEqual(frame);
      }),
    );
  });

  test('coordinates far outside the picture are clamped, not wrapped', () => {
    const far: Shape = { kind: 'disc', role: 'self', x: 1e9, y: -1e9, radius: 0.5 };
    const decoded = decodeFrame(encodeFrame(quiet({ kind: 'shapes', shapes: [far] }), { kind: 'shapes' }), {
      kind: 'shapes',
    });
    expect(decoded.picture).toEqual({
      kind: 'shapes',
      shapes: [{ kind: 'disc', role: 'self', x: 32767 / 16384, y: -2, radius: 0.5 }],
    });
  });

  test.each([4, 7, 10])(
    'even the fullest 10x10 board of %i channels and 6 actions takes less than 200 bytes',
    (count) => {
      const cells = new Uint8Array(100 * count).fill(1);
      const frame = { ...quiet({ kind: 'planes', cells }), probabilities: [0.1, 0.1, 0.2, 0.2, 0.2, 0.2] };
      expect(encodeFrameBytes(frame, planesBoard(10, 10, count)).length).toBeLessThan(200);
    },
  );

  test('a seaquest board as it is in play takes less than 200 bytes of text', () => {
    // 40 cells set: submarine, 6 things in the water with their trails, shots, full gauges.
    const cells = new Uint8Array(1000);
    for (let i = 0; i < 40; i++) cells[(i * 613) % 1000] = 1;
    const frame = { ...quiet({ kind: 'planes', cells }), value: 3.5, probabilities: Array(6).fill(1 / 6) };
    expect(encodeFrame(frame, planesBoard(10, 10, 10)).length).toBeLessThan(200);
  });

  test('a frame that is cut off or does not fit the board is refused', () => {
    const board = planesBoard(10, 10, 4);
    const bytes = encodeFrameBytes(quiet({ kind: 'planes', cells: new Uint8Array(400).fill(1) }), board);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeFrameBytes(bytes.subarray(0, length), board), `${length} bytes`).toThrow(RangeError);
    }
    expect(() => decodeFrameBytes(bytes, planesBoard(10, 10, 5))).toThrow(RangeError);
    expect(() => decodeFrameBytes(bytes, { kind: 'shapes' })).toThrow(RangeError);
  });
});

describe('what a page may ask', () => {
  test.each([
    { ask: 'watch', match: 'm' },
    { ask: 'pause', match: 'm', paused: true },
    { ask: 'speed', match: 'm', speed: 0.25 },
    { ask: 'press', match: 'm', action: null },
    { ask: 'take', match: 'm' },
    { ask: 'hand-back', match: 'm' },
    { ask: 'duel', match: 'zoo:breakout', seed: 7 },
    { ask: 'duel', match: 'runs/one', step: 2048, seed: 7 },
  ])('%j', (ask) => {
    expect(readAsk('ask', [ask])).toEqual(ask);
  });

  test.each([
    ['an unknown event', 'shutdown', [{ ask: 'watch', match: 'm' }]],
    ['no argument', 'ask', []],
    ['a callback', 'ask', [{ ask: 'watch', match: 'm' }, () => {}]],
    ['another verb', 'ask', [{ ask: 'delete', match: 'm' }]],
    ['a strange key', 'ask', [{ ask: 'watch', match: 'm', path: '../..' }]],
    ['a speed that is not offered', 'ask', [{ ask: 'speed', match: 'm', speed: 1e9 }]],
    ['a speed of no number', 'ask', [{ ask: 'speed', match: 'm', speed: Number.NaN }]],
    ['an endless name', 'ask', [{ ask: 'watch', match: 'm'.repeat(201) }]],
    ['a negative action', 'ask', [{ ask: 'press', match: 'm', action: -1 }]],
    ['a broken action', 'ask', [{ ask: 'press', match: 'm', action: 0.5 }]],
    ['a duel without a seed', 'ask', [{ ask: 'duel', match: 'zoo:breakout' }]],
    ['a seed below 0', 'ask', [{ ask: 'duel', match: 'zoo:breakout', seed: -1 }]],
    ['an array', 'ask', [[{ ask: 'watch', match: 'm' }]]],
    ['nothing', 'ask', [null]],
    ['a prototype', 'ask', [JSON.parse('{"ask":"watch","match":"m","__proto__":{"x":1}}')]],
  ])('not %s', (_name, event, args) => {
    expect(readAsk(event, args)).toBeNull();
  });
});

function quiet(picture: Frame['picture']): Frame {
  return {
    frame: 1,
    episode: 0,
    step: 1,
    trainingStep: 84_000,
    action: 2,
    reward: 0,
    episodeReturn: 3,
    terminated: false,
    truncated: false,
    value: null,
    probabilities: null,
    picture,
  };
}
