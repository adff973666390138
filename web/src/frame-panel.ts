import { type Frame, type Stage, STEPS_PER_SECOND } from '../../src/live/protocol.ts';
import { announce } from './announce.ts';
import { describeFrame } from './board-words.ts';
import { h, setText } from './elements.ts';
import { score } from './numbers.ts';
import { Pad } from './pad.ts';
import { RawView } from './raw-view.ts';
import { onSight } from './sight.ts';
import { Sparkline } from './sparkline.ts';
import type { DrawnSprite } from './stage/layer.ts';
import type { Boards, BoardView } from './stage/stage.ts';
import { prefersStillness } from './stillness.ts';

/** Of panels so far: each has an element with an id. */
let count = 0;

export interface FramePanelOptions {
  /** Of the board, for tests and the curious. */
  readonly id: string;
  readonly boards: Promise<Boards | null>;
  /** Is there a policy whose value is shown? By default there is. */
  readonly hasValue?: boolean;
  /** Is it a part of a link, which must hold no key of its own? */
  readonly isInLink?: boolean;
}

/** Hears of keys of the pad that go down and up. */
export type Press = (action: number, isDown: boolean) => void;

/** What a frame is shown with. */
export interface Showing {
  /** Values of its episode up to it, for the line. */
  readonly values?: readonly number[];
  /** As a multiple of the usual speed: moves take a part of the time between two frames. */
  readonly speed: number;
  /** Stands after the step: "best 12". */
  readonly note?: string;
  /** The ringed key of the pad, where it is not the frame's action. */
  readonly chosen?: number | null;
}

/** Faster than this, things no longer fly about. */
const MOST_SPEED_WITH_EFFECTS = 8;

/** One frame in full: its board, and a panel with return, step, value and the pad of probabilities. */
export class FramePanel {
  private readonly options: FramePanelOptions;
  private board: BoardView | null = null;
  private env: string | null = null;
  private pad: Pad | null = null;
  private stage: Stage | null = null;
  private press: Press | undefined;
  private last: { frame: Frame; showing: Showing } | null = null;
  private isRemoved = false;
  private isSeen = true;
  private readonly endSight: () => void;

  private readonly place = h('div', { class: 'board' });
  /** The board in words: as it stood when they were asked for last. */
  private readonly words = h('p', { class: 'unseen', id: `board-words-${count++}` });
  private readonly describeKey = h('button', { type: 'button', class: 'chip describe' }, 'Describe the board (R)');
  private readonly raw = new RawView();
  private readonly returnValue = h('output', { class: 'big' });
  private readonly step = h('span');
  private readonly value = h('span', { class: 'now' });
  private readonly sparkline = new Sparkline();
  private readonly padPlace = h('div', { class: 'pad-place' });
  private readonly valueBox = h(
    'div',
    { class: 'value' },
    this.sparkline.element,
    h('p', { class: 'small' }, 'value ', this.value),
  );
  /** The board; what lies over it can be appended. */
  readonly boardFrame = h('div', { class: 'board-frame' }, this.place, this.words, this.describeKey, this.raw.element);
  readonly panel = h(
    'div',
    { class: 'panel' },
    h('div', { class: 'return' }, this.returnValue, h('span', { class: 'unit' }, 'return')),
    h('p', { class: 'small' }, this.step),
    this.valueBox,
    this.padPlace,
  );

  constructor(options: FramePanelOptions) {
    this.options = options;
    this.valueBox.hidden = options.hasValue === false;
    this.describeKey.hidden = options.isInLink === true;
    this.place.setAttribute('aria-describedby', this.words.id);
    this.endSight = onSight(this.panel, (isSeen) => {
      this.isSeen = isSeen;
      if (isSeen && this.last !== null) this.showFigures(this.last.frame, this.last.showing);
    });
    this.describeKey.addEventListener('click', () => announce(this.describe()));
  }

  /** Puts the board as it stands now into words, for screen readers; returns them. */
  describe(): string {
    if (this.stage === null || this.last === null) return 'Nothing is on the board yet.';
    const words = describeFrame(this.stage, this.last.frame);
    setText(this.words, words);
    return words;
  }

  /** The pad's keys can be pressed from now on: a human plays. Without `press`, no longer. */
  setPress(press: Press | undefined): void {
    if ((press === undefined) === (this.press === undefined)) return;
    this.press = press;
    if (this.stage !== null) this.openPad(this.stage);
  }

  /** Makes ready for frames of this game; nothing happens where it is ready already. */
  async open(stage: Stage, description: string): Promise<void> {
    const { board, env } = stage;
    this.place.setAttribute('aria-label', description);
    if (env === this.env) return;
    this.env = env;
    this.stage = stage;
    this.raw.open(stage);
    this.place.style.aspectRatio = board.kind === 'planes' ? `${board.width} / ${board.height}` : '1';
    this.place.setAttribute('role', 'img');
    this.openPad(stage);
    const boards = await this.options.boards;
    if (boards === null || this.isRemoved || env !== this.env) return;
    this.board?.remove();
    this.board = boards.add(this.options.id, this.place, stage);
    if (this.last !== null) this.showBoard(this.last.frame, this.last.showing);
  }

  show(frame: Frame, showing: Showing): void {
    const isSame = frame === this.last?.frame;
    this.last = { frame, showing };
    if (!isSame) {
      this.showBoard(frame, showing);
      this.raw.show(frame);
    }
    // Figures cost more than a board: outside the window they wait until they are seen.
    if (!this.isSeen) return;
    this.showFigures(frame, showing);
    if (!isSame && frame.reward > 0 && hasEffects(showing)) restart(this.returnValue, 'gained');
  }

  /** Rings a key of the pad before the next frame tells of it. */
  choose(action: number | null): void {
    this.pad?.show(null, action);
  }

  /** What the agent sees instead of the board, or the board again. */
  setRaw(isShown: boolean): void {
    this.raw.setShown(isShown);
  }

  toggleRaw(): void {
    this.raw.setShown(!this.raw.isShown);
  }

  drawn(): readonly DrawnSprite[] {
    return this.board?.drawn() ?? [];
  }

  remove(): void {
    this.isRemoved = true;
    this.endSight();
    this.board?.remove();
    this.board = null;
  }

  private openPad({ actions }: Stage): void {
    this.pad = new Pad(actions, this.press);
    this.padPlace.replaceChildren(this.pad.element);
  }

  private showFigures(frame: Frame, { values = [], note, chosen = frame.action }: Showing): void {
    setText(this.returnValue, score(Number(frame.episodeReturn.toFixed(2))));
    setText(this.step, [`episode ${frame.episode + 1}, step ${frame.step}`, note].filter(Boolean).join(' · '));
    this.pad?.show(frame.probabilities, chosen);
    this.sparkline.show(values);
    if (frame.value !== null) setText(this.value, score(Number(frame.value.toFixed(2))));
  }

  private showBoard(frame: Frame, showing: Showing): void {
    this.board?.show(frame, {
      stepMs: 1000 / STEPS_PER_SECOND / showing.speed,
      isHuman: this.press !== undefined,
      jumps: prefersStillness(),
      hasEffects: hasEffects(showing),
    });
  }
}

const hasEffects = ({ speed }: Showing): boolean => speed <= MOST_SPEED_WITH_EFFECTS && !prefersStillness();

/** Plays a class's animation from its start. */
function restart(element: HTMLElement, name: string): void {
  element.classList.remove(name);
  void element.offsetWidth;
  element.classList.add(name);
}
