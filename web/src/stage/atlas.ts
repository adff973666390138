import type { Art, Sprite } from './art.ts';
import { roleBackdrop } from './art/by-role.ts';
import { CELL } from './ink.ts';

/** Where a sprite's frame lies in the atlas, in pixels. */
export interface AtlasFrame {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

export interface Atlas {
  readonly canvas: HTMLCanvasElement;
  readonly frames: readonly AtlasFrame[];
}

/** Empty units around a sprite: glows and outlines may reach there. */
export const MARGIN = 8;

/** Name of a sprite's frame in the atlas. */
export const frameName = (sprite: string, frame: number): string => `${sprite}#${frame}`;

export const frameCount = (sprite: Sprite): number => sprite.frames ?? 1;

/** Draws every frame of every sprite into one picture, `scale` pixels a unit. */
export function drawAtlas(sprites: Readonly<Record<string, Sprite>>, scale: number): Atlas {
  const drawings = Object.entries(sprites).flatMap(([name, sprite]) =>
    Array.from({ length: frameCount(sprite) }, (_, frame) => ({ name: frameName(name, frame), sprite, frame })),
  );
  const size = (CELL + 2 * MARGIN) * scale;
  const columns = Math.ceil(Math.sqrt(drawings.length));
  const { canvas, ink } = newCanvas(columns * size, Math.ceil(drawings.length / columns) * size);
  const frames = drawings.map(({ name, sprite, frame }, i) => {
    const [x, y] = [(i % columns) * size, Math.floor(i / columns) * size];
    ink.save();
    ink.beginPath();
    // A pixel stays empty all round: smoothing would draw a neighbour's edge.
    ink.rect(x + 1, y + 1, size - 2, size - 2);
    ink.clip();
    ink.translate(x + MARGIN * scale, y + MARGIN * scale);
    ink.scale(scale, scale);
    sprite.draw(ink, frame);
    ink.restore();
    return { name, x, y, size };
  });
  return { canvas, frames };
}

/** Bakes a game's backdrop, `scale` pixels a unit. */
export function drawBackdrop(art: Art, columns: number, rows: number, scale: number): HTMLCanvasElement {
  const { canvas, ink } = newCanvas(Math.round(columns * CELL * scale), Math.round(rows * CELL * scale), {
    alpha: false,
  });
  ink.scale(scale, scale);
  (art.backdrop ?? roleBackdrop)(ink, columns, rows);
  return canvas;
}

function newCanvas(
  width: number,
  height: number,
  settings?: CanvasRenderingContext2DSettings,
): { canvas: HTMLCanvasElement; ink: CanvasRenderingContext2D } {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const ink = canvas.getContext('2d', settings);
  if (ink === null) throw new Error('this browser gives no 2D canvas');
  return { canvas, ink };
}
