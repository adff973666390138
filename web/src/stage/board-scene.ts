import Phaser from 'phaser';
import type { Frame, Stage } from '../../../src/live/protocol.ts';
import { artOf } from './art/index.ts';
import { drawBackdrop } from './atlas.ts';
import { CELL } from './ink.ts';
import type { DrawnSprite, Layer, Tempo } from './layer.ts';
import { Particles } from './particles.ts';
import { PlaneLayer } from './plane-layer.ts';
import { follows } from './planes.ts';
import { SHAPE_BOARD, ShapeLayer } from './shape-layer.ts';

/** Pixels of the page that a board covers, in pixels of the canvas. */
export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One match: a scene with a camera on its own part of the page's one canvas. */
export class BoardScene extends Phaser.Scene {
  private readonly stage: Stage;
  private readonly columns: number;
  private readonly rows: number;
  private readonly textureScale: number;
  private layer: Layer | null = null;
  private particles: Particles | null = null;
  private last: Frame | null = null;
  private next: { frame: Frame; tempo: Tempo } | null = null;

  constructor(key: string, stage: Stage, textureScale: number) {
    super({ key });
    const { board } = stage;
    this.stage = stage;
    this.columns = board.kind === 'planes' ? board.width : SHAPE_BOARD;
    this.rows = board.kind === 'planes' ? board.height : SHAPE_BOARD;
    this.textureScale = textureScale;
  }

  create(): void {
    const { columns, rows, stage, textureScale } = this;
    const art = artOf(stage.game);
    const key = `backdrop/${art.game}/${columns}x${rows}`;
    if (!this.textures.exists(key)) this.textures.addCanvas(key, drawBackdrop(art, columns, rows, textureScale));
    const backdrop = this.add.image(0, 0, key).setOrigin(0);
    backdrop.setDisplaySize(columns * CELL, rows * CELL).setDepth(-1);
    this.particles = new Particles(this);
    this.layer =
      stage.board.kind === 'planes'
        ? new PlaneLayer(this, stage.board, art, this.particles)
        : new ShapeLayer(this, art);
    this.events.once(Phaser.Scenes.Events.SHUTDOWN, () => this.particles?.clear());
  }

  /** Takes in the newest frame; one that comes before the scene has started is kept. */
  show(frame: Frame, tempo: Tempo): void {
    this.next = { frame, tempo };
    if (this.layer !== null) this.present();
  }

  override update(): void {
    if (this.next !== null) this.present();
    this.layer?.update(performance.now());
  }

  /** Looks at this part of the canvas, or at nothing. */
  look(viewport: Viewport | null): void {
    const camera = this.cameras?.main;
    if (!camera) return;
    camera.setVisible(viewport !== null);
    if (viewport === null) return;
    const { x, y, width, height } = viewport;
    camera
      .setViewport(x, y, width, height)
      .setZoom(width / (this.columns * CELL), height / (this.rows * CELL))
      .centerOn((this.columns * CELL) / 2, (this.rows * CELL) / 2);
  }

  drawn(): DrawnSprite[] {
    return this.layer?.drawn() ?? [];
  }

  private present(): void {
    const { frame, tempo } = this.next!;
    this.next = null;
    this.layer!.show(frame, !follows(frame, this.last), performance.now(), tempo);
    this.last = frame;
  }
}
