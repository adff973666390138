import type { Named } from '../../../src/core/game.ts';
import type { Board, Frame } from '../../../src/live/protocol.ts';
import type { Cell } from './matching.ts';

type PlanesBoard = Extract<Board, { kind: 'planes' }>;

/** A frame's planes, read by cell and channel. */
export class Planes {
  private readonly board: PlanesBoard;
  private readonly cells: Uint8Array;
  private readonly trails: readonly number[];

  constructor(board: PlanesBoard, cells: Uint8Array) {
    this.board = board;
    this.cells = cells;
    this.trails = board.channels.flatMap(({ roles }, channel) => (isTrail(roles) ? [channel] : []));
  }

  has(x: number, y: number, channel: number): boolean {
    const { width, height, channels } = this.board;
    return x >= 0 && x < width && y >= 0 && y < height && this.cells[(y * width + x) * channels.length + channel] === 1;
  }

  /** The cells set in a channel, row by row. */
  list(channel: number): Cell[] {
    const { width, channels } = this.board;
    const found: Cell[] = [];
    for (let i = channel; i < this.cells.length; i += channels.length) {
      if (this.cells[i] !== 1) continue;
      const at = (i - channel) / channels.length;
      found.push({ x: at % width, y: Math.floor(at / width) });
    }
    return found;
  }

  /**
   * Which way the thing in this cell goes, as trails tell (1 is right, -1 left, 0 they don't), and the trail's channel.
   * A trail lies beside the thing, on the far side of the board where the thing has just wrapped round.
   */
  way(cell: Cell, roles: readonly string[]): { dx: -1 | 0 | 1; trail: Named | null } {
    const { width, channels } = this.board;
    const isPlayer = roles[0] === 'self';
    for (const channel of isPlayer ? this.parts() : this.trails) {
      const trail = channels[channel];
      if (this.has(cell.x, cell.y, channel)) {
        if (trail.roles.includes('left')) return { dx: -1, trail };
        if (trail.roles.includes('right')) return { dx: 1, trail };
      }
      const behindRight = this.has((cell.x + width - 1) % width, cell.y, channel);
      const behindLeft = this.has((cell.x + 1) % width, cell.y, channel);
      if (behindRight !== behindLeft) return { dx: behindRight ? 1 : -1, trail };
    }
    return { dx: 0, trail: null };
  }

  private parts(): number[] {
    return this.board.channels.flatMap(({ roles }, channel) => (roles[0] === 'self-part' ? [channel] : []));
  }
}

const isTrail = (roles: readonly string[]): boolean => roles[0] === 'trail';

/** Does a frame follow the one before closely enough to move things from there? */
export function follows(frame: Frame, before: Frame | null): boolean {
  if (before === null || frame.episode !== before.episode) return false;
  const gap = frame.frame - before.frame;
  return gap > 0 && gap <= 2;
}
