import type { Thought } from '../../src/live/mind.ts';
import type { Board, Frame, Stage } from '../../src/live/protocol.ts';
import { h } from './elements.ts';
import { setBar } from './raw-view.ts';

/** What the saliency is of. */
export type SaliencyOf = 'logProb' | 'value';

/** Pixels a cell. */
const CELL = 32;
/** Parts with less than this share of the strongest are left dark; those with more than that are outlined. */
const FAINT = 0.04;
const STRONG = 0.5;
/** Named in words. */
const MOST_NAMED = 3;

const SHADE = 'rgba(8, 10, 14, 0.66)';
const FOR = '255, 232, 150';
const AGAINST = '214, 150, 255';

/**
 * What a choice rests on, as light over the board: what spoke for it is lit, what spoke against it is hatched, and what
 * did most is outlined. Games of features have a bar for each instead.
 */
export class SaliencyOverlay {
  readonly element = h('div', { class: 'saliency', hidden: true });
  private readonly canvas = h('canvas');
  private stage: Stage | null = null;

  open(stage: Stage): void {
    this.stage = stage;
    this.element.hidden = true;
  }

  /** Shows the saliency of the frame on show; returns it in words. */
  show(thought: Thought, frame: Frame, of: SaliencyOf): string {
    const { board, actions } = this.stage!;
    const changes = thought.saliency[of];
    if (changes === null) return 'This agent learns no value.';
    const most = Math.max(1e-9, ...changes.map(Math.abs));
    const shares = changes.map((change) => change / most);
    if (board.kind === 'planes') this.light(shares, board.width, board.height);
    else this.bars(shares, board.features?.map(({ name }) => name) ?? []);
    this.element.hidden = false;
    const what = of === 'value' ? 'the value' : `“${actions[thought.action].name}”`;
    return sentence(shares, most, what, (part) => nameOf(board, frame, part));
  }

  hide(): void {
    this.element.hidden = true;
  }

  private light(shares: readonly number[], width: number, height: number): void {
    const { canvas } = this;
    canvas.width = width * CELL;
    canvas.height = height * CELL;
    this.element.replaceChildren(canvas);
    const ink = canvas.getContext('2d')!;
    ink.fillStyle = SHADE;
    ink.fillRect(0, 0, canvas.width, canvas.height);
    const cells = shares.flatMap((share, i) =>
      Math.abs(share) < FAINT ? [] : [{ share, x: (i % width) * CELL, y: Math.floor(i / width) * CELL }],
    );
    // First the shade gives way to what matters, so that it can be seen; then it is lit.
    ink.globalCompositeOperation = 'destination-out';
    for (const { share, x, y } of cells) spot(ink, x, y, '0, 0, 0', Math.sqrt(Math.abs(share)), 1.1);
    ink.globalCompositeOperation = 'source-over';
    for (const { share, x, y } of cells) {
      spot(ink, x, y, share > 0 ? FOR : AGAINST, 0.55 * Math.abs(share), 0.9);
      if (share < 0) hatch(ink, x, y, -share);
      if (Math.abs(share) >= STRONG) outline(ink, x, y, share);
    }
  }

  private bars(shares: readonly number[], names: readonly string[]): void {
    const rows = names.map((name, i) => {
      const bar = h('span', { class: 'bar' });
      setBar(bar, shares[i]);
      const value = h('output', {}, `${Math.round(100 * shares[i])} %`);
      return h('li', {}, h('span', {}, name), h('span', { class: 'track' }, bar), value);
    });
    this.element.replaceChildren(h('ul', { class: 'features' }, ...rows));
  }
}

function spot(ink: CanvasRenderingContext2D, x: number, y: number, rgb: string, alpha: number, size: number): void {
  const [cx, cy, radius] = [x + CELL / 2, y + CELL / 2, CELL * size];
  const gradient = ink.createRadialGradient(cx, cy, CELL * 0.25, cx, cy, radius);
  gradient.addColorStop(0, `rgba(${rgb}, ${alpha})`);
  gradient.addColorStop(1, `rgba(${rgb}, 0)`);
  ink.fillStyle = gradient;
  ink.fillRect(cx - radius, cy - radius, 2 * radius, 2 * radius);
}

function hatch(ink: CanvasRenderingContext2D, x: number, y: number, strength: number): void {
  ink.save();
  ink.beginPath();
  ink.rect(x + 2, y + 2, CELL - 4, CELL - 4);
  ink.clip();
  ink.strokeStyle = `rgba(${AGAINST}, ${0.35 + 0.65 * strength})`;
  ink.lineWidth = 2;
  ink.beginPath();
  for (let from = -CELL; from < CELL; from += 8) {
    ink.moveTo(x + from, y + CELL);
    ink.lineTo(x + from + CELL, y);
  }
  ink.stroke();
  ink.restore();
}

function outline(ink: CanvasRenderingContext2D, x: number, y: number, share: number): void {
  ink.strokeStyle = share > 0 ? '#ffffff' : `rgb(${AGAINST})`;
  ink.lineWidth = 2.5;
  ink.strokeRect(x + 1.5, y + 1.5, CELL - 3, CELL - 3);
}

/** The things in a cell by their channels' names, and where it is; or the feature's name. */
function nameOf(board: Board, { picture }: Frame, part: number): string {
  if (board.kind === 'shapes') return board.features?.[part]?.name ?? `feature ${part + 1}`;
  if (picture.kind !== 'planes') return '';
  const { channels, width } = board;
  const things = channels.filter((_, c) => picture.cells[part * channels.length + c] === 1).map(({ name }) => name);
  return `${things.join(' + ')} (column ${(part % width) + 1}, row ${Math.floor(part / width) + 1})`;
}

function sentence(shares: readonly number[], most: number, what: string, name: (part: number) => string): string {
  const parts = shares
    .map((share, part) => ({ share, part }))
    .filter(({ share }) => Math.abs(share) >= FAINT)
    .toSorted((a, b) => Math.abs(b.share) - Math.abs(a.share))
    .slice(0, MOST_NAMED)
    .map(({ share, part }) => `${name(part)} ${share > 0 ? '+' : '−'}${Math.abs(share * most).toPrecision(2)}`);
  if (most < 1e-6 || parts.length === 0) return `No part of the board alone changes ${what}.`;
  return `Most for ${what}: ${parts.join(', ')}.`;
}
