import type { Art } from '../art.ts';
import { box, curve, disc, eye, flat, glow, line, oval, polygon, scatter, solid, TONES, trace, wash } from '../ink.ts';

const bubbles = { sprite: 'ring', count: 9, tints: [0xd8ffff, 0x7fd6e8], speed: 2.2, size: 0.3, gravity: -5 } as const;
const blast = { sprite: 'shard', count: 11, tints: [0xffd166, 0xff9a66, 0xd8ffff], speed: 4, size: 0.22 } as const;

/** From turquoise to ink: a yellow submarine, wriggling fish, bubble wakes; oxygen as a glass tube, divers as portholes. */
export const seaquest: Art = {
  game: 'seaquest',
  sprites: {
    submarine: {
      frames: 2,
      draw(ink, frame) {
        const blade = frame === 0 ? 6 : 2.5;
        flat(ink, oval(-1, 18, 1.8, blade), TONES.steel[1]);
        solid(ink, box(0, 14, 6, 8, 2), TONES.amber, 2);
        solid(ink, box(12, 3, 9, 12, 3), TONES.yellow);
        line(ink, trace(17, 4, 17, 0.5, 21, 0.5), TONES.steel[0], 1.8);
        solid(ink, box(3, 10, 28, 17, 8.5), TONES.yellow);
        solid(ink, disc(23, 17.5, 5), TONES.sky, 2);
        eye(ink, 23.2, 17.5, 3);
        flat(ink, disc(13, 18.5, 2.2), TONES.yellow[2]);
      },
    },
    fish: {
      frames: 2,
      draw(ink, frame) {
        const tail = frame === 0 ? 0 : 4;
        solid(ink, polygon(11, 16, 1, 6 + tail, 4, 16, 1, 22 + tail), TONES.vermilion);
        solid(ink, curve('M7 16 C11 5 25 5 31 16 C25 27 11 27 7 16 Z'), TONES.vermilion);
        flat(ink, polygon(14, 8, 19, 1.5, 22, 8), TONES.vermilion[2]);
        line(ink, trace(16, 10, 14.5, 16, 16, 22), TONES.vermilion[0], 2);
        eye(ink, 24, 14, 3);
        flat(ink, polygon(25, 19, 31, 17, 27, 21), '#2a0d0a');
      },
    },
    raider: {
      frames: 2,
      draw(ink, frame) {
        flat(ink, oval(0.5, 18, 1.6, frame === 0 ? 6 : 2.5), TONES.steel[0]);
        solid(ink, polygon(10, 12, 12, 4, 19, 4, 21, 12), TONES.slate);
        solid(ink, polygon(2, 14, 8, 10, 25, 10, 31.5, 18, 25, 26, 8, 26, 2, 22), TONES.steel);
        line(ink, trace(7, 18, 17, 18), TONES.slate[2], 2);
        solid(ink, disc(22.5, 17, 3.6), TONES.red, 2);
        line(ink, trace(18.5, 12, 26, 14.5), '#10141a', 2);
      },
    },
    diver: {
      frames: 2,
      draw(ink, frame) {
        const kick = frame === 0 ? 2.5 : -2.5;
        line(ink, trace(11, 18, 5, 20 + kick, 1, 18 + 2 * kick), TONES.slate[0], 3);
        line(ink, trace(11, 20, 5, 22 - kick, 1, 22 - 2 * kick), TONES.slate[0], 3);
        solid(ink, box(8, 14, 14, 9, 4.5), TONES.slate);
        solid(ink, box(8, 9, 11, 6, 3), TONES.amber, 2);
        solid(ink, disc(24, 16, 6), TONES.skin);
        solid(ink, box(22, 12.5, 8, 6, 2.5), TONES.cyan, 2);
      },
    },
    torpedo: {
      draw(ink) {
        glow(ink, 16, 16, 15, '95, 227, 240', 0.4);
        solid(ink, box(4, 12.5, 24, 7, 3.5), TONES.cyan, 2);
      },
    },
    harpoon: {
      draw(ink) {
        glow(ink, 16, 16, 15, '224, 86, 43', 0.45);
        const zigzag = trace(3, 18, 10, 12, 15, 20, 21, 12, 29, 16);
        line(ink, zigzag, TONES.vermilion[2], 6);
        line(ink, zigzag, TONES.vermilion[1], 4);
        line(ink, zigzag, '#ffd9a8', 1.5);
      },
    },
    bubbles: {
      draw(ink) {
        for (const [x, y, radius] of [
          [8, 18, 4],
          [17, 12, 3],
          [22, 21, 2.2],
          [13, 24, 1.6],
        ]) {
          line(ink, disc(x, y, radius), 'rgba(216, 255, 255, 0.5)', 1.2);
          flat(ink, disc(x - radius * 0.3, y - radius * 0.3, radius * 0.25), 'rgba(255, 255, 255, 0.7)');
        }
      },
    },
    oxygen: {
      draw(ink) {
        flat(ink, box(0, 8, 32, 16), 'rgba(10, 20, 34, 0.6)');
        flat(ink, box(0, 10, 32, 12), TONES.cyan[1]);
        flat(ink, box(0, 10, 32, 3.5), TONES.cyan[0]);
        flat(ink, box(0, 18.5, 32, 3.5), TONES.cyan[2]);
        flat(ink, disc(11, 16, 1.8), 'rgba(255, 255, 255, 0.7)');
        flat(ink, disc(22, 17.5, 1.2), 'rgba(255, 255, 255, 0.6)');
      },
    },
    porthole: {
      draw(ink) {
        solid(ink, disc(16, 16, 13), TONES.amber);
        flat(ink, disc(16, 16, 9), '#0d2a3c');
        solid(ink, disc(16, 17, 6), TONES.skin, 2);
        solid(ink, box(11, 14, 10, 5, 2.5), TONES.cyan, 2);
      },
    },
  },
  looks: {
    sub_front: { sprite: 'submarine', layer: 5, fps: 8, faces: true, motion: 'ease', size: 1.15 },
    sub_back: null,
    friendly_bullet: { sprite: 'torpedo', layer: 6, motion: 'linear' },
    trail: { sprite: 'bubbles', layer: 1, motion: 'snap', alpha: 0.8 },
    enemy_bullet: { sprite: 'harpoon', layer: 6, faces: true, motion: 'linear' },
    enemy_fish: { sprite: 'fish', layer: 4, fps: 4, faces: true, motion: 'linear', taken: blast },
    enemy_sub: { sprite: 'raider', layer: 4, fps: 8, faces: true, motion: 'linear', taken: blast },
    // Ten cells when it is full.
    oxygen_guage: { sprite: 'oxygen', layer: 7, motion: 'snap', pulsesBelow: 2 },
    diver_guage: { sprite: 'porthole', layer: 8, motion: 'snap', size: 0.8 },
    diver: { sprite: 'diver', layer: 3, fps: 3, faces: true, motion: 'linear', taken: bubbles },
  },
  backdrop(ink, columns, rows) {
    const [width, height] = [columns * 32, rows * 32];
    wash(ink, width, height, '#2fa7a5', '#1b7f95', '#135f81', '#0f4468', '#0c2f4e', '#0a1f36');
    for (const [x, lean, alpha] of [
      [0.18, 60, 0.1],
      [0.45, 90, 0.07],
      [0.72, 70, 0.09],
    ]) {
      const top = x * width;
      ink.fillStyle = `rgba(220, 255, 250, ${alpha})`;
      ink.fill(polygon(top, 32, top + 34, 32, top + 34 + lean, height, top - 40 + lean, height));
    }
    wash(ink, width, 32, '#e8a87c', '#d98f7a', '#8fb7b0');
    for (let x = -16; x < width; x += 32) {
      flat(ink, curve(`M${x} 34 C${x + 8} 24 ${x + 24} 24 ${x + 32} 34 Z`), 'rgba(47, 167, 165, 0.95)');
      line(ink, curve(`M${x} 32 C${x + 8} 24 ${x + 24} 24 ${x + 32} 32`), 'rgba(235, 255, 250, 0.7)', 1.8);
    }
    const random = scatter(3);
    for (let i = 0; i < 26; i++) {
      flat(
        ink,
        disc(width * random(), 50 + (height - 90) * random(), 0.8 + 1.6 * random()),
        'rgba(220, 255, 255, 0.14)',
      );
    }
    for (let x = 4; x < width; x += 26) {
      const tall = 18 + 20 * random();
      line(
        ink,
        curve(`M${x} ${height - 30} C${x - 6} ${height - 40} ${x + 7} ${height - 44} ${x} ${height - 30 - tall}`),
        'rgba(18, 92, 84, 0.55)',
        3,
      );
    }
    flat(ink, box(0, height - 32, width, 32), 'rgba(6, 14, 26, 0.85)');
    line(ink, trace(0, height - 32, width, height - 32), 'rgba(130, 200, 220, 0.35)', 1.5);
  },
};
