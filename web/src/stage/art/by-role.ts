import type { Burst, Look, ShapeLook, Sprite } from '../art.ts';
import { box, curve, disc, eye, flat, glow, line, oval, polygon, solid, star, TONES, trace, wash } from '../ink.ts';
import type { Ink } from '../ink.ts';

/** Sprites for any game, one for each role, readable without colour: what each role is shows in its outline. */
export const roleSprites: Readonly<Record<string, Sprite>> = {
  self: {
    frames: 2,
    draw(ink, frame) {
      const squash = frame === 0 ? 0 : 1;
      solid(ink, box(3, 4 + squash, 26, 25 - squash, 11), TONES.sky);
      eye(ink, 20, 14 + squash, 5.5);
      line(ink, trace(14, 23 + squash, 21, 23 + squash), TONES.sky[2], 2);
    },
  },
  'self-part': {
    draw: (ink) => solid(ink, box(6, 7, 20, 19, 8), TONES.sky),
  },
  threat: {
    frames: 2,
    draw(ink, frame) {
      solid(ink, star(16, 16.5, 15, 9, 8, frame * 0.2), TONES.vermilion);
      line(ink, trace(8.5, 11, 14, 14), '#10141a', 2.2);
      line(ink, trace(23.5, 11, 18, 14), '#10141a', 2.2);
      flat(ink, disc(12, 16.5, 2.2), '#fff3e0');
      flat(ink, disc(20, 16.5, 2.2), '#fff3e0');
      flat(ink, disc(12.4, 16.8, 1.1), '#10141a');
      flat(ink, disc(20.4, 16.8, 1.1), '#10141a');
    },
  },
  target: {
    draw(ink) {
      solid(ink, box(3, 3, 26, 26, 5), TONES.purple);
      solid(ink, disc(16, 16, 7.5), TONES.white, 2);
      flat(ink, disc(16, 16, 3), TONES.purple[2]);
    },
  },
  pickup: {
    draw(ink) {
      glow(ink, 16, 16, 16, '255, 209, 102', 0.35);
      solid(ink, disc(16, 16, 10), TONES.yellow);
      flat(ink, star(16, 16, 5.5, 2.2, 4), TONES.yellow[0]);
    },
  },
  ball: {
    draw(ink) {
      glow(ink, 16, 16, 16, '255, 255, 255', 0.35);
      solid(ink, disc(16, 16, 9.5), TONES.white);
      flat(ink, oval(12.5, 12, 3.2, 2.3, -0.7), '#ffffff');
    },
  },
  'own-projectile': {
    draw(ink) {
      glow(ink, 16, 16, 15, '95, 227, 240', 0.4);
      solid(ink, box(12.5, 4, 7, 24, 3.5), TONES.cyan, 2);
    },
  },
  'threat-projectile': {
    draw(ink) {
      glow(ink, 16, 16, 15, '224, 86, 43', 0.4);
      const zigzag = trace(18, 3, 11, 11, 20, 16, 12, 22, 16, 29);
      line(ink, zigzag, TONES.vermilion[2], 6.5);
      line(ink, zigzag, TONES.vermilion[1], 4.5);
      line(ink, zigzag, '#ffd9a8', 1.6);
    },
  },
  trail: {
    draw(ink) {
      for (const [x, y, radius] of DUST) flat(ink, disc(x, y, radius), 'rgba(200, 212, 228, 0.5)');
    },
  },
  wall: { draw: (ink) => brick(ink, TONES.steel) },
  gauge: {
    draw(ink) {
      flat(ink, box(0, 11, 32, 10), '#0b1016');
      solid(ink, box(0.5, 12, 31, 8, 2), TONES.green, 2);
    },
  },
  opponent: {
    frames: 2,
    draw(ink, frame) {
      solid(ink, box(3, 4 + frame, 26, 25 - frame, 11), TONES.amber);
      eye(ink, 20, 14 + frame, 5.5);
    },
  },
  unknown: { draw: (ink) => solid(ink, polygon(16, 4, 28, 16, 16, 28, 4, 16), TONES.slate) },

  // Particles and the parts of shapes, white so that they take a tint.
  shard: { draw: (ink) => flat(ink, box(6, 6, 20, 20, 2), '#ffffff') },
  spark: { draw: (ink) => flat(ink, star(16, 16, 15, 3.5, 4), '#ffffff') },
  puff: { draw: (ink) => glow(ink, 16, 16, 15, '255, 255, 255', 0.9) },
  feather: {
    draw(ink) {
      flat(ink, curve('M4 28 C6 10 18 3 29 4 C28 16 18 27 4 28 Z'), '#ffffff');
      line(ink, trace(4, 28, 24, 9), 'rgba(0, 0, 0, 0.25)', 1.5);
    },
  },
  ring: { draw: (ink) => line(ink, disc(16, 16, 13), '#ffffff', 3) },
  dot: { draw: (ink) => flat(ink, disc(16, 16, 15), '#ffffff') },
  globe: {
    draw(ink) {
      flat(ink, disc(16, 16, 15), '#b8c1cc');
      ink.save();
      ink.clip(disc(16, 16, 15));
      glow(ink, 12, 11, 15, '255, 255, 255', 0.95);
      ink.restore();
    },
  },
  wheel: {
    draw(ink) {
      solid(ink, disc(16, 16, 14), TONES.slate);
      solid(ink, disc(16, 16, 6), TONES.steel, 2);
      line(ink, trace(16, 3.5, 16, 8), TONES.steel[0], 2.5);
      line(ink, trace(16, 24, 16, 28.5), TONES.steel[0], 2.5);
      line(ink, trace(3.5, 16, 8, 16), TONES.steel[0], 2.5);
      line(ink, trace(24, 16, 28.5, 16), TONES.steel[0], 2.5);
    },
  },
  rod: {
    draw(ink) {
      ink.fillStyle = '#ffffff';
      ink.fillRect(0, 0, 32, 12);
      ink.fillStyle = '#d5dbe3';
      ink.fillRect(0, 12, 32, 11);
      ink.fillStyle = '#9aa6b4';
      ink.fillRect(0, 23, 32, 9);
    },
  },
  slab: {
    draw(ink) {
      const path = box(1, 1, 30, 30, 5);
      flat(ink, path, '#d5dbe3');
      ink.save();
      ink.clip(path);
      flat(ink, box(0, 0, 32, 8), '#ffffff');
      flat(ink, box(0, 23, 32, 9), '#98a4b3');
      ink.restore();
    },
  },
  flag: {
    draw(ink) {
      solid(ink, curve('M4 4 L29 10 L4 18 Z'), TONES.amber);
      line(ink, trace(3, 2, 3, 31), TONES.white[1], 3);
    },
  },
  eye: { draw: (ink) => eye(ink, 16, 16, 14) },
};

const DUST: readonly (readonly [number, number, number])[] = [
  [10, 19, 3.4],
  [18, 13, 2.6],
  [22, 21, 2],
  [12, 10, 1.6],
];

/** A bevelled block. */
export function brick(ink: Ink, [light, base, dark]: readonly [string, string, string]): void {
  flat(ink, box(0.5, 1.5, 31, 29, 2.5), dark);
  flat(ink, box(0.5, 1.5, 29.5, 27.5, 2.5), light);
  flat(ink, box(3, 4, 26, 24, 1.5), base);
}

const sparks: Burst = { sprite: 'spark', count: 7, tints: [0xffd166, 0xfff3a0], speed: 3.2, size: 0.45 };
const blast: Burst = { sprite: 'shard', count: 12, tints: [0xff9a66, 0xe0562b, 0xffd166], speed: 4.5, size: 0.22 };
const shards: Burst = { sprite: 'shard', count: 8, tints: [0xb9c6d6, 0x7d8ca0], speed: 4, size: 0.28, gravity: 12 };

/** How a channel looks by its main role. */
export const roleLooks: Readonly<Record<string, Look>> = {
  self: { sprite: 'self', layer: 5, fps: 2, faces: true, motion: 'ease' },
  'self-part': { sprite: 'self-part', layer: 4, motion: 'ease' },
  opponent: { sprite: 'opponent', layer: 5, fps: 2, faces: true, motion: 'ease' },
  threat: { sprite: 'threat', layer: 4, fps: 3, motion: 'linear', taken: blast },
  target: { sprite: 'target', layer: 3, motion: 'linear', taken: shards },
  pickup: { sprite: 'pickup', layer: 3, pulsesBelow: Infinity, motion: 'linear', taken: sparks },
  ball: { sprite: 'ball', layer: 6, motion: 'linear', ghosts: 6 },
  'own-projectile': { sprite: 'own-projectile', layer: 6, motion: 'linear' },
  'threat-projectile': { sprite: 'threat-projectile', layer: 6, motion: 'linear' },
  trail: { sprite: 'trail', layer: 1, alpha: 0.7, motion: 'snap' },
  wall: { sprite: 'wall', layer: 2, motion: 'snap' },
  gauge: { sprite: 'gauge', layer: 7, motion: 'snap' },
  unknown: { sprite: 'unknown', layer: 2, motion: 'snap' },
};

export const roleShapes: Readonly<Record<string, ShapeLook>> = {
  self: { tint: 0x56b4e9, thickness: 0.03 },
  'self-part': { tint: 0xa9ddff, thickness: 0.026 },
  ball: { tint: 0xffd166, thickness: 0.026 },
  pickup: { tint: 0xf2d53c, thickness: 0.012 },
  threat: { tint: 0xe0562b, thickness: 0.02 },
  target: { tint: 0x1fa877, thickness: 0.008 },
  wall: { tint: 0x7d8ca0, thickness: 0.012 },
  unknown: { tint: 0x9aa6b2, thickness: 0.012 },
};

/** A quiet board at dusk, with a dot at each crossing. */
export function roleBackdrop(ink: Ink, columns: number, rows: number): void {
  wash(ink, columns * 32, rows * 32, '#1b2330', '#151b25', '#10151d');
  for (let x = 1; x < columns; x++) {
    for (let y = 1; y < rows; y++) flat(ink, disc(x * 32, y * 32, 1.1), 'rgba(154, 166, 178, 0.28)');
  }
}
