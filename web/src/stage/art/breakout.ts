import type { Art, Burst } from '../art.ts';
import { box, flat, line, solid, TONES, trace, wash } from '../ink.ts';
import { brick } from './by-role.ts';

const HUES = [TONES.vermilion, TONES.amber, TONES.green];

const shards: Burst = {
  sprite: 'shard',
  count: 8,
  tints: [0xff9a66, 0xffd166, 0x7ce3b6],
  speed: 4.5,
  size: 0.26,
  gravity: 14,
};

/** A navy court with bevelled bricks in three hues and a comet for a ball. */
export const breakout: Art = {
  game: 'breakout',
  sprites: {
    paddle: {
      draw(ink) {
        solid(ink, box(-1, 9, 34, 14, 7), TONES.sky);
        flat(ink, box(5, 12, 22, 3, 1.5), 'rgba(255, 255, 255, 0.45)');
        flat(ink, box(10.2, 15, 3.6, 5, 1.8), '#10141a');
        flat(ink, box(18.2, 15, 3.6, 5, 1.8), '#10141a');
      },
    },
    ...Object.fromEntries(HUES.map((hue, i) => [`brick-${i}`, { draw: (ink) => brick(ink, hue) }])),
  },
  looks: {
    paddle: { sprite: 'paddle', layer: 5, motion: 'ease', size: 1.12 },
    trail: null,
    brick: { sprite: ({ y }) => `brick-${y % HUES.length}`, layer: 2, motion: 'snap', taken: shards },
  },
  backdrop(ink, columns, rows) {
    const [width, height] = [columns * 32, rows * 32];
    wash(ink, width, height, '#1d2c52', '#172344', '#101a35');
    for (let y = 1; y < rows; y++) line(ink, trace(0, y * 32, width, y * 32), 'rgba(130, 160, 220, 0.07)', 1);
    for (let x = 1; x < columns; x++) line(ink, trace(x * 32, 0, x * 32, height), 'rgba(130, 160, 220, 0.07)', 1);
    line(ink, trace(0, height - 2, width, height - 2), 'rgba(224, 86, 43, 0.6)', 3);
  },
};
