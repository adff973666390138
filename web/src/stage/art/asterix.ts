import type { Art } from '../art.ts';
import { box, curve, disc, eye, flat, glow, line, polygon, scatter, solid, TONES, trace, wash } from '../ink.ts';

/** Stone lanes by torchlight: a caped hero, thorned enemies that lean forward, spinning coins. */
export const asterix: Art = {
  game: 'asterix',
  sprites: {
    hero: {
      frames: 2,
      draw(ink, frame) {
        const sway = frame * 2;
        solid(ink, curve(`M13 13 C8 16 ${4 - sway} 22 ${2 + sway} 29 C9 30 14 29 17 27 Z`), TONES.red);
        solid(ink, box(10, 12, 15, 17, 6), TONES.sky);
        solid(ink, box(9, 5, 17, 13, 6.5), TONES.skin);
        solid(ink, curve('M8 10 C8 2 27 2 27 10 L27 11 L8 11 Z'), TONES.yellow);
        solid(ink, curve('M9 8 C4 6 3 2 4 0.5 C7 1 10 3 12 5 Z'), TONES.white, 2);
        eye(ink, 20, 13, 3);
        line(ink, trace(11, 23, 24, 23), TONES.amber[2], 2);
      },
    },
    thorn: {
      frames: 2,
      draw(ink, frame) {
        const bite = frame * 1.5;
        const back = polygon(
          3,
          27,
          5,
          19,
          1,
          17,
          7,
          14,
          5,
          8,
          11,
          10,
          12,
          3,
          17,
          8,
          22,
          4,
          23,
          10,
          29,
          11,
          30,
          18,
          27,
          27,
        );
        solid(ink, back, TONES.vermilion);
        flat(ink, polygon(17, 21 - bite, 31, 20 - bite, 28, 26, 18, 26), '#2a0d0a');
        flat(ink, polygon(19, 21 - bite, 21, 24, 23, 21 - bite), '#fff3e0');
        flat(ink, polygon(24, 21 - bite, 26, 24, 28, 20.5 - bite), '#fff3e0');
        eye(ink, 22, 14.5, 3.4);
        line(ink, trace(17.5, 9.5, 25, 12.5), '#2a0d0a', 2);
      },
    },
    coin: {
      frames: 4,
      draw(ink, frame) {
        const half = [11, 8, 3.5, 8][frame];
        glow(ink, 16, 16, 16, '255, 209, 102', 0.3);
        solid(ink, curve(`M16 5 A${half} 11 0 0 1 16 27 A${half} 11 0 0 1 16 5 Z`), TONES.yellow);
        if (half > 4)
          line(
            ink,
            curve(`M16 9.5 A${half * 0.55} 6.5 0 0 1 16 22.5 A${half * 0.55} 6.5 0 0 1 16 9.5`),
            TONES.yellow[2],
            1.6,
          );
        flat(ink, box(15 - half * 0.35, 11, Math.max(1.2, half * 0.22), 8, 1), TONES.yellow[0]);
      },
    },
    dust: {
      draw(ink) {
        for (const [x, y, radius, alpha] of [
          [9, 23, 4, 0.3],
          [17, 20, 3, 0.26],
          [22, 25, 2.2, 0.22],
          [14, 14, 1.6, 0.18],
        ]) {
          flat(ink, disc(x, y, radius), `rgba(214, 196, 170, ${alpha})`);
        }
      },
    },
  },
  looks: {
    player: { sprite: 'hero', layer: 5, fps: 3, faces: true, motion: 'ease', size: 1.1 },
    enemy: { sprite: 'thorn', layer: 4, fps: 4, faces: true, motion: 'linear' },
    trail: { sprite: 'dust', layer: 1, motion: 'snap' },
    gold: {
      sprite: 'coin',
      layer: 3,
      fps: 7,
      motion: 'linear',
      taken: { sprite: 'spark', count: 8, tints: [0xffd166, 0xfff3a0], speed: 3.4, size: 0.5 },
    },
  },
  backdrop(ink, columns, rows) {
    const [width, height] = [columns * 32, rows * 32];
    wash(ink, width, height, '#2a2430', '#221d28', '#1b1721');
    const random = scatter(7);
    for (let y = 0; y < rows; y++) {
      const isLane = y > 0 && y < rows - 1;
      if (isLane) flat(ink, box(0, y * 32 + 1.5, width, 29, 3), y % 2 === 0 ? '#332c3a' : '#2e2834');
      for (let x = -32 * random(); x < width;) {
        const length = 26 + 34 * random();
        if (!isLane) flat(ink, box(x + 1, y * 32 + 2, length - 2, 28, 4), '#3d3444');
        else line(ink, trace(x + length, y * 32 + 5, x + length - 2, y * 32 + 27), 'rgba(0, 0, 0, 0.22)', 1.5);
        x += length;
      }
      if (isLane) line(ink, trace(0, y * 32 + 2, width, y * 32 + 2), 'rgba(255, 220, 170, 0.06)', 1.5);
    }
    for (const x of [width * 0.16, width * 0.84]) {
      glow(ink, x, 14, 110, '255, 166, 64', 0.24);
      glow(ink, x, 12, 26, '255, 200, 110', 0.5);
      flat(ink, box(x - 2, 14, 4, 14, 1.5), '#5b3a22');
      flat(ink, curve(`M${x} 2 C${x + 6} 8 ${x + 5} 15 ${x} 16 C${x - 5} 15 ${x - 6} 9 ${x} 2 Z`), '#ffb347');
      flat(ink, curve(`M${x} 7 C${x + 3} 10 ${x + 3} 14 ${x} 15 C${x - 3} 14 ${x - 3} 11 ${x} 7 Z`), '#fff0b8');
    }
    glow(ink, width / 2, height / 2, height * 0.75, '255, 190, 120', 0.05);
  },
};
