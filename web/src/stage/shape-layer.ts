import type { Shape } from '../../../src/core/game.ts';
import type { Frame } from '../../../src/live/protocol.ts';
import type { Art, ShapeLook } from './art.ts';
import { shapeLookOf } from './art/index.ts';
import { frameName, MARGIN } from './atlas.ts';
import { CELL } from './ink.ts';
import { type DrawnSprite, type Layer, lerp, moveShare, type Tempo, TWEEN_SHARE } from './layer.ts';
import type { Graphics, Image, Scenery } from './scenery.ts';

/** A game of shapes is drawn on a board of this many cells. */
export const SHAPE_BOARD = 10;
const UNITS = SHAPE_BOARD * CELL;

/** A shape on the board: its images, and its numbers before and after the present move. */
interface Actor {
  readonly shape: Shape;
  readonly look: ShapeLook;
  readonly images: Image[];
  from: number[];
  to: number[];
  drawn: number[];
  /** Numbers of earlier frames, newest first. */
  readonly history: number[][];
}

/** Lines at least this thick have round ends. */
const ROUND_FROM = 0.02;

/** Draws games of shapes: discs, boxes and lines that glide from frame to frame. */
export class ShapeLayer implements Layer {
  private readonly scene: Scenery;
  private readonly art: Art;
  private actors: Actor[] = [];
  private ground: Graphics | null = null;
  private groundKey = '';
  private movedAt = 0;
  private moveMs = 1;

  constructor(scene: Scenery, art: Art) {
    this.scene = scene;
    this.art = art;
  }

  show(frame: Frame, snaps: boolean, now: number, tempo: Tempo): void {
    if (frame.picture.kind !== 'shapes') return;
    const { shapes } = frame.picture;
    const isSame =
      shapes.length === this.actors.length && shapes.every((shape, i) => isLike(shape, this.actors[i].shape));
    if (!isSame) this.rebuild(shapes);
    shapes.forEach((shape, i) => {
      const actor = this.actors[i];
      if (snaps) actor.history.length = 0;
      else remember(actor);
      actor.to = numbersOf(shape);
      actor.from = snaps || !isSame ? actor.to : actor.drawn;
    });
    this.movedAt = now;
    this.moveMs = tempo.jumps ? 0 : tempo.stepMs * TWEEN_SHARE;
    this.fillGround(shapes);
    this.update(now);
  }

  update(now: number): void {
    const share = moveShare(now - this.movedAt, this.moveMs);
    for (const actor of this.actors) {
      actor.drawn = actor.to.map((value, i) => lerp(actor.from[i], value, share));
      this.place(actor);
    }
  }

  drawn(): DrawnSprite[] {
    return this.actors.map(({ shape, drawn }) => {
      const [x, y] = centre(shape, drawn);
      return { role: shape.role, name: shape.kind, x: x * SHAPE_BOARD, y: y * SHAPE_BOARD };
    });
  }

  private rebuild(shapes: readonly Shape[]): void {
    for (const { images } of this.actors) for (const image of images) image.destroy();
    this.actors = shapes.map((shape, i) => {
      const look = shapeLookOf(this.art, shape.role);
      const numbers = numbersOf(shape);
      const images = this.imagesFor(shape, look, 2 + i * 0.01);
      return { shape, look, images, from: numbers, to: numbers, drawn: numbers, history: [] };
    });
  }

  /** The images of a shape: those of its past first, then itself, then what it wears. */
  private imagesFor(shape: Shape, look: ShapeLook, depth: number): Image[] {
    const add = (sprite: string, tint: number, layer = depth): Image =>
      this.scene.add.image(0, 0, 'atlas', frameName(sprite, 0)).setTint(tint).setDepth(layer);
    const isSelf = shape.role === 'self';
    const past = Array.from({ length: look.history ?? 0 }, () =>
      add(shape.kind === 'line' ? 'rod' : 'dot', look.tint, 1).setVisible(false),
    );
    switch (shape.kind) {
      case 'disc':
        return [...past, add('globe', look.tint), ...(isSelf ? [add('eye', 0xffffff)] : [])];
      case 'box': {
        const above = depth + 0.005;
        const wheels = this.art.wheels === shape.role ? ['wheel', 'wheel'] : [];
        const worn = [...(isSelf ? ['eye'] : []), ...wheels].map((sprite) => add(sprite, 0xffffff, above));
        return [...past, add('slab', look.tint), ...worn];
      }
      case 'line': {
        const ends = (look.thickness ?? 0) >= ROUND_FROM ? [add('globe', look.tint), add('globe', look.tint)] : [];
        const flag = look.sprite === undefined ? [] : [add(look.sprite, 0xffffff)];
        const limits = look.leans === undefined ? [] : [add('rod', look.tint, 1), add('rod', look.tint, 1)];
        return [...past, add('rod', look.tint), ...ends, ...flag, ...limits];
      }
    }
  }

  private place({ shape, look, images, drawn, history }: Actor): void {
    const past = look.history ?? 0;
    for (let i = 0; i < past; i++) {
      const numbers = history[i];
      images[i].setVisible(numbers !== undefined);
      if (numbers === undefined) continue;
      const share = 1 - (i + 1) / (past + 1);
      images[i].setAlpha(0.32 * share);
      if (shape.kind === 'line') placeRod(images[i], numbers, (look.thickness ?? 0.01) * 0.6);
      else placeAt(images[i], ...centre(shape, numbers), 0.03 * (0.4 + 0.6 * share));
    }
    const [body, ...extras] = images.slice(past);
    if (shape.kind === 'disc') {
      const [x, y, radius] = drawn;
      placeAt(body, x, y, 2 * radius);
      for (const eye of extras) placeAt(eye, x + radius * 0.25, y - radius * 0.15, radius);
    } else if (shape.kind === 'box') {
      placeBox(body, extras, drawn, shape.role === 'self');
    } else {
      const [x, y, x2, y2] = drawn;
      placeRod(body, drawn, look.thickness ?? 0.01);
      const [start, end, flag] = look.sprite === undefined ? extras : [undefined, undefined, extras[0]];
      if (start) placeAt(start, x, y, look.thickness!);
      if (end) placeAt(end, x2, y2, look.thickness!);
      if (flag) placeAt(flag, x2 + 0.04, y2 + 0.02, 0.09);
      if (look.leans !== undefined) placeLimits(extras.slice(-2), drawn, look.leans);
    }
  }

  /** Fills what lies below the line of the ground, once for each course it takes. */
  private fillGround(shapes: readonly Shape[]): void {
    if (this.art.ground === undefined) return;
    const course = shapes.flatMap((shape) =>
      shape.kind === 'line' && shape.role === this.art.ground ? [shape.x, shape.y, shape.x2, shape.y2] : [],
    );
    const key = course.join();
    if (key === this.groundKey || key === '') return;
    this.groundKey = key;
    this.ground ??= this.scene.add.graphics().setDepth(0.5);
    this.ground.clear().fillStyle(0x1d2b33, 1).beginPath();
    for (let i = 0; i < course.length; i += 2) this.ground.lineTo(course[i] * UNITS, course[i + 1] * UNITS);
    this.ground
      .lineTo(course.at(-2)! * UNITS, UNITS)
      .lineTo(course[0] * UNITS, UNITS)
      .closePath()
      .fillPath();
  }
}

const isLike = (a: Shape, b: Shape): boolean => a.kind === b.kind && a.role === b.role;

function numbersOf(shape: Shape): number[] {
  if (shape.kind === 'disc') return [shape.x, shape.y, shape.radius];
  if (shape.kind === 'box') return [shape.x, shape.y, shape.width, shape.height];
  return [shape.x, shape.y, shape.x2, shape.y2];
}

function centre(shape: Shape, [x, y, a, b]: readonly number[]): [number, number] {
  if (shape.kind === 'disc') return [x, y];
  return shape.kind === 'box' ? [x + a / 2, y + b / 2] : [(x + a) / 2, (y + b) / 2];
}

/** Keeps where a shape has been, if it has moved. */
function remember(actor: Actor): void {
  const length = actor.look.history ?? 0;
  if (length === 0) return;
  actor.history.unshift(actor.to);
  if (actor.history.length > length) actor.history.length = length;
}

/** The share of an atlas frame that is the sprite itself. */
const FULL = (CELL + 2 * MARGIN) / CELL;

function placeAt(image: Image, x: number, y: number, size: number): void {
  image.setPosition(x * UNITS, y * UNITS).setDisplaySize(size * FULL * UNITS, size * FULL * UNITS);
}

function placeRod(image: Image, [x, y, x2, y2]: readonly number[], thickness: number): void {
  const length = Math.hypot(x2 - x, y2 - y);
  image
    .setPosition(((x + x2) / 2) * UNITS, ((y + y2) / 2) * UNITS)
    .setRotation(Math.atan2(y2 - y, x2 - x))
    .setDisplaySize(length * FULL * UNITS, thickness * FULL * UNITS);
}

/** On both sides of a line from its lower end, as far as it may lean. */
function placeLimits(limits: readonly Image[], [x, y, x2, y2]: readonly number[], degrees: number): void {
  const length = Math.hypot(x2 - x, y2 - y);
  [-degrees, degrees].forEach((angle, i) => {
    const [dx, dy] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)];
    placeRod(limits[i].setAlpha(0.35), [x, y, x + length * dx, y - length * dy], 0.006);
  });
}

function placeBox(body: Image, extras: Image[], [x, y, width, height]: readonly number[], isSelf: boolean): void {
  body
    .setPosition((x + width / 2) * UNITS, (y + height / 2) * UNITS)
    .setDisplaySize(width * FULL * UNITS, height * FULL * UNITS);
  const [eye] = isSelf ? extras : [];
  const wheels = extras.slice(isSelf ? 1 : 0);
  if (eye) placeAt(eye, x + width / 2, y + height * 0.45, Math.min(width, height) * 0.62);
  wheels.forEach((wheel, i) => {
    const size = height * 0.55;
    placeAt(wheel, x + width * (i === 0 ? 0.22 : 0.78), y + height, size);
    // It rolls: the way it has come, over its radius.
    wheel.setRotation(x / (size / 2));
  });
}
