import Phaser from 'phaser';
import type { Frame, Stage } from '../../../src/live/protocol.ts';
import { sprites } from './art/index.ts';
import { drawAtlas } from './atlas.ts';
import { BoardScene } from './board-scene.ts';
import type { DrawnSprite, Tempo } from './layer.ts';

/** A board on the page. */
export interface BoardView {
  show(frame: Frame, tempo: Tempo): void;
  /** What is drawn at this moment. */
  drawn(): DrawnSprite[];
  remove(): void;
}

/** All boards of the page: one game, one canvas. */
export interface Boards {
  /** Draws a board over `element`, wherever that is on the page. */
  add(id: string, element: HTMLElement, stage: Stage): BoardView;
}

interface Placed {
  readonly scene: BoardScene;
  readonly element: HTMLElement;
}

/** Pixels a unit of the textures: sharp at the sizes boards have on a page. */
const textureScale = (): number => Math.min(4, Math.max(2, Math.ceil(devicePixelRatio * 1.5)));

/** Starts the page's one game; the canvas lies over the page and lets clicks through. */
export async function createBoards(): Promise<Boards> {
  const holder = document.createElement('div');
  holder.className = 'canvas-holder';
  holder.setAttribute('aria-hidden', 'true');
  document.body.append(holder);
  const placed = new Map<string, Placed>();
  const game = await startGame(holder);
  const atlas = drawAtlas(sprites, textureScale());
  const texture = game.textures.addCanvas('atlas', atlas.canvas);
  for (const { name, x, y, size } of atlas.frames) texture?.add(name, 0, x, y, size, size);
  game.events.on(Phaser.Core.Events.PRE_RENDER, () => align(game, holder, placed.values()));

  let count = 0;
  return {
    add(id, element, stage) {
      const key = `board-${count++}`;
      const scene = new BoardScene(key, stage, textureScale());
      placed.set(key, { scene, element });
      game.scene.add(key, scene, true);
      element.dataset['board'] = id;
      return {
        show: (frame, tempo) => scene.show(frame, tempo),
        drawn: () => scene.drawn(),
        remove() {
          placed.delete(key);
          game.scene.remove(key);
        },
      };
    },
  };
}

function startGame(parent: HTMLElement): Promise<Phaser.Game> {
  return new Promise((resolve) => {
    const config: Phaser.Types.Core.GameConfig = {
      type: Phaser.AUTO,
      parent,
      width: 16,
      height: 16,
      transparent: true,
      banner: false,
      audio: { noAudio: true },
      input: { keyboard: false, mouse: false, touch: false, gamepad: false },
      scale: { mode: Phaser.Scale.NONE },
      disableContextMenu: false,
      callbacks: { postBoot: resolve },
    };
    // The game hands itself over once it has started.
    void new Phaser.Game(config);
  });
}

/** A rectangle in CSS pixels of the document. */
interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/**
 * Lays the canvas over the boards and each camera over its board. The canvas is no bigger than the window and moves
 * within the part of the page that has boards; being part of the page, it scrolls with them between two frames.
 */
function align(game: Phaser.Game, holder: HTMLElement, placed: Iterable<Placed>): void {
  const boards = [...placed].map(({ scene, element }) => ({ scene, box: boxOf(element) }));
  holder.hidden = boards.length === 0;
  if (boards.length === 0) return;
  const area = boards.map(({ box }) => box).reduce(union);
  const [windowWidth, windowHeight] = [document.documentElement.clientWidth, window.innerHeight];
  const width = Math.min(Math.ceil(area.right - area.left), windowWidth);
  const height = Math.min(Math.ceil(area.bottom - area.top), windowHeight);
  const left = area.left;
  const top = Math.max(area.top, Math.min(window.scrollY, area.bottom - height));
  const ratio = devicePixelRatio;
  resize(game, width, height, ratio);
  holder.style.transform = `translate(${left}px, ${top}px)`;
  for (const { scene, box } of boards) {
    const isSeen = box.bottom > top && box.top < top + height && box.right > box.left;
    scene.look(
      isSeen
        ? {
            x: Math.round((box.left - left) * ratio),
            y: Math.round((box.top - top) * ratio),
            width: Math.round((box.right - box.left) * ratio),
            height: Math.round((box.bottom - box.top) * ratio),
          }
        : null,
    );
  }
}

function resize(game: Phaser.Game, width: number, height: number, ratio: number): void {
  const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (game.scale.width === pixelWidth && game.scale.height === pixelHeight) return;
  game.scale.resize(pixelWidth, pixelHeight);
  game.canvas.style.width = `${width}px`;
  game.canvas.style.height = `${height}px`;
}

function boxOf(element: HTMLElement): Box {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  const [x, y] = [window.scrollX, window.scrollY];
  return { left: left + x, top: top + y, right: right + x, bottom: bottom + y };
}

const union = (a: Box, b: Box): Box => ({
  left: Math.min(a.left, b.left),
  top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right),
  bottom: Math.max(a.bottom, b.bottom),
});
