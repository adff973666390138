import type { Art, Burst } from '../art.ts';
import type { Tones } from '../ink.ts';
import { box, curve, disc, eye, flat, line, polygon, solid, TONES, trace, wash } from '../ink.ts';

/** By speed class, the fastest first: a car of class 1 moves in every step. */
const BODIES: readonly { tones: Tones; cabin: readonly [number, number]; nose: number }[] = [
  { tones: TONES.red, cabin: [9, 11], nose: 7 },
  { tones: TONES.yellow, cabin: [8, 13], nose: 6 },
  { tones: TONES.sky, cabin: [7, 15], nose: 5 },
  { tones: TONES.green, cabin: [5, 17], nose: 4 },
  { tones: TONES.steel, cabin: [3, 19], nose: 2 },
];

const feathers: Burst = {
  sprite: 'feather',
  count: 10,
  tints: [0xffffff, 0xdfe6ee, 0xffd166],
  speed: 3,
  size: 0.4,
  lifeMs: 900,
  gravity: 2,
};

const confetti: Burst = {
  sprite: 'shard',
  count: 18,
  tints: [0xe69f00, 0x56b4e9, 0x1fa877, 0xf2d53c, 0xc06aa8],
  speed: 5,
  size: 0.2,
  lifeMs: 900,
  gravity: 6,
};

/** Asphalt at dawn: five car bodies by speed, a hopping chicken. */
export const freeway: Art = {
  game: 'freeway',
  sprites: {
    chicken: {
      frames: 2,
      draw(ink, frame) {
        const hop = frame * 2;
        line(ink, trace(13, 27 - hop, 12, 30), TONES.amber[1], 2);
        line(ink, trace(18, 27 - hop, 19, 30), TONES.amber[1], 2);
        solid(
          ink,
          curve(
            `M5 ${14 - hop} C5 ${22 - hop} 9 ${28 - hop} 17 ${28 - hop} C25 ${28 - hop} 27 ${20 - hop} 25 ${11 - hop} C24 ${5 - hop} 17 ${5 - hop} 16 ${12 - hop} C14 ${16 - hop} 9 ${17 - hop} 5 ${14 - hop} Z`,
          ),
          TONES.white,
        );
        flat(ink, polygon(25, 11 - hop, 31, 13.5 - hop, 25, 15.5 - hop), TONES.amber[1]);
        flat(
          ink,
          curve(
            `M17 ${7 - hop} C16 ${3 - hop} 19 ${2 - hop} 20 ${4.5 - hop} C21 ${1.5 - hop} 25 ${3 - hop} 24 ${7 - hop} Z`,
          ),
          TONES.red[1],
        );
        eye(ink, 21.5, 11 - hop, 2.6);
        line(ink, curve(`M9 ${20 - hop} C11 ${24 - hop} 15 ${24 - hop} 18 ${21 - hop}`), TONES.white[2], 1.8);
      },
    },
    ...Object.fromEntries(
      BODIES.map(({ tones, cabin, nose }, i) => [
        `car-${i + 1}`,
        {
          draw(ink) {
            ink.fillStyle = 'rgba(255, 240, 190, 0.16)';
            ink.fill(polygon(29, 13, 39, 9.5, 39, 26.5, 29, 23));
            for (let k = 0; k < 3 - Math.floor(i / 2); k++) {
              line(ink, trace(-3, 11 + 6 * k, 1.5, 11 + 6 * k), 'rgba(255, 255, 255, 0.3)', 1.2);
            }
            solid(ink, box(2, 12, 28, 13, nose), tones);
            solid(ink, box(cabin[0], 6, cabin[1], 9, 3.5), tones, 2);
            flat(ink, box(cabin[0] + 2, 8, cabin[1] - 4, 5, 1.5), '#132030');
            flat(ink, box(cabin[0] + cabin[1] - 5.5, 8, 2, 5, 1), '#8fb4d6');
            for (const x of [9, 23]) {
              flat(ink, disc(x, 25, 4.2), '#0d1015');
              flat(ink, disc(x, 25, 1.8), '#8a97a6');
            }
            flat(ink, box(27.5, 15, 3, 3.5, 1), '#fff3b0');
            flat(ink, box(1.5, 15, 2, 3.5, 1), '#ff5a4d');
          },
        },
      ]),
    ),
  },
  looks: {
    chicken: { sprite: 'chicken', layer: 5, fps: 3, motion: 'ease', size: 1.08 },
    car: {
      sprite: ({ trail }) => `car-${trail === null ? 3 : trail.replace('speed', '')}`,
      layer: 4,
      faces: true,
      motion: 'linear',
    },
    ...Object.fromEntries([1, 2, 3, 4, 5].map((speed) => [`speed${speed}`, null])),
  },
  backdrop(ink, columns, rows) {
    const [width, height] = [columns * 32, rows * 32];
    wash(ink, width, height, '#4a3f57', '#3a3648', '#2c3040');
    const asphalt = height - 64;
    flat(ink, box(0, 32, width, asphalt), '#23272f');
    for (let y = 2; y < rows - 1; y++) {
      const isMiddle = y === rows / 2;
      for (let x = 6; x < width; x += 32) {
        flat(ink, box(x, y * 32 - 1, isMiddle ? 32 : 18, 2), isMiddle ? '#d9a441' : 'rgba(223, 230, 238, 0.34)');
      }
    }
    for (const y of [0, height - 32]) {
      flat(ink, box(0, y, width, 32), '#3f5a45');
      for (let x = 0; x < width; x += 8) {
        line(
          ink,
          trace(x + 3, y + 22 - ((x * 7) % 13), x + 4.5, y + 17 - ((x * 7) % 13)),
          'rgba(160, 210, 150, 0.35)',
          1.4,
        );
      }
      flat(ink, box(0, y === 0 ? 29 : y, width, 3), '#aeb6bf');
    }
    const dawn = ink.createLinearGradient(0, 0, width, 0);
    dawn.addColorStop(0, 'rgba(255, 170, 110, 0.13)');
    dawn.addColorStop(1, 'rgba(90, 110, 190, 0.1)');
    ink.fillStyle = dawn;
    ink.fillRect(0, 0, width, height);
  },
  thrown: feathers,
  rewarded: confetti,
};
