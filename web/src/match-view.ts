import { type Ask, decodeFrame, type Frame, type MatchInfo, SPEEDS } from '../../src/live/protocol.ts';
import { armStyle } from './arms.ts';
import { iconButton, labelButton } from './buttons.ts';
import { h, setText } from './elements.ts';
import { FrameBuffer } from './frame-buffer.ts';
import { FramePanel } from './frame-panel.ts';
import { score, speedText, steps } from './numbers.ts';
import { actionOfKey } from './pad.ts';
import { Playback } from './playback.ts';
import type { DrawnSprite } from './stage/layer.ts';
import type { Boards } from './stage/stage.ts';
import { timeOf, type TimeSnapshot, Transport } from './transport.ts';

/** What tests and screen readers' summaries can know of a match. */
export interface MatchSnapshot {
  readonly info: MatchInfo;
  /** The one on show. */
  readonly frame: Frame | null;
  readonly sprites: readonly DrawnSprite[];
  readonly time: TimeSnapshot;
}

/** Frames kept of each match: four minutes at speed 1. */
const KEPT_FRAMES = 3000;

/**
 * One match on the page: its board and the panel beside or below it. Time is the page's own: a pause or a step back
 * shows frames that came before, while the match goes on for everybody else. What a human plays is paused for all.
 */
export class MatchView {
  readonly element: HTMLElement;
  private info: MatchInfo;
  private readonly ask: (ask: Ask) => void;
  private readonly buffer = new FrameBuffer(KEPT_FRAMES);
  private readonly playback = new Playback({ isLive: true });
  private readonly transport: Transport;
  private readonly panel: FramePanel;
  private frame: Frame | null = null;
  private held: number | null = null;
  private best = -Infinity;

  private readonly title = h('h2');
  private readonly facts = h('p', { class: 'facts' });
  private readonly overlay = h('p', { class: 'overlay', role: 'status' });
  private readonly pause = iconButton('pause', () => this.togglePause(), 'Pause (P)');
  private readonly slower = iconButton('slower', () => this.shiftSpeed(-1), 'Slower, for everybody (-)');
  private readonly faster = iconButton('faster', () => this.shiftSpeed(1), 'Faster, for everybody (+)');
  private readonly speed = h('output', { class: 'speed' });

  constructor(info: MatchInfo, ask: (ask: Ask) => void, boards: Promise<Boards>) {
    this.info = info;
    this.ask = ask;
    const isHuman = info.driver === 'keys';
    const press = isHuman ? (action: number | null) => this.press(action) : undefined;
    this.panel = new FramePanel({ id: info.id, boards, press });
    this.panel.boardFrame.append(this.overlay);
    this.transport = new Transport(this.playback, { show: (index) => this.show(index) });
    const next = iconButton('next', () => this.next(), 'Next episode (N)');
    const planes = iconButton('planes', () => this.panel.toggleRaw(), 'What it sees (V)');
    const { mark, colour } = armStyle(info.arm);
    const speeds = h(
      'span',
      { class: 'speeds' },
      h('span', { class: 'unit' }, 'match'),
      this.slower,
      this.speed,
      this.faster,
    );
    this.element = h(
      'article',
      { class: 'match', style: `--arm: ${colour}`, 'data-match': info.id, 'aria-label': info.label },
      h(
        'header',
        {},
        h('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
        this.title,
        h('div', { class: 'controls' }, ...(isHuman ? [this.pause] : []), planes, next, speeds),
        this.facts,
      ),
      this.panel.boardFrame,
      this.panel.panel,
      ...(isHuman ? [] : [this.transport.element]),
    );
    this.transport.element.addEventListener('click', () => this.showState());
    this.update(info);
  }

  /** Takes in what has changed about the match. */
  update(info: MatchInfo): void {
    this.info = info;
    const { stage, speed } = info;
    this.playback.pace = speed;
    setText(this.title, info.label);
    setText(this.speed, speedText(speed));
    this.slower.disabled = speed <= SPEEDS[0];
    this.faster.disabled = speed >= SPEEDS.at(-1)!;
    if (stage !== null) void this.panel.open(stage, `The board of ${stage.env}, live`);
    this.showState();
    this.showFacts();
  }

  /** Takes in a frame as it came. */
  receive(text: string): void {
    const { stage } = this.info;
    if (stage === null) return;
    const frame = decodeFrame(text, stage.board);
    const { buffer } = this;
    const newest = buffer.at(buffer.end - 1);
    // A match that stands still sends its frame again, for those who missed it.
    if (frame.frame === newest?.frame && frame.episode === newest.episode) return;
    if (newest?.terminated) this.best = Math.max(this.best, newest.episodeReturn);
    buffer.push(frame);
    this.playback.hold(buffer.first, buffer.end);
    if (frame.reward > 0) this.transport.mark(buffer.rewards());
  }

  /** A key of the keyboard; true if it meant something here. */
  keyDown(key: string): boolean {
    const isHuman = this.info.driver === 'keys';
    if (isHuman) {
      const action = actionOfKey(key, this.info.stage?.actions ?? []);
      if (action !== null) {
        if (action !== this.held) this.press(action);
        return true;
      }
    }
    if (key === 'p') this.togglePause();
    else if (key === 'n') this.next();
    else if (key === 'v') this.panel.toggleRaw();
    else if (key === '+' || key === '=') this.shiftSpeed(1);
    else if (key === '-') this.shiftSpeed(-1);
    else if (isHuman || !this.transport.keyDown(key)) return false;
    this.showState();
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

  /** Shows what is newest, unless it has been paused. */
  returnToLive(): void {
    if (this.playback.isPlaying) this.playback.follow();
  }

  snapshot(): MatchSnapshot {
    const { info, frame, panel, playback } = this;
    return { info: { ...info, state: this.state() }, frame, sprites: panel.drawn(), time: timeOf(playback) };
  }

  remove(): void {
    this.transport.remove();
    this.panel.remove();
    this.element.remove();
  }

  /** As it is here: a match that goes on may stand on this page. */
  private state(): MatchInfo['state'] {
    const { state } = this.info;
    return state === 'playing' && !this.playback.isPlaying ? 'paused' : state;
  }

  private show(index: number): void {
    const frame = this.buffer.at(index);
    if (frame === null) return;
    this.frame = frame;
    this.panel.show(frame, {
      values: this.buffer.values(index),
      speed: this.info.speed * (this.playback.isFollowing ? 1 : this.playback.speed),
      note: this.best === -Infinity ? undefined : `best ${score(this.best)}`,
      chosen: this.info.driver === 'keys' ? this.held : frame.action,
    });
    this.element.dataset['frame'] = String(frame.frame);
    this.element.classList.toggle('over', frame.terminated || frame.truncated);
    this.showState();
    this.showFacts();
  }

  private showState(): void {
    const state = this.state();
    const { problem } = this.info;
    this.element.dataset['state'] = state;
    labelButton(this.pause, state === 'paused' ? 'play' : 'pause', state === 'paused' ? 'Play (P)' : 'Pause (P)');
    setText(this.overlay, this.sentence());
    this.overlay.hidden = state === 'playing' && problem === undefined;
    this.overlay.classList.toggle('corner', this.frame !== null && state === 'playing');
  }

  private showFacts(): void {
    const { stage, driver } = this.info;
    const step = this.frame?.trainingStep ?? null;
    const trained = driver === 'policy' ? (step === null ? 'not trained yet' : `${steps(step)} steps of training`) : '';
    setText(this.facts, [stage?.env, trained].filter(Boolean).join(' · '));
  }

  private sentence(): string {
    const { stage, problem, driver } = this.info;
    const state = this.state();
    const isShown = stage !== null && state !== 'stopped';
    if (problem !== undefined)
      return `${isShown ? 'New weights can’t be read' : 'This match can’t be shown'}: ${problem}`;
    if (state === 'waiting') return 'Waiting for the first weights. The match begins with the first checkpoint.';
    if (state === 'ready') return 'Your turn: press an arrow key, or a key of the pad below.';
    if (state !== 'paused') return '';
    if (driver === 'keys') return 'Paused. Press ▶ or P to go on.';
    return 'Paused here, while the match goes on. ▶ or P plays, ← and → step, L returns to live.';
  }

  private togglePause(): void {
    const { driver, state, id } = this.info;
    if (driver === 'keys' || state === 'paused') this.ask({ ask: 'pause', match: id, paused: state !== 'paused' });
    else this.transport.keyDown('p');
  }

  private next(): void {
    this.ask({ ask: 'next', match: this.info.id });
    this.playback.follow();
  }

  private shiftSpeed(by: 1 | -1): void {
    const speed = SPEEDS[SPEEDS.findIndex((speed) => speed === this.info.speed) + by];
    if (speed !== undefined) this.ask({ ask: 'speed', match: this.info.id, speed });
  }

  private press(action: number | null): void {
    this.held = action;
    this.panel.choose(action);
    this.ask({ ask: 'press', match: this.info.id, action });
  }
}
