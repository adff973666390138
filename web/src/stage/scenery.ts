/*
 * What the layers need of whatever draws them: Phaser's scenes have it, and so has a plain 2D canvas (`canvas-scene.ts`).
 */

/** A frame of the atlas, placed by its middle, in units of 32 a cell. */
export interface Image {
  x: number;
  y: number;
  rotation: number;
  readonly alpha: number;
  setFrame(frame: string): this;
  setPosition(x: number, y: number): this;
  setDisplaySize(width: number, height: number): this;
  setRotation(radians: number): this;
  setFlipX(flips: boolean): this;
  setAlpha(alpha: number): this;
  /** Multiplies its colours. */
  setTint(tint: number): this;
  setVisible(isVisible: boolean): this;
  /** Higher ones lie over lower ones. */
  setDepth(depth: number): this;
  destroy(): void;
}

/** A filled shape. */
export interface Graphics {
  setDepth(depth: number): this;
  clear(): this;
  fillStyle(colour: number, alpha: number): this;
  beginPath(): this;
  lineTo(x: number, y: number): this;
  closePath(): this;
  fillPath(): this;
}

export interface Scenery {
  readonly add: {
    image(x: number, y: number, texture: string, frame?: string): Image;
    graphics(): Graphics;
  };
}
