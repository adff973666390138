import type { SharedMatch } from '../../src/live/share.ts';
import { announce } from '../src/announce.ts';
import { distinctStyles } from '../src/arms.ts';
import { h, setText } from '../src/elements.ts';
import { Playback } from '../src/playback.ts';
import type { Boards } from '../src/stage/stage.ts';
import { Transport } from '../src/transport.ts';
import { Lane } from './lane.ts';
import { prefersStillness } from '../src/stillness.ts';

/** Plays the episodes of a shared file side by side on one clock. */
export class Player {
  readonly element: HTMLElement;
  private readonly transport: Transport;
  private readonly lanes: readonly Lane[];

  constructor({ title, lanes }: SharedMatch, boards: Boards) {
    const styles = distinctStyles(lanes.map(({ arm }) => arm));
    const shown = lanes.map((lane, i) => new Lane(lane, styles[i], String(i), boards));
    this.lanes = shown;
    const playback = new Playback({ isPlaying: !prefersStillness() });
    // Screen readers hear what stands.
    const words = h('p', { id: 'news', class: 'unseen', role: 'status' });
    this.transport = new Transport(playback, {
      show: (step) => shown.forEach((lane) => lane.show(step, playback.speed)),
      stands: () => {
        setText(words, shown.map((lane) => lane.sentence()).join(' '));
        shown.forEach((lane) => lane.describe());
      },
    });
    playback.hold(0, Math.max(...shown.map(({ buffer }) => buffer.end)));
    this.transport.mark(marksOf(shown));
    this.element = h(
      'div',
      { class: 'shared' },
      h('header', { class: 'top' }, h('p', { class: 'logo' }, 'New Game', h('b', {}, '+')), h('h1', {}, title)),
      h(
        'main',
        {},
        h('section', { class: 'matches', 'data-count': Math.min(3, lanes.length) }, ...shown.map((l) => l.element)),
      ),
      h('footer', {}, this.transport.element),
      words,
    );
  }

  /** A key of the keyboard; true if it meant something here. */
  keyDown(key: string): boolean {
    if (key !== 'r') return this.transport.keyDown(key);
    announce(this.lanes.map((lane) => lane.describe()).join(' '));
    return true;
  }
}

/** Steps with a reward; none of an episode where that is nearly every one. */
const marksOf = (lanes: readonly Lane[]): number[] =>
  lanes.flatMap(({ buffer }) => {
    const rewards = buffer.rewards();
    return rewards.length > buffer.end / 2 ? [] : rewards;
  });
