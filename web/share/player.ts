import type { SharedMatch } from '../../src/live/share.ts';
import { distinctStyles } from '../src/arms.ts';
import { h, setText } from '../src/elements.ts';
import { Playback } from '../src/playback.ts';
import type { Boards } from '../src/stage/stage.ts';
import { Transport } from '../src/transport.ts';
import { Lane } from './lane.ts';

/** Plays the episodes of a shared file side by side on one clock. */
export class Player {
  readonly element: HTMLElement;
  private readonly transport: Transport;

  constructor({ title, lanes }: SharedMatch, boards: Boards) {
    const styles = distinctStyles(lanes.map(({ arm }) => arm));
    const shown = lanes.map((lane, i) => new Lane(lane, styles[i], String(i), boards));
    const playback = new Playback({ isPlaying: !matchMedia('(prefers-reduced-motion: reduce)').matches });
    // Screen readers hear what stands.
    const words = h('p', { class: 'unseen', role: 'status' });
    this.transport = new Transport(playback, {
      show: (step) => shown.forEach((lane) => lane.show(step, playback.speed)),
      stands: () => setText(words, shown.map((lane) => lane.sentence()).join(' ')),
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
    return this.transport.keyDown(key);
  }
}

/** Steps with a reward; none of an episode where that is nearly every one. */
const marksOf = (lanes: readonly Lane[]): number[] =>
  lanes.flatMap(({ buffer }) => {
    const rewards = buffer.rewards();
    return rewards.length > buffer.end / 2 ? [] : rewards;
  });
