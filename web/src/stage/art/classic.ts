import type { Art } from '../art.ts';
import type { Ink } from '../ink.ts';
import { disc, flat, glow, line, polygon, scatter, trace, wash } from '../ink.ts';

/** Dusk over a plain, for the games of physics. */
function dusk(ink: Ink, columns: number, rows: number): void {
  const [width, height] = [columns * 32, rows * 32];
  wash(ink, width, height, '#141a2c', '#1c2340', '#2c2c50', '#45375a');
  const random = scatter(5);
  for (let i = 0; i < 40; i++) {
    flat(
      ink,
      disc(width * random(), height * 0.6 * random(), 0.5 + 0.7 * random()),
      `rgba(230, 235, 250, ${0.2 + 0.4 * random()})`,
    );
  }
  glow(ink, width * 0.5, height, height * 0.7, '230, 140, 100', 0.22);
}

/** A rail, rolling wheels and a fan of past pole angles over the wedge in which it may lean. */
export const cartpole: Art = {
  game: 'cartpole',
  backdrop(ink, columns, rows) {
    dusk(ink, columns, rows);
    const [width, height] = [columns * 32, rows * 32];
    const y = height * 0.74;
    flat(ink, polygon(0, y, width, y, width, height, 0, height), '#151925');
    for (let x = 8; x < width; x += 16) line(ink, trace(x, y + 2, x - 3, y + 9), 'rgba(154, 166, 178, 0.25)', 2);
    for (const edge of [0.1, 0.9]) {
      line(ink, trace(width * edge, y - 26, width * edge, y), 'rgba(224, 86, 43, 0.55)', 2.5);
    }
  },
  wheels: 'self',
  shapes: {
    ball: { tint: 0xffd166, thickness: 0.028, history: 12, leans: 12 },
    wall: { tint: 0x9aa6b2, thickness: 0.012 },
  },
};

/** Far hills: height, swing, waves across the board, colour. */
const RIDGES = [
  [0.56, 22, 3.2, 'rgba(70, 66, 118, 0.45)'],
  [0.7, 26, 4.4, 'rgba(50, 50, 92, 0.7)'],
] as const;

/** Layered hills, a ribbon where the car was, a flag. */
export const mountaincar: Art = {
  game: 'mountaincar',
  backdrop(ink, columns, rows) {
    dusk(ink, columns, rows);
    const [width, height] = [columns * 32, rows * 32];
    for (const [base, swing, waves, colour] of RIDGES) {
      const ridge = Array.from({ length: 61 }, (_, i) => [
        (width * i) / 60,
        height * base -
          swing * (Math.sin((i / 60) * waves * Math.PI + base * 9) + 0.35 * Math.sin((i / 60) * 17 + base)),
      ]);
      flat(ink, polygon(0, height, ...ridge.flat(), width, height), colour);
    }
  },
  ground: 'wall',
  shapes: {
    self: { tint: 0x56b4e9, history: 24 },
    wall: { tint: 0x5fa77d, thickness: 0.014 },
    target: { tint: 0xe69f00, thickness: 0.012, sprite: 'flag' },
  },
};

/** Chrome links, a fan of where the outer one was, a goal line. */
export const acrobot: Art = {
  game: 'acrobot',
  backdrop: dusk,
  shapes: {
    self: { tint: 0xb9c6d6, thickness: 0.036 },
    'self-part': { tint: 0x56b4e9, thickness: 0.03, history: 10 },
    target: { tint: 0xe69f00, thickness: 0.007 },
    wall: { tint: 0xe8ecf1 },
  },
};
