import { SPEEDS, STEPS_PER_SECOND } from '../../src/live/protocol.ts';
import type { SharedMatch } from '../../src/live/share.ts';
import { h, setText } from '../src/elements.ts';
import { icon, type IconName } from '../src/icons.ts';
import type { Paint } from '../src/stage/canvas-scene.ts';
import { advance, type Clock, stepAt } from './clock.ts';
import { Lane } from './lane.ts';

/** Above this speed nothing flies about: it would not be seen. */
const CALM_ABOVE = 4;

/** Time that passes between two pictures at most. */
const LONGEST_MS = 250;

/** Plays the episodes of a shared file side by side on one clock. */
export class Player {
  readonly element: HTMLElement;
  private readonly lanes: readonly Lane[];
  private readonly last: number;
  private readonly isReduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
  private clock: Clock = { place: 0, isPlaying: !this.isReduced };
  private speed = 1;
  private drawnAt = performance.now();

  private readonly play = button('pause', 'Pause (P)', () => this.toggle());
  private readonly back = button('left', 'One step back (←)', () => this.stepBy(-1));
  private readonly forward = button('right', 'One step on (→)', () => this.stepBy(1));
  private readonly slower = button('slower', 'Slower (-)', () => this.shiftSpeed(-1));
  private readonly faster = button('faster', 'Faster (+)', () => this.shiftSpeed(1));
  private readonly speedText = h('output', { class: 'speed' });
  private readonly time = h('input', { type: 'range', min: 0, step: 1, 'aria-label': 'Step' });
  private readonly place = h('output', { class: 'place' });
  /** Said to screen readers whenever the match stands. */
  private readonly words = h('p', { class: 'unseen', role: 'status' });

  constructor({ title, lanes }: SharedMatch, paint: Paint) {
    this.lanes = lanes.map((lane) => new Lane(lane, paint));
    this.last = Math.max(...this.lanes.map(({ length }) => length));
    this.time.max = String(this.last);
    this.time.addEventListener('input', () => this.seek(Number(this.time.value)));
    const speeds = h('span', { class: 'speeds' }, this.slower, this.speedText, this.faster);
    const controls = h('div', { class: 'controls' }, this.play, this.back, this.forward, speeds);
    const bar = h('div', { class: 'bar' }, ...this.lanes.map((lane) => lane.ticks(this.last)), this.time);
    this.element = h(
      'div',
      { class: 'shared' },
      h('header', { class: 'top' }, h('p', { class: 'logo' }, 'New Game', h('b', {}, '+')), h('h1', {}, title)),
      h(
        'main',
        {},
        h(
          'section',
          { class: 'matches', 'data-count': Math.min(3, lanes.length) },
          ...this.lanes.map((l) => l.element),
        ),
      ),
      h('footer', { class: 'time' }, controls, bar, this.place),
      this.words,
    );
    requestAnimationFrame((now) => this.draw(now));
  }

  /** A key of the keyboard; true if it meant something here. */
  keyDown(key: string): boolean {
    const meaning = KEYS[key.length === 1 ? key.toLowerCase() : key];
    meaning?.(this);
    return meaning !== undefined;
  }

  toggle(): void {
    const { place, isPlaying } = this.clock;
    const isOver = place >= this.last;
    this.clock = { place: isPlaying ? stepAt(this.clock) : isOver ? 0 : place, isPlaying: !isPlaying };
    this.tell();
  }

  stepBy(count: number): void {
    this.seek(stepAt(this.clock) + count);
  }

  /** Goes to a step, and stands there unless it plays. */
  seek(step: number): void {
    const { isPlaying } = this.clock;
    this.clock = { place: Math.max(0, Math.min(this.last, step)), isPlaying };
    this.tell();
  }

  toStart = (): void => this.seek(0);

  toEnd = (): void => this.seek(this.last);

  shiftSpeed(by: number): void {
    const at = SPEEDS.findIndex((speed) => speed === this.speed) + by;
    this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))];
  }

  private draw(now: number): void {
    const stepsPerSecond = STEPS_PER_SECOND * this.speed;
    const wasPlaying = this.clock.isPlaying;
    // A picture's time may lie before the moment the player was made; a hidden page is not fast-forwarded.
    const ms = Math.max(0, Math.min(LONGEST_MS, now - this.drawnAt));
    this.clock = advance(this.clock, ms, stepsPerSecond, this.last);
    this.drawnAt = now;
    const step = stepAt(this.clock);
    const hasEffects = !this.isReduced && this.speed <= CALM_ABOVE;
    const tempo = { stepMs: 1000 / stepsPerSecond, isHuman: false, hasEffects };
    for (const lane of this.lanes) {
      lane.show(step, now, tempo);
      lane.draw(now);
    }
    this.showControls(step);
    if (wasPlaying && !this.clock.isPlaying) this.tell();
    requestAnimationFrame((next) => this.draw(next));
  }

  private showControls(step: number): void {
    const { isPlaying } = this.clock;
    const title = isPlaying ? 'Pause (P)' : step >= this.last ? 'Play again (P)' : 'Play (P)';
    if (this.play.title !== title) label(this.play, isPlaying ? 'pause' : 'play', title);
    if (this.time.value !== String(step)) this.time.value = String(step);
    setText(this.place, `${step} / ${this.last}`);
    setText(this.speedText, `${this.speed}×`);
    this.slower.disabled = this.speed <= SPEEDS[0];
    this.faster.disabled = this.speed >= SPEEDS.at(-1)!;
    this.element.dataset['step'] = String(step);
    this.element.dataset['state'] = isPlaying ? 'playing' : 'paused';
  }

  /** The boards show it at the next picture; then it is told. */
  private tell(): void {
    requestAnimationFrame(() => {
      if (!this.clock.isPlaying) setText(this.words, this.lanes.map((lane) => lane.sentence()).join(' '));
    });
  }
}

const KEYS: Readonly<Record<string, (player: Player) => void>> = {
  p: (player) => player.toggle(),
  ' ': (player) => player.toggle(),
  ArrowLeft: (player) => player.stepBy(-1),
  ArrowRight: (player) => player.stepBy(1),
  Home: (player) => player.toStart(),
  End: (player) => player.toEnd(),
  '+': (player) => player.shiftSpeed(1),
  '=': (player) => player.shiftSpeed(1),
  '-': (player) => player.shiftSpeed(-1),
};

function button(sign: IconName, title: string, onClick: () => void): HTMLButtonElement {
  const element = h('button', { type: 'button' });
  label(element, sign, title);
  element.addEventListener('click', onClick);
  return element;
}

function label(element: HTMLButtonElement, sign: IconName, title: string): void {
  element.title = title;
  element.setAttribute('aria-label', title);
  element.replaceChildren(icon(sign));
}
