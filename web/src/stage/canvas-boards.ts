import { everyFrame } from '../every-frame.ts';
import { onSight } from '../sight.ts';
import { sprites } from './art/index.ts';
import { CanvasBoard } from './canvas-board.ts';
import { Paint } from './canvas-scene.ts';
import type { Boards } from './stage.ts';

/** The boards of a page without Phaser: each has a 2D canvas of its own, drawn while it is in the window. */
export function createCanvasBoards(): Boards {
  const paint = new Paint(sprites);
  return {
    add(id, element, stage) {
      const board = new CanvasBoard(stage, paint);
      const canvas = document.createElement('canvas');
      // There is nothing to see through: what is opaque is copied to the window, not blended.
      const ink = canvas.getContext('2d', { alpha: false })!;
      element.dataset['board'] = id;
      element.append(canvas);
      let isSeen = false;
      const draw = (): void => {
        if (canvas.width > 0 && canvas.height > 0) board.draw(ink, performance.now(), canvas.width);
      };
      // Told of its size, a board need not ask for it: that would lay out the page anew before each picture.
      const size = new ResizeObserver(() => {
        fit(canvas, element);
        draw();
      });
      size.observe(element);
      const endings = [everyFrame(() => isSeen && draw()), onSight(element, (is) => (isSeen = is))];
      return {
        show: (frame, tempo) => board.show(frame, performance.now(), tempo),
        drawn: () => board.drawn(performance.now()),
        remove() {
          endings.forEach((end) => end());
          size.disconnect();
          board.remove();
          canvas.remove();
        },
      };
    },
  };
}

/** Makes a canvas as big as the element it lies on, to whole pixels of the screen: else each picture would be scaled. */
function fit(canvas: HTMLCanvasElement, element: HTMLElement): void {
  for (const [side, length] of [
    ['width', element.clientWidth],
    ['height', element.clientHeight],
  ] as const) {
    canvas[side] = Math.round(length * devicePixelRatio);
    canvas.style[side] = `${canvas[side] / devicePixelRatio}px`;
  }
}
