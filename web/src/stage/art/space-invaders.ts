import type { Art } from '../art.ts';
import type { Ink, Tones } from '../ink.ts';
import { box, curve, disc, eye, flat, glow, scatter, solid, TONES, wash } from '../ink.ts';

/** Two frames of 11 x 8 pixels; `#` is a body pixel, `o` an eye. */
const ALIENS: readonly { tones: Tones; frames: readonly [string[], string[]] }[] = [
  {
    tones: TONES.purple,
    frames: [
      [
        '....###....',
        '..#######..',
        '.#########.',
        '.##oo#oo##.',
        '.#########.',
        '...##.##...',
        '..##.#.##..',
        '##.......##',
      ],
      [
        '....###....',
        '..#######..',
        '.#########.',
        '.##oo#oo##.',
        '.#########.',
        '...#.#.#...',
        '..#.....#..',
        '...#...#...',
      ],
    ],
  },
  {
    tones: TONES.green,
    frames: [
      [
        '..#.....#..',
        '...#...#...',
        '..#######..',
        '.##o###o##.',
        '###########',
        '#.#######.#',
        '#.#.....#.#',
        '...##.##...',
      ],
      [
        '..#.....#..',
        '#..#...#..#',
        '#.#######.#',
        '###o###o###',
        '###########',
        '.#########.',
        '..#.....#..',
        '.#.......#.',
      ],
    ],
  },
];

const dissolve = {
  sprite: 'shard',
  count: 12,
  tints: [0x7ce3b6, 0xe7b0d8, 0xffffff],
  speed: 3,
  size: 0.14,
  lifeMs: 480,
} as const;

/** Two layers of stars; marching two-frame aliens, straight cyan bolts against vermilion zigzags. */
export const spaceInvaders: Art = {
  game: 'space-invaders',
  sprites: {
    cannon: {
      draw(ink) {
        solid(ink, box(13, 4, 6, 12, 2.5), TONES.sky, 2);
        solid(ink, curve('M2 28 L2 21 C2 17 6 15 10 15 L22 15 C26 15 30 17 30 21 L30 28 Z'), TONES.sky);
        eye(ink, 16, 21.5, 4);
      },
    },
    ...Object.fromEntries(
      ALIENS.map(({ tones, frames }, i) => [
        `alien-${i}`,
        { frames: 2, draw: (ink, frame) => pixels(ink, frames[frame], tones) },
      ]),
    ),
  },
  looks: {
    cannon: { sprite: 'cannon', layer: 5, motion: 'ease' },
    alien: { sprite: ({ y }) => `alien-${y % ALIENS.length}`, layer: 4, fps: 2, motion: 'linear', taken: dissolve },
    alien_left: null,
    alien_right: null,
  },
  backdrop(ink, columns, rows) {
    const [width, height] = [columns * 32, rows * 32];
    wash(ink, width, height, '#0a0d1c', '#0f1228', '#1a1533');
    const random = scatter(11);
    glow(ink, width * 0.78, height * 0.3, 120, '150, 90, 190', 0.2);
    glow(ink, width * 0.2, height * 0.66, 140, '50, 110, 190', 0.18);
    for (let i = 0; i < 70; i++) {
      flat(
        ink,
        disc(width * random(), height * random(), 0.5 + 0.5 * random()),
        `rgba(200, 215, 240, ${0.2 + 0.4 * random()})`,
      );
    }
    for (let i = 0; i < 18; i++) flat(ink, disc(width * random(), height * random(), 1.3), 'rgba(255, 250, 235, 0.75)');
    flat(
      ink,
      curve(`M0 ${height} L0 ${height - 7} Q${width / 2} ${height - 18} ${width} ${height - 7} L${width} ${height} Z`),
      '#2b3352',
    );
  },
};

function pixels(ink: Ink, rows: readonly string[], [light, base, dark]: Tones): void {
  const size = 2.7;
  const left = (32 - 11 * size) / 2;
  const top = (32 - 8 * size) / 2;
  const isBody = (x: number, y: number): boolean => rows[y]?.[x] === '#' || rows[y]?.[x] === 'o';
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!isBody(x, y)) continue;
      const tone = isBody(x, y - 1) && isBody(x - 1, y) ? (isBody(x, y + 1) && isBody(x + 1, y) ? base : dark) : light;
      ink.fillStyle = row[x] === 'o' ? '#10141a' : tone;
      ink.fillRect(left + x * size, top + y * size, size + 0.3, size + 0.3);
    }
  });
}
