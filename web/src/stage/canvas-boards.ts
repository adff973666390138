import { everyFrame } from '../every-frame.ts';
import { sprites } from './art/index.ts';
import { drawAtlas } from './atlas.ts';
import { CanvasBoard } from './canvas-board.ts';
import { Paint } from './canvas-scene.ts';
import { textureScale } from './scale.ts';
import type { Boards } from './stage.ts';

/** The boards of a page without Phaser: each has a 2D canvas of its own. */
export function createCanvasBoards(): Boards {
  const paint = new Paint(drawAtlas(sprites, textureScale()));
  return {
    add(id, element, stage) {
      const board = new CanvasBoard(stage, paint, textureScale());
      const canvas = document.createElement('canvas');
      const ink = canvas.getContext('2d')!;
      element.dataset['board'] = id;
      element.append(canvas);
      const stop = everyFrame(() => {
        const width = Math.round(element.clientWidth * devicePixelRatio);
        const height = Math.round(element.clientHeight * devicePixelRatio);
        if (width === 0 || height === 0) return;
        if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
        board.draw(ink, performance.now(), width);
      });
      return {
        show: (frame, tempo) => board.show(frame, performance.now(), tempo),
        drawn: () => board.drawn(),
        remove() {
          stop();
          canvas.remove();
        },
      };
    },
  };
}
