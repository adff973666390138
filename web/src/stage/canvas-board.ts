import type { Frame, Stage } from '../../../src/live/protocol.ts';
import type { Art } from './art.ts';
import { artOf } from './art/index.ts';
import { drawBackdrop } from './atlas.ts';
import { CanvasScene, type Paint } from './canvas-scene.ts';
import { CELL, type Ink } from './ink.ts';
import type { DrawnSprite, Layer, Tempo } from './layer.ts';
import { Particles } from './particles.ts';
import { PlaneLayer } from './plane-layer.ts';
import { follows } from './planes.ts';
import { SHAPE_BOARD, ShapeLayer } from './shape-layer.ts';

/** A board drawn on a plain 2D canvas: what Phaser draws, for software, files and films. Nothing in it looks at a clock. */
export class CanvasBoard {
  readonly columns: number;
  readonly rows: number;
  private readonly art: Art;
  private backdrop: HTMLCanvasElement | null = null;
  private readonly scene: CanvasScene;
  private readonly particles: Particles;
  private readonly layer: Layer;
  private last: Frame | null = null;

  constructor({ board, game }: Stage, paint: Paint) {
    this.columns = board.kind === 'planes' ? board.width : SHAPE_BOARD;
    this.rows = board.kind === 'planes' ? board.height : SHAPE_BOARD;
    const art = (this.art = artOf(game));
    this.scene = new CanvasScene(paint);
    this.particles = new Particles(this.scene);
    this.layer =
      board.kind === 'planes'
        ? new PlaneLayer(this.scene, board, art, this.particles)
        : new ShapeLayer(this.scene, art);
  }

  /** Takes a frame in at time `now`, in ms. */
  show(frame: Frame, now: number, tempo: Tempo): void {
    // What has moved or gone by now, also where nobody has looked.
    this.layer.update(now);
    this.layer.show(frame, !follows(frame, this.last), now, tempo);
    this.last = frame;
  }

  /** Draws the state at time `now` with its top left corner at the origin, `width` pixels wide. */
  draw(ink: Ink, now: number, width: number): void {
    const scale = width / (this.columns * CELL);
    if (this.backdrop?.width !== width) this.backdrop = drawBackdrop(this.art, this.columns, this.rows, scale);
    this.layer.update(now);
    ink.save();
    ink.beginPath();
    ink.rect(0, 0, width, this.backdrop.height);
    ink.clip();
    ink.drawImage(this.backdrop, 0, 0);
    this.scene.draw(ink, scale);
    ink.restore();
  }

  /** What there is to draw at time `now`. */
  drawn(now: number): DrawnSprite[] {
    this.layer.update(now);
    return this.layer.drawn();
  }

  /** Nothing of it is drawn any more. */
  remove(): void {
    this.particles.clear();
  }
}
