import type { LibraryEntry } from '../../src/live/library.ts';
import { decodeFrame, type Frame, type MatchInfo } from '../../src/live/protocol.ts';
import type { Recording } from '../../src/live/recording.ts';
import { armStyle } from './arms.ts';
import { h, setText } from './elements.ts';
import { everyFrame } from './every-frame.ts';
import { FrameBuffer } from './frame-buffer.ts';
import { FramePanel } from './frame-panel.ts';
import { nearestCheckpoint, replayAddress } from './library-filter.ts';
import type { MatchSnapshot } from './match-view.ts';
import { score, steps } from './numbers.ts';
import { Playback } from './playback.ts';
import { SmallCurve } from './small-curve.ts';
import { timeOf } from './transport.ts';
import type { Page } from './views/view.ts';
import { prefersStillness } from './stillness.ts';

/** Steps of the episode that a stored agent's card shows. */
const CARD_STEPS = 150;
/** Frames of a live match that a card keeps. */
const KEPT_FRAMES = 2;

/** One agent of the library, as a link to its match or its replay. Its board plays while it has one. */
export class AgentCard {
  readonly element: HTMLAnchorElement;
  private readonly page: Page;
  private entry: LibraryEntry;
  /** The live match of a run that trains now. */
  private match: MatchInfo | null = null;
  private shown = '';
  private panel: FramePanel | null = null;
  private playback = new Playback();
  private buffer = new FrameBuffer(1);
  private frame: Frame | null = null;
  private stop: (() => void) | null = null;

  private readonly place = h('div', { class: 'card-board' });
  private readonly mark = h('span', { class: 'mark', 'aria-hidden': 'true' });
  private readonly title = h('h3');
  private readonly facts = h('p', { class: 'facts' });
  private readonly result = h('output', { class: 'big' });
  private readonly row = h('div', { class: 'row' });
  private readonly state = h('p', { class: 'small' });
  private readonly bar = h('progress', { max: 1, value: 0, 'aria-label': 'Training' });
  private readonly curve: SmallCurve;

  constructor(entry: LibraryEntry, page: Page) {
    this.entry = entry;
    this.page = page;
    this.curve = new SmallCurve((step) => {
      location.hash = replayAddress(this.entry.id, nearestCheckpoint(this.entry.checkpoints, step));
    });
    this.row.append(
      h('div', { class: 'return' }, this.result, h('span', { class: 'unit' }, 'return')),
      this.curve.element,
    );
    this.element = h(
      'a',
      { class: 'agent', 'data-agent': entry.id },
      this.place,
      h('div', { class: 'head' }, this.mark, this.title),
      this.facts,
      this.row,
      this.bar,
      this.state,
    );
    this.update(entry, null);
  }

  /** Takes in what the library, and the list of live matches, now say. */
  update(entry: LibraryEntry, match: MatchInfo | null): void {
    const wanted = JSON.stringify([entry, match]);
    if (wanted === this.shown) return;
    this.shown = wanted;
    const before = this.plays();
    this.entry = entry;
    this.match = match;
    const { id, label, env, algorithm, seed, arm, state, step, totalTimesteps, evaluations } = entry;
    const { mark, colour } = armStyle(arm);
    const { dataset, style } = this.element;
    dataset['state'] = state;
    style.setProperty('--arm', colour);
    this.element.href = match === null ? replayAddress(id) : `#live?${new URLSearchParams({ match: id })}`;
    setText(this.mark, mark);
    setText(this.title, label);
    setText(this.facts, [env, algorithm, arm ?? `seed ${seed}`].filter((fact) => !label.includes(fact)).join(' · '));
    const last = evaluations.at(-1)?.[1];
    this.row.hidden = last === undefined;
    if (last !== undefined) setText(this.result, score(Number(last.toFixed(2))));
    this.curve.element.toggleAttribute('hidden', evaluations.length < 2);
    this.curve.show(evaluations, Math.max(totalTimesteps, step));
    this.bar.hidden = state === 'finished';
    this.bar.value = Math.min(1, step / Math.max(1, totalTimesteps));
    setText(this.state, stateText(entry));
    if (this.isOn && before !== this.plays()) {
      this.turnOff();
      this.turnOn();
    } else if (match !== null && match.stage !== null) {
      void this.panel?.open(match.stage, `The board of ${env}, live`);
    }
  }

  get isOn(): boolean {
    return this.panel !== null;
  }

  /** Gives it a board: of the live match where there is one, else of a short recording that goes round. */
  turnOn(): void {
    if (this.isOn) return;
    const { entry, match, page } = this;
    this.panel = new FramePanel({ id: entry.id, boards: page.boards(), isInLink: true });
    this.place.replaceChildren(this.panel.boardFrame);
    const isCalm = prefersStillness();
    this.playback = new Playback({ isLive: match !== null, isPlaying: match !== null || !isCalm });
    this.playback.setLoops(match === null);
    this.buffer = new FrameBuffer(KEPT_FRAMES);
    this.stop = everyFrame(() => this.show(this.playback.tick(performance.now())));
    if (this.plays() === 'nothing') this.place.replaceChildren(h('p', { class: 'small' }, 'No weights yet'));
    if (this.plays() === 'recording') void this.record(this.panel);
    if (match === null) return;
    if (match.stage !== null) void this.panel.open(match.stage, `The board of ${entry.env}, live`);
    this.watch();
  }

  /** Asks for the frames of the live match, where its board shows one. */
  watch(): void {
    if (this.isOn && this.playback.isLive) this.page.ask({ ask: 'watch', match: this.entry.id });
  }

  turnOff(): void {
    if (!this.isOn) return;
    if (this.playback.isLive) this.page.ask({ ask: 'leave', match: this.entry.id });
    this.stop?.();
    this.panel?.remove();
    this.panel = null;
    this.frame = null;
    this.place.replaceChildren();
  }

  /** Takes in a frame of the live match. */
  receive(text: string): void {
    const { match, panel, playback } = this;
    if (panel === null || !playback.isLive || !match?.stage) return;
    this.buffer.push(decodeFrame(text, match.stage.board));
    playback.hold(this.buffer.first, this.buffer.end);
  }

  /** Its board in words. */
  describe(): string {
    return `${this.entry.label}: ${this.panel?.describe() ?? 'no board'}`;
  }

  snapshot(): MatchSnapshot | null {
    const { entry, match, panel, frame, playback } = this;
    if (panel === null) return null;
    const { id, label, arm } = entry;
    const stored: MatchInfo = { id, label, arm, driver: 'policy', state: 'playing', speed: 1, stage: null };
    return { info: match ?? stored, frame, sprites: panel.drawn(), time: timeOf(playback) };
  }

  private plays(): 'match' | 'recording' | 'nothing' {
    if (this.match !== null) return 'match';
    return this.entry.checkpoints.length > 0 ? 'recording' : 'nothing';
  }

  private async record(panel: FramePanel): Promise<void> {
    const { id, env } = this.entry;
    try {
      const { stage, frames } = await this.page.get<Recording>('recording', { id, maxSteps: CARD_STEPS });
      if (panel !== this.panel) return;
      this.buffer = FrameBuffer.of(frames.map((text) => decodeFrame(text, stage.board)));
      this.playback.hold(0, this.buffer.end);
      void panel.open(stage, `The board of ${env}, a recording`);
    } catch (error) {
      if (panel === this.panel) this.place.replaceChildren(h('p', { class: 'small' }, (error as Error).message));
    }
  }

  private show(index: number): void {
    const frame = this.buffer.at(index);
    if (frame === null || frame === this.frame) return;
    this.frame = frame;
    this.panel?.show(frame, { speed: 1 });
    this.element.dataset['frame'] = String(index);
  }
}

function stateText({ kind, state, step, totalTimesteps }: LibraryEntry): string {
  if (kind === 'zoo') return `${steps(step)} steps of training`;
  if (state === 'finished') return `finished, ${steps(step)} steps`;
  return `${state}, ${steps(step)} of ${steps(totalTimesteps)} steps`;
}
