import { isSoftwareRendered } from '../software.ts';
import type { Boards } from './stage.ts';

/**
 * The boards of the page, by Phaser where a graphics processor helps. Where none does, on 2D canvases: WebGL would be computed
 * pixel by pixel there, then read back to be laid over the page.
 */
export async function loadBoards(): Promise<Boards> {
  if (isSoftwareRendered()) return (await import('./canvas-boards.ts')).createCanvasBoards();
  return (await import('./stage.ts')).createBoards();
}
