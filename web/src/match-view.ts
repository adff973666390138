import { type Ask, decodeFrame, type Frame, type MatchInfo, SPEEDS } from '../../src/live/protocol.ts';
import { announce } from './announce.ts';
import { armStyle } from './arms.ts';
import { iconButton, labelButton } from './buttons.ts';
import { h, setText } from './elements.ts';
import { FrameBuffer } from './frame-buffer.ts';
import { FramePanel } from './frame-panel.ts';
import { actionHeld, type HeldKey, keyPressed, keyReleased } from './held-keys.ts';
import { icon } from './icons.ts';
import { Narrator } from './narrator.ts';
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
  /** The connection of this page, where it may take over. */
  private readonly me: () => string | undefined;
  private readonly buffer = new FrameBuffer(KEPT_FRAMES);
  private readonly playback = new Playback({ isLive: true });
  private readonly transport: Transport;
  private readonly panel: FramePanel;
  private frame: Frame | null = null;
  private readonly narrator = new Narrator();
  /** The keys that are down, the newest last. */
  private held: readonly HeldKey[] = [];
  private best = -Infinity;

  private readonly title = h('h2');
  private readonly facts = h('p', { class: 'facts' });
  private readonly overlay = h('p', { class: 'overlay', role: 'status' });
  private readonly pause = iconButton('pause', () => this.togglePause(), 'Pause (P)');
  private readonly slower = iconButton('slower', () => this.shiftSpeed(-1), 'Slower, for everybody (-)');
  private readonly faster = iconButton('faster', () => this.shiftSpeed(1), 'Faster, for everybody (+)');
  private readonly speed = h('output', { class: 'speed' });
  private readonly badge = h('span', { class: 'human-badge', hidden: true });
  private readonly takeOverText = h('span');
  private readonly takeOver = h(
    'button',
    { type: 'button', class: 'take-over', hidden: true },
    icon('human'),
    this.takeOverText,
  );

  constructor(
    info: MatchInfo,
    ask: (ask: Ask) => void,
    boards: Promise<Boards | null>,
    me: () => string | undefined = () => undefined,
  ) {
    this.info = info;
    this.ask = ask;
    this.me = me;
    const hasPolicy = info.driver !== 'keys' || info.human !== undefined;
    this.panel = new FramePanel({ id: info.id, boards, hasValue: hasPolicy });
    this.takeOver.addEventListener('click', ({ detail }) => {
      this.toggleTakeOver();
      // After a pointer's click, space is fire: it must not press the button again.
      if (detail > 0) this.element.focus({ preventScroll: true });
    });
    this.panel.boardFrame.append(this.overlay);
    this.transport = new Transport(this.playback, {
      show: (index) => this.show(index),
      stands: () => void this.panel.describe(),
    });
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
      { class: 'match', style: `--arm: ${colour}`, tabindex: -1, 'data-match': info.id, 'aria-label': info.label },
      h(
        'header',
        {},
        h('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
        this.title,
        h(
          'div',
          { class: 'controls' },
          h('span', { class: 'for-all' }, this.takeOver, this.pause, next, speeds),
          planes,
        ),
        this.facts,
      ),
      this.panel.boardFrame,
      this.panel.panel,
      this.transport.element,
    );
    this.panel.boardFrame.append(this.badge);
    this.transport.element.addEventListener('click', () => this.showState());
    this.update(info);
  }

  /** Takes in what has changed about the match. */
  update(info: MatchInfo): void {
    const { human } = this.info;
    this.info = info;
    if (human !== info.human) this.tell(this.takeOverSentence());
    if (info.state === 'paused') this.panel.describe();
    const { stage, speed } = info;
    this.playback.pace = speed;
    setText(this.title, info.label);
    setText(this.speed, speedText(speed));
    this.slower.disabled = speed <= SPEEDS[0];
    this.faster.disabled = speed >= SPEEDS.at(-1)!;
    const isPlayed = this.isPlayed();
    this.panel.setPress(isPlayed ? (action, isDown) => this.press(`pad ${action}`, isDown ? action : null) : undefined);
    if (!isPlayed) this.held = [];
    // A human sees what is, not what was; a pause is everybody's then.
    if (isPlayed) this.playback.follow();
    this.pause.hidden = !isPlayed;
    this.transport.element.hidden = isPlayed;
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
    if ((newest?.terminated || newest?.truncated) && (newest.human === undefined || !this.hasPolicy()))
      this.best = Math.max(this.best, newest.episodeReturn);
    buffer.push(frame);
    this.playback.hold(buffer.first, buffer.end);
    if (frame.reward > 0) this.transport.mark(buffer.rewards());
  }

  /** A key of the keyboard; true if it meant something here. */
  keyDown(key: string): boolean {
    const isPlayed = this.isPlayed();
    if (isPlayed) {
      const action = actionOfKey(key, this.info.stage?.actions ?? []);
      if (action !== null) {
        this.press(key, action);
        return true;
      }
    }
    if (key === 'p') this.togglePause();
    else if (key === 'n') this.next();
    else if (key === 'v') this.panel.toggleRaw();
    else if (key === 'r') announce(this.panel.describe());
    else if (key === '+' || key === '=') this.shiftSpeed(1);
    else if (key === '-') this.shiftSpeed(-1);
    else if (key === 't' && this.mayTakeOver()) this.toggleTakeOver();
    else if (isPlayed || !this.transport.keyDown(key)) return false;
    this.showState();
    return true;
  }

  keyUp(key: string): void {
    this.press(key, null);
  }

  /** Lets go of every key: the page no longer hears of them. */
  releaseKeys(): void {
    this.hold([]);
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

  /** Do the keys of this page play? */
  private isPlayed(): boolean {
    const { driver, human } = this.info;
    return driver === 'keys' && (human === undefined || human === this.me());
  }

  /** Is it a policy's match, whoever plays now? */
  private hasPolicy(): boolean {
    const { driver, human } = this.info;
    return driver === 'policy' || human !== undefined;
  }

  private mayTakeOver(): boolean {
    const { driver, stage } = this.info;
    return this.me() !== undefined && stage !== null && this.hasPolicy() && (driver === 'policy' || this.isPlayed());
  }

  private toggleTakeOver(): void {
    const { id } = this.info;
    this.ask({ ask: this.isPlayed() ? 'hand-back' : 'take', match: id });
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
      chosen: this.isPlayed() ? actionHeld(this.held) : frame.action,
    });
    this.element.dataset['frame'] = String(frame.frame);
    this.element.classList.toggle('over', frame.terminated || frame.truncated);
    const news = this.narrator.hear(frame, performance.now());
    if (news !== null && this.playback.isPlaying) this.tell(news);
    this.showState();
    this.showFacts();
  }

  /** Has a sentence said, if this is the match that is listened to: the one with the focus, else the first. */
  private tell(sentence: string): void {
    const listened = document.activeElement?.closest('[data-match]') ?? document.querySelector('[data-match]');
    if (listened === this.element) announce(`${this.info.label}: ${sentence}`);
  }

  private takeOverSentence(): string {
    if (this.info.human === undefined) return 'The agent plays again.';
    return this.isPlayed() ? 'You play from here on.' : 'A human plays from here on.';
  }

  private showState(): void {
    const state = this.state();
    const { problem } = this.info;
    this.element.dataset['state'] = state;
    labelButton(this.pause, state === 'paused' ? 'play' : 'pause', state === 'paused' ? 'Play (P)' : 'Pause (P)');
    setText(this.badge, this.badgeText());
    this.badge.hidden = this.badge.textContent === '';
    this.takeOver.hidden = !this.mayTakeOver();
    setText(this.takeOverText, this.isPlayed() ? 'Hand back' : 'Take over');
    this.takeOver.title = this.isPlayed() ? 'Hand back to the agent (T)' : 'Take over from the agent (T)';
    this.takeOver.ariaLabel = this.takeOver.title;
    setText(this.overlay, this.sentence());
    this.overlay.hidden = state === 'playing' && problem === undefined;
    this.overlay.classList.toggle('corner', this.frame !== null && state === 'playing');
  }

  private showFacts(): void {
    const { stage } = this.info;
    const step = this.frame?.trainingStep ?? null;
    const trained = this.hasPolicy() ? (step === null ? 'not trained yet' : `${steps(step)} steps of training`) : '';
    setText(this.facts, [stage?.env, trained].filter(Boolean).join(' · '));
  }

  /** Says of an episode that it is a human's, or that a human has helped. */
  private badgeText(): string {
    const { driver } = this.info;
    if (driver === 'keys') return this.isPlayed() && this.hasPolicy() ? 'you play' : 'human';
    return this.frame?.human === undefined ? '' : 'with human help';
  }

  private sentence(): string {
    const { stage, problem } = this.info;
    const state = this.state();
    const isShown = stage !== null && state !== 'stopped';
    if (problem !== undefined)
      return `${isShown ? 'New weights can’t be read' : 'This match can’t be shown'}: ${problem}`;
    if (state === 'waiting') return 'Waiting for the first weights. The match begins with the first checkpoint.';
    if (state === 'ready') return 'Your turn: press an arrow key, or a key of the pad below.';
    if (state !== 'paused') return '';
    if (this.isPlayed()) return 'Paused. Press ▶ or P to go on.';
    return 'Paused here, while the match goes on. ▶ or P plays, ← and → step, L returns to live.';
  }

  private togglePause(): void {
    const { state, id } = this.info;
    if (this.isPlayed() || state === 'paused') this.ask({ ask: 'pause', match: id, paused: state !== 'paused' });
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

  /** A key goes down (its action) or up (null). */
  private press(key: string, action: number | null): void {
    this.hold(action === null ? keyReleased(this.held, key) : keyPressed(this.held, key, action));
  }

  /** Plays by what these keys come to; where that stays the same, nothing is asked. */
  private hold(held: readonly HeldKey[]): void {
    const [before, action] = [actionHeld(this.held), actionHeld(held)];
    this.held = held;
    if (action === before) return;
    this.panel.choose(action);
    this.ask({ ask: 'press', match: this.info.id, action });
  }
}
