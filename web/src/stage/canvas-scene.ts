import { type Atlas, type AtlasFrame, MARGIN } from './atlas.ts';
import { CELL, type Ink } from './ink.ts';
import type { Graphics, Image, Scenery } from './scenery.ts';

const WHITE = 0xffffff;

/** What lies in the scene, the newest last. */
interface Thing {
  readonly depth: number;
  draw(ink: Ink): void;
}

/** Draws the images of a layer on a plain 2D canvas, without Phaser. */
export class CanvasScene implements Scenery {
  private things: Thing[] = [];
  private readonly paint: Paint;

  constructor(paint: Paint) {
    this.paint = paint;
  }

  readonly add = {
    image: (x: number, y: number, _texture: string, frame?: string): Image => {
      const image = new CanvasImage(this.paint, () => {
        this.things = this.things.filter((thing) => thing !== image);
      });
      this.things.push(image);
      if (frame !== undefined) image.setFrame(frame);
      return image.setPosition(x, y);
    },
    graphics: (): Graphics => {
      const graphics = new CanvasGraphics();
      this.things.push(graphics);
      return graphics;
    },
  };

  /** Draws everything, the lowest first, in units of 32 a cell. */
  draw(ink: Ink): void {
    for (const thing of this.things.toSorted((a, b) => a.depth - b.depth)) thing.draw(ink);
  }
}

/** The atlas with its frames by name, and the tinted copies that were needed so far. */
export class Paint {
  private readonly atlas: Atlas;
  private readonly frames: ReadonlyMap<string, AtlasFrame>;
  private readonly tinted = new Map<string, HTMLCanvasElement>();

  constructor(atlas: Atlas) {
    this.atlas = atlas;
    this.frames = new Map(atlas.frames.map((frame) => [frame.name, frame]));
  }

  /** Draws a frame around the origin. */
  draw(ink: Ink, name: string, tint: number, width: number, height: number): void {
    const frame = this.frames.get(name);
    if (frame === undefined) return;
    const { x, y, size } = frame;
    if (tint === WHITE) ink.drawImage(this.atlas.canvas, x, y, size, size, -width / 2, -height / 2, width, height);
    else ink.drawImage(this.tint(frame, tint), -width / 2, -height / 2, width, height);
  }

  private tint({ name, x, y, size }: AtlasFrame, tint: number): HTMLCanvasElement {
    const key = `${name} ${tint}`;
    const known = this.tinted.get(key);
    if (known !== undefined) return known;
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = size;
    const ink = canvas.getContext('2d')!;
    const stamp = (): void => ink.drawImage(this.atlas.canvas, x, y, size, size, 0, 0, size, size);
    stamp();
    ink.globalCompositeOperation = 'multiply';
    ink.fillStyle = cssColour(tint);
    ink.fillRect(0, 0, size, size);
    // Multiplying has coloured what is empty, too.
    ink.globalCompositeOperation = 'destination-in';
    stamp();
    this.tinted.set(key, canvas);
    return canvas;
  }
}

class CanvasImage implements Image, Thing {
  x = 0;
  y = 0;
  rotation = 0;
  alpha = 1;
  depth = 0;
  private frame = '';
  private width = CELL + 2 * MARGIN;
  private height = CELL + 2 * MARGIN;
  private flips = false;
  private tint = WHITE;
  private isVisible = true;
  private readonly paint: Paint;
  readonly destroy: () => void;

  constructor(paint: Paint, destroy: () => void) {
    this.paint = paint;
    this.destroy = destroy;
  }

  setFrame(frame: string): this {
    this.frame = frame;
    return this;
  }

  setPosition(x: number, y: number): this {
    [this.x, this.y] = [x, y];
    return this;
  }

  setDisplaySize(width: number, height: number): this {
    [this.width, this.height] = [width, height];
    return this;
  }

  setRotation(radians: number): this {
    this.rotation = radians;
    return this;
  }

  setFlipX(flips: boolean): this {
    this.flips = flips;
    return this;
  }

  setAlpha(alpha: number): this {
    this.alpha = alpha;
    return this;
  }

  setTint(tint: number): this {
    this.tint = tint;
    return this;
  }

  setVisible(isVisible: boolean): this {
    this.isVisible = isVisible;
    return this;
  }

  setDepth(depth: number): this {
    this.depth = depth;
    return this;
  }

  draw(ink: Ink): void {
    if (!this.isVisible || this.alpha <= 0) return;
    ink.save();
    ink.globalAlpha = Math.min(1, this.alpha);
    ink.translate(this.x, this.y);
    ink.rotate(this.rotation);
    if (this.flips) ink.scale(-1, 1);
    this.paint.draw(ink, this.frame, this.tint, this.width, this.height);
    ink.restore();
  }
}

class CanvasGraphics implements Graphics, Thing {
  depth = 0;
  private path = new Path2D();
  private colour = '';
  private alpha = 1;
  private isFilled = false;

  setDepth(depth: number): this {
    this.depth = depth;
    return this;
  }

  clear(): this {
    this.path = new Path2D();
    this.isFilled = false;
    return this;
  }

  fillStyle(colour: number, alpha: number): this {
    [this.colour, this.alpha] = [cssColour(colour), alpha];
    return this;
  }

  beginPath(): this {
    this.path = new Path2D();
    return this;
  }

  lineTo(x: number, y: number): this {
    this.path.lineTo(x, y);
    return this;
  }

  closePath(): this {
    this.path.closePath();
    return this;
  }

  fillPath(): this {
    this.isFilled = true;
    return this;
  }

  draw(ink: Ink): void {
    if (!this.isFilled) return;
    ink.save();
    ink.globalAlpha = this.alpha;
    ink.fillStyle = this.colour;
    ink.fill(this.path);
    ink.restore();
  }
}

const cssColour = (colour: number): string => `#${colour.toString(16).padStart(6, '0')}`;
