import { isSoftwareRendered } from '../software.ts';
import type { Boards } from './stage.ts';

/**
 * The boards of the page: drawn by Phaser where a graphics processor helps. Else on plain 2D canvases: there WebGL would be
 * computed pixel by pixel, read back and laid over the page, and Phaser fetched for nothing.
 */
export async function loadBoards(): Promise<Boards> {
  if (isSoftwareRendered()) return (await import('./canvas-boards.ts')).createCanvasBoards();
  return (await import('./stage.ts')).createBoards();
}
