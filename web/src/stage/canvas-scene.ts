import type { Sprite } from './art.ts';
import { frameCount, frameName, MARGIN } from './atlas.ts';
import { CELL, type Ink } from './ink.ts';
import type { Graphics, Image, Scenery } from './scenery.ts';

const WHITE = 0xffffff;

/** What lies in the scene, the newest last. */
interface Thing {
  readonly depth: number;
  /** `scale`: pixels a unit. */
  draw(ink: Ink, scale: number): void;
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

  /** Draws everything, the lowest first, `scale` pixels a unit. */
  draw(ink: Ink, scale: number): void {
    for (const thing of this.things.toSorted((a, b) => a.depth - b.depth)) thing.draw(ink, scale);
  }
}

/** Stamps that are kept: with some frames a sprite, tints and sizes, far more than a page needs at a time. */
const MOST_STAMPS = 1000;

/**
 * Sprites as stamps, each drawn once for every size and tint in which it is needed: for a processor, to copy pixels is
 * much less work than to scale them.
 */
export class Paint {
  private readonly drawings: ReadonlyMap<string, (ink: Ink) => void>;
  private readonly stamps = new Map<string, HTMLCanvasElement>();

  constructor(sprites: Readonly<Record<string, Sprite>>) {
    this.drawings = new Map(
      Object.entries(sprites).flatMap(([name, sprite]) =>
        Array.from({ length: frameCount(sprite) }, (_, frame) => [
          frameName(name, frame),
          (ink: Ink) => sprite.draw(ink, frame),
        ]),
      ),
    );
  }

  /** A sprite's frame with its margin, `size` pixels wide and high; null where there is no such frame. */
  stamp(frame: string, size: number, tint: number, flips: boolean): HTMLCanvasElement | null {
    const draw = this.drawings.get(frame);
    if (draw === undefined || size < 1) return null;
    const key = `${frame} ${size} ${tint} ${flips}`;
    const known = this.stamps.get(key);
    if (known !== undefined) return known;
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = size;
    const ink = canvas.getContext('2d')!;
    const scale = size / (CELL + 2 * MARGIN);
    if (flips) ink.setTransform(-scale, 0, 0, scale, size - MARGIN * scale, MARGIN * scale);
    else ink.setTransform(scale, 0, 0, scale, MARGIN * scale, MARGIN * scale);
    draw(ink);
    if (tint !== WHITE) multiply(ink, tint);
    if (this.stamps.size >= MOST_STAMPS) this.stamps.clear();
    this.stamps.set(key, canvas);
    return canvas;
  }
}

/** Multiplies the colours of what is drawn; what is empty stays so. */
function multiply(ink: Ink, tint: number): void {
  const { width, height } = ink.canvas;
  const before = new OffscreenCanvas(width, height);
  before.getContext('2d')!.drawImage(ink.canvas, 0, 0);
  ink.resetTransform();
  ink.globalCompositeOperation = 'multiply';
  ink.fillStyle = cssColour(tint);
  ink.fillRect(0, 0, width, height);
  ink.globalCompositeOperation = 'destination-in';
  ink.drawImage(before, 0, 0);
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

  draw(ink: Ink, scale: number): void {
    if (!this.isVisible || this.alpha <= 0) return;
    const { width, height, rotation } = this;
    const [x, y] = [this.x * scale, this.y * scale];
    const size = Math.round(Math.max(width, height) * scale);
    const stamp = this.paint.stamp(this.frame, size, this.tint, this.flips);
    if (stamp === null) return;
    ink.globalAlpha = Math.min(1, this.alpha);
    if (rotation === 0 && width === height) {
      ink.drawImage(stamp, Math.round(x - size / 2), Math.round(y - size / 2));
    } else {
      const [wide, high] = [width * scale, height * scale];
      ink.save();
      ink.translate(x, y);
      ink.rotate(rotation);
      ink.drawImage(stamp, -wide / 2, -high / 2, wide, high);
      ink.restore();
    }
    ink.globalAlpha = 1;
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

  draw(ink: Ink, scale: number): void {
    if (!this.isFilled) return;
    ink.save();
    ink.scale(scale, scale);
    ink.globalAlpha = this.alpha;
    ink.fillStyle = this.colour;
    ink.fill(this.path);
    ink.restore();
  }
}

const cssColour = (colour: number): string => `#${colour.toString(16).padStart(6, '0')}`;
