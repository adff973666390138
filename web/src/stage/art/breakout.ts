import type { Art, Burst, Situation } from '../art.ts';
import type { Ink } from '../ink.ts';
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
    paddle: { draw: (ink) => paddle(ink, -2, 34, [12, 20]) },
    'paddle-left': { draw: (ink) => paddle(ink, -2, 60, [24]) },
    'paddle-middle': { draw: (ink) => paddle(ink, -30, 60, []) },
    'paddle-right': { draw: (ink) => paddle(ink, -30, 34, [8]) },
    ...Object.fromEntries(HUES.map((hue, i) => [`brick-${i}`, { draw: (ink) => brick(ink, hue) }])),
  },
  looks: {
    paddle: { sprite: paddlePiece, layer: 5, motion: 'ease' },
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

/** A paddle from `left` to `right`, of which only this cell is drawn where it goes on beyond, with eyes at these columns. */
function paddle(ink: Ink, left: number, right: number, eyes: readonly number[]): void {
  ink.save();
  ink.beginPath();
  const [from, to] = [left < -8 ? -0.6 : -8, right > 40 ? 32.6 : 40];
  ink.rect(from, 0, to - from, 32);
  ink.clip();
  solid(ink, box(left, 8, right - left, 15, 7.5), TONES.sky);
  flat(ink, box(left + 6, 11, right - left - 12, 3, 1.5), 'rgba(255, 255, 255, 0.45)');
  for (const x of eyes) flat(ink, box(x - 1.8, 14.5, 3.6, 5.5, 1.8), '#10141a');
  ink.restore();
}

function paddlePiece({ joinsLeft, joinsRight }: Situation): string {
  if (joinsLeft && joinsRight) return 'paddle-middle';
  if (joinsRight) return 'paddle-left';
  return joinsLeft ? 'paddle-right' : 'paddle';
}
