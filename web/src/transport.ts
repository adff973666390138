import { SPEEDS, STEPS_PER_SECOND } from '../../src/live/protocol.ts';
import { iconButton, labelButton } from './buttons.ts';
import { h, setText, svg } from './elements.ts';
import { everyFrame } from './every-frame.ts';
import { speedText } from './numbers.ts';
import type { Playback } from './playback.ts';

/** What a transport moves. */
export interface Reel {
  /** Shows this frame; also asked anew for the same one after `refresh`. */
  show(index: number): void;
  /** The clock has come to stand on this frame. */
  stands?(index: number): void;
}

/** Time on show, for tests and the curious. */
export interface TimeSnapshot {
  readonly index: number;
  readonly first: number;
  readonly end: number;
  readonly isPlaying: boolean;
  readonly isFollowing: boolean;
  readonly behind: number;
  readonly speed: number;
  readonly loops: boolean;
}

export const timeOf = ({
  index,
  first,
  end,
  isPlaying,
  isFollowing,
  behind,
  speed,
  loops,
}: Playback): TimeSnapshot => ({
  index,
  first,
  end,
  isPlaying,
  isFollowing,
  behind,
  speed,
  loops,
});

/** The controls of a playback, and the loop that lets its time pass. */
export class Transport {
  readonly element: HTMLElement;
  private readonly playback: Playback;
  private readonly reel: Reel;
  private shown = -1;
  private stood = -1;
  /** The end of time when the bar was brought in line last, if it followed what is live by then. */
  private barEnd = -Infinity;
  private readonly stop: () => void;

  private readonly toggle = iconButton('pause', () => this.togglePlay(), 'Pause (P)');
  private readonly back = iconButton('back', () => this.act(() => this.playback.step(-1)), 'Step back (←)');
  private readonly forward = iconButton('forward', () => this.act(() => this.playback.step(1)), 'Step forward (→)');
  private readonly slider = h('input', { type: 'range', min: 0, max: 0, value: 0, step: 1, 'aria-label': 'Time' });
  private readonly marks = svg('path');
  private readonly ticks = svg(
    'svg',
    { class: 'ticks', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    this.marks,
  );
  private readonly place = h('output', { class: 'place' });
  private readonly speed = h(
    'select',
    { class: 'speed-choice', 'aria-label': 'Speed', title: 'Speed ([ and ])' },
    ...SPEEDS.map((speed) => h('option', { value: speed }, speedText(speed))),
  );
  private readonly loop = iconButton('loop', () => this.toggleLoop(), 'Loop (L)');
  private readonly live = h('button', { type: 'button', class: 'live-badge', title: 'Back to live (L)' });

  constructor(playback: Playback, reel: Reel) {
    this.playback = playback;
    this.reel = reel;
    this.slider.addEventListener('input', () => this.act(() => playback.seek(Number(this.slider.value))));
    this.speed.addEventListener('change', () => this.act(() => playback.setSpeed(Number(this.speed.value))));
    this.live.addEventListener('click', () => this.act(() => playback.follow()));
    this.element = h(
      'div',
      { class: 'transport', role: 'group', 'aria-label': 'Time' },
      h('div', { class: 'steps' }, this.back, this.toggle, this.forward),
      h('div', { class: 'time' }, this.ticks, this.slider),
      playback.isLive ? this.live : this.place,
      this.speed,
      ...(playback.isLive ? [] : [this.loop]),
    );
    this.update();
    this.stop = everyFrame(() => {
      playback.tick(performance.now());
      this.present();
    });
  }

  /** A key of the keyboard; true if it meant something here. */
  keyDown(key: string): boolean {
    const { playback } = this;
    const acts: Readonly<Record<string, () => void>> = {
      p: () => this.togglePlay(),
      ' ': () => this.togglePlay(),
      ArrowLeft: () => playback.step(-1),
      ArrowRight: () => playback.step(1),
      '[': () => this.shiftSpeed(-1),
      ']': () => this.shiftSpeed(1),
      Home: () => playback.seek(playback.first),
      End: () => (playback.isLive ? playback.follow() : playback.seek(playback.end - 1)),
      l: () => (playback.isLive ? playback.follow() : this.toggleLoop()),
    };
    if (!Object.hasOwn(acts, key)) return false;
    this.act(acts[key]);
    return true;
  }

  /** Marks frames on the time bar: rewards, say. */
  mark(frames: readonly number[]): void {
    this.marks.setAttribute('d', frames.map((frame) => `M${frame} 0V10`).join(''));
  }

  /** Shows its frame anew: frames or what they are shown with have changed. */
  refresh(): void {
    this.shown = this.stood = -1;
  }

  remove(): void {
    this.stop();
    this.element.remove();
  }

  private act(act: () => void): void {
    act();
    this.present();
  }

  private present(): void {
    const { playback, reel } = this;
    const { index } = playback;
    this.update();
    if (playback.end === playback.first) return;
    if (index !== this.shown) reel.show(index);
    this.shown = index;
    const standing = playback.isPlaying ? -1 : index;
    if (standing !== this.stood && standing >= 0) reel.stands?.(index);
    this.stood = standing;
  }

  private togglePlay(): void {
    this.act(() => (this.playback.isPlaying ? this.playback.pause() : this.playback.play()));
  }

  private toggleLoop(): void {
    this.act(() => this.playback.setLoops(!this.playback.loops));
  }

  private shiftSpeed(by: 1 | -1): void {
    const speed = SPEEDS[SPEEDS.findIndex((speed) => speed === this.playback.speed) + by];
    if (speed !== undefined) this.act(() => this.playback.setSpeed(speed));
  }

  /** Brings the controls in line with the clock, touching only what differs. */
  private update(): void {
    const { index, end, isPlaying, speed, loops, isFollowing, behind, pace } = this.playback;
    labelButton(this.toggle, isPlaying ? 'pause' : 'play', isPlaying ? 'Pause (P)' : 'Play (P)');
    // The knob of what is live stands at the end, whatever the numbers: once a second is enough for them.
    if (!isFollowing || end >= this.barEnd + STEPS_PER_SECOND) {
      this.updateBar();
      this.barEnd = isFollowing ? end : -Infinity;
    }
    setText(this.place, `${index} / ${Math.max(0, end - 1)}`);
    setProperty(this.speed, 'value', String(speed));
    setAttribute(this.loop, 'aria-pressed', String(loops));
    setText(this.live, isFollowing ? 'Live' : `${Math.round(behind / STEPS_PER_SECOND / pace)} s behind live`);
    setAttribute(this.live, 'data-live', String(isFollowing));
  }

  private updateBar(): void {
    const { index, first, end } = this.playback;
    setProperty(this.slider, 'min', String(first));
    setProperty(this.slider, 'max', String(Math.max(first, end - 1)));
    setProperty(this.slider, 'value', String(index));
    setAttribute(this.ticks, 'viewBox', `${first} 0 ${Math.max(1, end - 1 - first)} 10`);
  }
}

function setProperty<Key extends string>(element: { [key in Key]: string }, name: Key, value: string): void {
  if (element[name] !== value) element[name] = value;
}

function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
