import { expect, test } from 'vitest';
import type { Board, Frame } from '../../src/live/protocol.ts';
import { cartpole } from '../../web/src/stage/art/classic.ts';
import { seaquest } from '../../web/src/stage/art/seaquest.ts';
import { Particles } from '../../web/src/stage/particles.ts';
import { PlaneLayer } from '../../web/src/stage/plane-layer.ts';
import type { Image, Scenery } from '../../web/src/stage/scenery.ts';
import { ShapeLayer } from '../../web/src/stage/shape-layer.ts';

/** What an image was told last, by the name of the call. */
type Told = Record<string, readonly number[]>;

/** A scenery that draws nothing and remembers what its images were told. */
function listening(): { scenery: Scenery; images: Told[] } {
  const images: Told[] = [];
  const image = (): Image => {
    const told: Told = {};
    images.push(told);
    const listener: Image = new Proxy({} as Image, {
      get: (_target, name: string) =>
        name.startsWith('set') ? (...given: number[]) => ((told[name] = given), listener) : 0,
    });
    return listener;
  };
  return { scenery: { add: { image, graphics: () => expect.unreachable() } }, images };
}

const tempo = { stepMs: 80, isHuman: false, jumps: false, hasEffects: true };
const frameOf = (picture: Frame['picture']): Frame => ({
  frame: 0,
  episode: 0,
  step: 0,
  trainingStep: null,
  action: null,
  reward: 0,
  episodeReturn: 0,
  terminated: false,
  truncated: false,
  value: null,
  probabilities: null,
  picture,
});

test('oxygen pulses where less than a fifth is left', () => {
  const board = {
    kind: 'planes',
    height: 1,
    width: 10,
    channels: [{ name: 'oxygen_guage', roles: ['gauge'] }],
  } as const;
  /** The sizes at which a gauge of so many cells is drawn in the course of a second. */
  const sizes = (count: number): number => {
    const { scenery, images } = listening();
    const layer = new PlaneLayer(scenery, board satisfies Board, seaquest, new Particles(scenery));
    const cells = Uint8Array.from({ length: 10 }, (_, x) => Number(x < count));
    layer.show(frameOf({ kind: 'planes', cells }), true, 0, tempo);
    const seen = new Set<number>();
    for (let now = 100; now < 1100; now += 100) {
      layer.update(now);
      seen.add(images.at(-1)!['setDisplaySize'][0]);
    }
    return seen.size;
  };
  expect([sizes(10), sizes(2)]).toEqual([1, 1]);
  expect(sizes(1)).toBeGreaterThan(5);
});

test('a pole stands between the angles at which its episode ends', () => {
  const { scenery, images } = listening();
  const layer = new ShapeLayer(scenery, cartpole);
  const pole = { kind: 'line', role: 'ball', x: 0.5, y: 0.66, x2: 0.5, y2: 0.41 } as const;
  layer.show(frameOf({ kind: 'shapes', shapes: [pole] }), true, 0, tempo);
  // Barto, Sutton and Anderson 1983: 12 degrees from the vertical.
  const angles = images
    .filter((told) => told['setAlpha']?.[0] === 0.35)
    .map((told) => (told['setRotation'][0] * 180) / Math.PI + 90);
  expect(angles).toEqual([expect.closeTo(-12, 6), expect.closeTo(12, 6)]);
});
