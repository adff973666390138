import type { Feature, Named } from '../../src/core/game.ts';
import type { Board, Frame, Stage } from '../../src/live/protocol.ts';
import { h, setText } from './elements.ts';
import { score } from './numbers.ts';

type PlanesBoard = Extract<Board, { kind: 'planes' }>;

/** Pixels a cell of a plane; one of them parts it from the next. */
const CELL = 8;
const EMPTY = '#161d27';

/** A plane's cells by its main role; white where it is another. */
const TINTS: Readonly<Record<string, string>> = {
  self: '#f2d53c',
  'self-part': '#f2d53c',
  threat: '#ff9a66',
  'threat-projectile': '#ff9a66',
  target: '#7ce3b6',
  pickup: '#fff3a0',
  'own-projectile': '#a9ddff',
  trail: '#9aa6b2',
  opponent: '#e7b0d8',
};

export const tintOf = ({ roles }: Named): string => TINTS[roles[0]] ?? '#ffffff';

/** What an agent sees, in place of the board: each plane by its name, or each feature. */
export class RawView {
  readonly element = h('div', { class: 'raw', hidden: true });
  private showFrame: (frame: Frame) => void = () => undefined;
  private last: Frame | null = null;

  /** Makes ready for frames of this game. */
  open({ board }: Stage): void {
    this.last = null;
    if (board.kind === 'planes') this.openPlanes(board);
    else this.openFeatures(board.features ?? []);
  }

  show(frame: Frame): void {
    this.last = frame;
    if (!this.element.hidden) this.showFrame(frame);
  }

  get isShown(): boolean {
    return !this.element.hidden;
  }

  setShown(isShown: boolean): void {
    this.element.hidden = !isShown;
    if (isShown && this.last !== null) this.showFrame(this.last);
  }

  private openPlanes({ width, height, channels }: PlanesBoard): void {
    const planes = channels.map((channel) => {
      const canvas = h('canvas', { width: width * CELL - 1, height: height * CELL - 1 });
      const count = h('span', { class: 'count' });
      return { channel, canvas, count, ink: canvas.getContext('2d')! };
    });
    this.element.style.setProperty('--columns', String(Math.ceil(Math.sqrt(channels.length))));
    this.element.replaceChildren(
      ...planes.map(({ channel, canvas, count }) =>
        h(
          'figure',
          { 'data-channel': channel.name, title: channel.roles.join(', ') },
          canvas,
          h('figcaption', {}, channel.name, ' ', count),
        ),
      ),
    );
    this.showFrame = ({ picture }) => {
      if (picture.kind !== 'planes') return;
      planes.forEach(({ channel, ink, count }, c) => {
        let set = 0;
        for (let cell = 0; cell < width * height; cell++) {
          const isSet = picture.cells[cell * channels.length + c] === 1;
          if (isSet) set++;
          ink.fillStyle = isSet ? tintOf(channel) : EMPTY;
          ink.fillRect((cell % width) * CELL, Math.floor(cell / width) * CELL, CELL - 1, CELL - 1);
        }
        setText(count, String(set));
      });
    };
  }

  private openFeatures(features: readonly Feature[]): void {
    const rows = features.map(({ name, scale }) => {
      const bar = h('span', { class: 'bar' });
      const value = h('output');
      const row = h('li', { 'data-feature': name }, h('span', {}, name), h('span', { class: 'track' }, bar), value);
      return { bar, value, row, scale };
    });
    const list = h('ul', { class: 'features' }, ...rows.map(({ row }) => row));
    this.element.replaceChildren(list);
    this.showFrame = ({ picture }) => {
      if (picture.kind !== 'shapes') return;
      rows.forEach(({ bar, value, scale }, i) => {
        const feature = picture.features?.[i] ?? 0;
        setBar(bar, feature / (2 * scale));
        setText(value, score(Number(feature.toFixed(3))));
      });
    };
  }
}

/** A bar from the middle of its track: to the right where the share is positive; ±1 fills a half. */
export function setBar(bar: HTMLElement, share: number): void {
  const half = 50 * Math.max(-1, Math.min(1, share));
  bar.style.left = `${Math.min(50, 50 + half)}%`;
  bar.style.width = `${Math.abs(half)}%`;
  bar.classList.toggle('negative', half < 0);
}
