import {
  type Ask,
  decodeFrame,
  type Frame,
  type MatchInfo,
  SPEEDS,
  STEPS_PER_SECOND,
} from '../../src/live/protocol.ts';
import { armStyle } from './arms.ts';
import { h, setText } from './elements.ts';
import { icon, type IconName } from './icons.ts';
import { score, steps } from './numbers.ts';
import { actionOfKey, Pad } from './pad.ts';
import { Sparkline } from './sparkline.ts';
import type { DrawnSprite } from './stage/layer.ts';
import type { Boards, BoardView } from './stage/stage.ts';

/** What tests and screen readers' summaries can know of a match. */
export interface MatchSnapshot {
  readonly info: MatchInfo;
  readonly frame: Frame | null;
  readonly sprites: readonly DrawnSprite[];
}

/** One match on the page: its board and the panel beside or below it. */
export class MatchView {
  readonly element: HTMLElement;
  private info: MatchInfo;
  private readonly ask: (ask: Ask) => void;
  private readonly boards: Promise<Boards>;
  private board: BoardView | null = null;
  private boardEnv: string | null = null;
  private frame: Frame | null = null;
  private pad: Pad | null = null;
  private held: number | null = null;
  private best = -Infinity;

  private readonly title = h('h2');
  private readonly facts = h('p', { class: 'facts' });
  private readonly canvasPlace = h('div', { class: 'board' });
  private readonly overlay = h('p', { class: 'overlay', role: 'status' });
  private readonly returnValue = h('output', { class: 'big' });
  private readonly episode = h('span');
  private readonly bestValue = h('span');
  private readonly value = h('span', { class: 'now' });
  private readonly sparkline = new Sparkline();
  private readonly padPlace = h('div', { class: 'pad-place' });
  private readonly pause: HTMLButtonElement;
  private readonly slower: HTMLButtonElement;
  private readonly faster: HTMLButtonElement;
  private readonly speed = h('output', { class: 'speed' });
  private readonly valueBox: HTMLElement;

  constructor(info: MatchInfo, ask: (ask: Ask) => void, boards: Promise<Boards>) {
    this.info = info;
    this.ask = ask;
    this.boards = boards;
    this.pause = button('pause', () => this.togglePause(), 'Pause (P)');
    this.slower = button('slower', () => this.shiftSpeed(-1), 'Slower (-)');
    this.faster = button('faster', () => this.shiftSpeed(1), 'Faster (+)');
    const next = button('next', () => this.next(), 'Next episode (N)');
    const { mark, colour } = armStyle(info.arm);
    this.valueBox = h(
      'div',
      { class: 'value' },
      this.sparkline.element,
      h('p', { class: 'small' }, 'value ', this.value),
    );
    const speeds = h('span', { class: 'speeds' }, this.slower, this.speed, this.faster);
    this.element = h(
      'article',
      { class: 'match', style: `--arm: ${colour}`, 'data-match': info.id, 'aria-label': info.label },
      h(
        'header',
        {},
        h('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
        this.title,
        h('div', { class: 'controls' }, this.pause, next, speeds),
        this.facts,
      ),
      h('div', { class: 'board-frame' }, this.canvasPlace, this.overlay),
      h(
        'div',
        { class: 'panel' },
        h('div', { class: 'return' }, this.returnValue, h('span', { class: 'unit' }, 'return')),
        h('p', { class: 'small' }, this.episode, this.bestValue),
        this.valueBox,
        this.padPlace,
      ),
    );
    this.update(info);
  }

  /** Takes in what has changed about the match. */
  update(info: MatchInfo): void {
    this.info = info;
    const { stage, state, speed, problem } = info;
    setText(this.title, info.label);
    setText(this.overlay, this.sentence());
    this.overlay.hidden = state === 'playing' && problem === undefined;
    this.overlay.classList.toggle('corner', this.frame !== null && state === 'playing');
    this.element.dataset['state'] = state;
    const isPaused = state === 'paused';
    if ((this.pause.title === 'Play (P)') !== isPaused)
      label(this.pause, isPaused ? 'play' : 'pause', isPaused ? 'Play (P)' : 'Pause (P)');
    setText(this.speed, `${speedText(speed)}×`);
    this.slower.disabled = speed <= SPEEDS[0];
    this.faster.disabled = speed >= SPEEDS.at(-1)!;
    this.valueBox.hidden = info.driver !== 'policy';
    if (stage !== null && this.boardEnv !== stage.env) void this.open();
    this.showFacts();
  }

  /** Takes in a frame as it came. */
  receive(text: string): void {
    const { stage } = this.info;
    if (stage === null) return;
    const frame = decodeFrame(text, stage.board);
    // A match that stands still sends its frame again, for those who missed it.
    if (frame.frame === this.frame?.frame && frame.episode === this.frame.episode) return;
    const isNewEpisode = frame.episode !== this.frame?.episode;
    if (this.frame?.terminated) this.best = Math.max(this.best, this.frame.episodeReturn);
    this.frame = frame;
    this.showFrame(frame, isNewEpisode);
  }

  /** A key of the keyboard; true if it meant something here. */
  keyDown(key: string): boolean {
    if (this.info.driver === 'keys') {
      const action = actionOfKey(key, this.info.stage?.actions ?? []);
      if (action !== null) {
        if (action !== this.held) this.press(action);
        return true;
      }
    }
    if (key === 'p') this.togglePause();
    else if (key === 'n') this.next();
    else if (key === '+' || key === '=') this.shiftSpeed(1);
    else if (key === '-') this.shiftSpeed(-1);
    else return false;
    return true;
  }

  keyUp(key: string): void {
    const action = actionOfKey(key, this.info.stage?.actions ?? []);
    if (this.info.driver === 'keys' && action !== null && action === this.held) this.press(null);
  }

  /** Lets go of every key: the page no longer hears of them. */
  releaseKeys(): void {
    if (this.held !== null) this.press(null);
  }

  snapshot(): MatchSnapshot {
    return { info: this.info, frame: this.frame, sprites: this.board?.drawn() ?? [] };
  }

  remove(): void {
    this.board?.remove();
    this.board = null;
    this.element.remove();
  }

  private async open(): Promise<void> {
    const stage = this.info.stage!;
    this.boardEnv = stage.env;
    const { board } = stage;
    const ratio = board.kind === 'planes' ? `${board.width} / ${board.height}` : '1';
    this.canvasPlace.style.aspectRatio = ratio;
    this.canvasPlace.setAttribute('role', 'img');
    this.canvasPlace.setAttribute('aria-label', `The board of ${stage.env}, live`);
    const isHuman = this.info.driver === 'keys';
    this.pad = new Pad(stage.actions, isHuman ? (action) => this.press(action) : undefined);
    this.padPlace.replaceChildren(this.pad.element);
    const boards = await this.boards;
    if (!this.element.isConnected) return;
    this.board?.remove();
    this.board = boards.add(this.info.id, this.canvasPlace, stage);
    if (this.frame !== null) this.showBoard(this.frame);
  }

  private showFrame(frame: Frame, isNewEpisode: boolean): void {
    this.showBoard(frame);
    setText(this.returnValue, score(frame.episodeReturn));
    if (frame.reward > 0) restart(this.returnValue, 'gained');
    setText(this.episode, `episode ${frame.episode + 1}, step ${frame.step}`);
    setText(this.bestValue, this.best === -Infinity ? '' : ` · best ${score(this.best)}`);
    this.pad?.show(frame.probabilities, this.info.driver === 'keys' ? this.held : frame.action);
    if (isNewEpisode) this.sparkline.clear();
    if (frame.value !== null) {
      this.sparkline.push(frame.value);
      setText(this.value, score(Number(frame.value.toFixed(2))));
    }
    this.element.dataset['frame'] = String(frame.frame);
    this.element.classList.toggle('over', frame.terminated || frame.truncated);
    this.showFacts();
  }

  private showBoard(frame: Frame): void {
    this.board?.show(frame, {
      stepMs: 1000 / STEPS_PER_SECOND / this.info.speed,
      isHuman: this.info.driver === 'keys',
      hasEffects: this.info.speed <= 8 && !matchMedia('(prefers-reduced-motion: reduce)').matches,
    });
  }

  private showFacts(): void {
    const { stage, driver } = this.info;
    const step = this.frame?.trainingStep ?? null;
    const trained = driver === 'policy' ? (step === null ? 'not trained yet' : `${steps(step)} steps of training`) : '';
    setText(this.facts, [stage?.env, trained].filter(Boolean).join(' · '));
  }

  private sentence(): string {
    const { stage, state, problem, driver } = this.info;
    const isShown = stage !== null && state !== 'stopped';
    if (problem !== undefined)
      return `${isShown ? 'New weights can’t be read' : 'This match can’t be shown'}: ${problem}`;
    if (state === 'waiting') return 'Waiting for the first weights. The match begins with the first checkpoint.';
    if (state === 'ready') return 'Your turn: press an arrow key, or a key of the pad below.';
    if (state === 'paused')
      return `Paused. Press ▶ or P to go on${driver === 'policy' ? ', N for the next episode' : ''}.`;
    return '';
  }

  private togglePause(): void {
    this.ask({ ask: 'pause', match: this.info.id, paused: this.info.state !== 'paused' });
  }

  private next(): void {
    this.ask({ ask: 'next', match: this.info.id });
  }

  private shiftSpeed(by: 1 | -1): void {
    const speed = SPEEDS[SPEEDS.findIndex((speed) => speed === this.info.speed) + by];
    if (speed !== undefined) this.ask({ ask: 'speed', match: this.info.id, speed });
  }

  private press(action: number | null): void {
    this.held = action;
    this.pad?.show(null, action);
    this.ask({ ask: 'press', match: this.info.id, action });
  }
}

function button(sign: IconName, act: () => void, title: string): HTMLButtonElement {
  const element = h('button', { type: 'button' });
  label(element, sign, title);
  element.addEventListener('click', act);
  return element;
}

function label(element: HTMLButtonElement, sign: IconName, title: string): void {
  element.replaceChildren(icon(sign));
  element.setAttribute('aria-label', title);
  element.title = title;
}

const FRACTIONS: Readonly<Record<number, string>> = { 0.25: '¼', 0.5: '½' };
const speedText = (speed: number): string => FRACTIONS[speed] ?? String(speed);

/** Plays a class's animation from its start. */
function restart(element: HTMLElement, name: string): void {
  element.classList.remove(name);
  void element.offsetWidth;
  element.classList.add(name);
}
