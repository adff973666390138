import type { LibraryEntry } from '../../../src/live/library.ts';
import { decodeFrame, type Frame, type MatchInfo } from '../../../src/live/protocol.ts';
import type { Recording } from '../../../src/live/recording.ts';
import { putAddress } from '../address.ts';
import { announce } from '../announce.ts';
import { armStyle } from '../arms.ts';
import { iconButton, textButton } from '../buttons.ts';
import { duelAddress } from '../duel-address.ts';
import { h, setText } from '../elements.ts';
import { FrameBuffer } from '../frame-buffer.ts';
import { FramePanel } from '../frame-panel.ts';
import { icon } from '../icons.ts';
import { nearestCheckpoint } from '../library-filter.ts';
import type { MatchSnapshot } from '../match-view.ts';
import { MindPanel } from '../mind-panel.ts';
import { Narrator } from '../narrator.ts';
import { score, steps } from '../numbers.ts';
import { Playback } from '../playback.ts';
import { queryNumber } from '../query-number.ts';
import { nextSeed } from '../seeds.ts';
import { saveButtons } from '../save-buttons.ts';
import { SmallCurve } from '../small-curve.ts';
import { timeOf, Transport } from '../transport.ts';
import type { Page, View } from './view.ts';

/** `#replay?id=…&step=…&seed=…&mode=…&frame=…`: an episode of a stored agent; paused where a frame is given. */
export const open = (page: Page, query: URLSearchParams): View => new ReplayView(page, query);

/** What is to be replayed, as its address has it. */
interface Wanted {
  readonly id: string;
  /** The checkpoint; left out: the newest. */
  readonly step: number | undefined;
  readonly seed: number;
  readonly mode: 'sampled' | 'greedy';
}

class ReplayView implements View {
  readonly element: HTMLElement;
  private readonly page: Page;
  private readonly panel: FramePanel;
  private readonly playback: Playback;
  private readonly transport: Transport;
  private readonly mind: MindPanel;
  private readonly narrator = new Narrator();
  private wanted: Wanted;
  /** The frame that the address asks for, until it is shown. */
  private wantedFrame: number;
  private entry: LibraryEntry | null = null;
  private readonly naming: Promise<void>;
  private recording: Recording | null = null;
  private buffer = new FrameBuffer(1);
  private frame: Frame | null = null;
  private isRemoved = false;

  private readonly article: HTMLElement;
  private readonly mark = h('span', { class: 'mark', 'aria-hidden': 'true' });
  private readonly title = h('h2');
  private readonly facts = h('p', { class: 'facts' });
  private readonly overlay = h('p', { class: 'overlay', role: 'status' });
  private readonly mode = h(
    'select',
    { 'aria-label': 'How the agent acts' },
    h('option', { value: 'sampled' }, 'by its probabilities'),
    h('option', { value: 'greedy' }, 'always the likeliest'),
  );

  private readonly against = h(
    'a',
    { class: 'take-over for-all', title: 'Play against it, with the same luck', 'aria-label': 'Play against it' },
    icon('human'),
    h('span', {}, 'Play against it'),
  );

  private readonly curve = new SmallCurve((step) => this.choose(nearestCheckpoint(this.checkpoints(), step)));
  private readonly checkpoint = h('input', { type: 'range', min: 0, max: 0, step: 1, 'aria-label': 'Training step' });
  private readonly learned = h('output', { class: 'place' });
  private readonly training = h(
    'div',
    { class: 'training', role: 'group', 'aria-label': 'How it learned', hidden: true },
    h('div', { class: 'time' }, this.curve.element, this.checkpoint),
    this.learned,
  );

  constructor(page: Page, query: URLSearchParams) {
    this.page = page;
    this.wanted = {
      id: query.get('id') ?? '',
      step: queryNumber(query, 'step'),
      seed: queryNumber(query, 'seed') ?? 0,
      mode: query.get('mode') === 'greedy' ? 'greedy' : 'sampled',
    };
    const frame = queryNumber(query, 'frame');
    this.wantedFrame = frame ?? 0;
    this.panel = new FramePanel({ id: this.wanted.id, boards: page.boards() });
    this.panel.boardFrame.append(this.overlay);
    this.playback = new Playback({ isPlaying: frame === undefined });
    this.mind = new MindPanel({ page, boardFrame: this.panel.boardFrame, seek: (frame) => this.stand(frame) });
    this.transport = new Transport(this.playback, {
      show: (index) => this.show(index),
      stands: (index) => {
        this.mind.stands(index);
        this.panel.describe();
        this.address(index);
      },
    });
    this.mode.value = this.wanted.mode;
    this.mode.addEventListener('change', () => this.change({ mode: this.mode.value as Wanted['mode'] }));
    this.article = h(
      'article',
      { class: 'match replay', 'data-match': this.wanted.id, 'data-state': 'waiting' },
      h(
        'header',
        {},
        this.mark,
        this.title,
        h(
          'div',
          { class: 'controls' },
          this.against,
          this.mode,
          textButton('Mind', () => this.mind.toggle(), 'Its mind (M)'),
          textButton('Sees', () => this.panel.toggleRaw(), 'What it sees (V)'),
          h('a', { class: 'chip', href: `#compare?ids=${encodeURIComponent(this.wanted.id)}` }, 'Compare'),
          iconButton('next', () => this.nextEpisode(), 'Another episode (N)'),
        ),
        this.facts,
      ),
      this.panel.boardFrame,
      this.panel.panel,
      this.transport.element,
      saveButtons(page, () => this.saved()),
      this.training,
      this.mind.element,
    );
    this.checkpoint.addEventListener('input', () => this.showTraining(this.stepOfSlider()));
    this.checkpoint.addEventListener('change', () => this.choose(this.stepOfSlider()));
    this.checkpoint.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      const checkpoints = this.checkpoints();
      this.choose(checkpoints[checkpoints.indexOf(this.stepOfSlider()!) + by]);
    });
    this.element = h('div', { class: 'view' }, h('section', { class: 'matches', 'data-count': 1 }, this.article));
    this.naming = this.name();
    void this.load();
  }

  match = (id: string): MatchSnapshot | null => (id === this.wanted.id ? this.snapshot() : null);

  keyDown(key: string): boolean {
    if (key === 'n') this.nextEpisode();
    else if (key === 'm') this.mind.toggle();
    else if (key === 'v') this.panel.toggleRaw();
    else if (key === 's') this.lookAt();
    else if (key === 'r') announce(this.panel.describe());
    else return this.transport.keyDown(key);
    return true;
  }

  remove(): void {
    this.isRemoved = true;
    this.transport.remove();
    this.mind.remove();
    this.panel.remove();
    this.element.remove();
  }

  private snapshot(): MatchSnapshot {
    const { frame, panel, playback } = this;
    return { info: this.info(), frame, sprites: panel.drawn(), time: timeOf(playback) };
  }

  private info(): MatchInfo {
    const { wanted, entry, recording, playback } = this;
    return {
      id: wanted.id,
      label: entry?.label ?? wanted.id,
      arm: entry?.arm,
      driver: 'policy',
      state: recording === null ? 'waiting' : playback.isPlaying ? 'playing' : 'paused',
      speed: playback.speed,
      stage: recording?.stage ?? null,
    };
  }

  private saved() {
    const { id, step, ...episode } = this.wanted;
    return { lanes: [{ id, step, label: this.entry?.label ?? id, arm: this.entry?.arm }], episode };
  }

  /** What the library says of the agent. */
  private async name(): Promise<void> {
    setText(this.title, this.wanted.id);
    const entries = await this.page.get<LibraryEntry[]>('library').catch(() => []);
    this.entry = entries.find(({ id }) => id === this.wanted.id) ?? null;
    const { mark, colour } = armStyle(this.entry?.arm);
    this.article.style.setProperty('--arm', colour);
    this.article.setAttribute('aria-label', `Replay of ${this.entry?.label ?? this.wanted.id}`);
    setText(this.mark, mark);
    setText(this.title, this.entry?.label ?? this.wanted.id);
    this.showTraining(this.recording?.trainingStep ?? this.wanted.step);
  }

  private checkpoints(): readonly number[] {
    return this.entry?.checkpoints ?? [];
  }

  private stepOfSlider(): number | undefined {
    return nearestCheckpoint(this.checkpoints(), Number(this.checkpoint.value));
  }

  /** The slider over the training stands at this checkpoint; none: at the newest. */
  private showTraining(wanted: number | undefined): void {
    const checkpoints = this.checkpoints();
    this.training.hidden = checkpoints.length < 2;
    if (this.entry === null || checkpoints.length < 2) return;
    const { evaluations, totalTimesteps } = this.entry;
    const step = wanted ?? checkpoints.at(-1)!;
    const last = Math.max(totalTimesteps, checkpoints.at(-1)!);
    this.checkpoint.max = String(last);
    this.checkpoint.value = String(step);
    const text = `after ${steps(step)} of ${steps(totalTimesteps)} steps`;
    this.checkpoint.setAttribute('aria-valuetext', text);
    setText(this.learned, text);
    this.curve.show(evaluations, last, { at: step, marks: checkpoints });
  }

  /** Replays the same episode by the weights of another time. */
  private choose(step: number | undefined): void {
    if (step === undefined || step === this.recording?.trainingStep) return;
    this.showTraining(step);
    this.change({ step });
  }

  /** Fetches and shows what is wanted; the old is on show until the new is there. */
  private async load(): Promise<void> {
    const { wanted } = this;
    if (wanted.id === '') return this.say('The address names no agent: choose one in the lobby.');
    this.say('Playing the episode…');
    try {
      const [recording] = await Promise.all([this.page.get<Recording>('recording', { ...wanted }), this.naming]);
      if (this.isRemoved || wanted !== this.wanted) return;
      const { stage } = recording;
      this.recording = recording;
      this.against.href = duelAddress(wanted);
      const frames = recording.frames.map((text) => decodeFrame(text, stage.board));
      this.buffer = FrameBuffer.of(frames);
      const episode = { ...wanted, step: recording.trainingStep };
      this.mind.open(episode, this.entry, armStyle(this.entry?.arm), { stage, frames });
      void this.panel.open(stage, `The board of ${stage.env}, a replay`);
      this.playback.hold(0, this.buffer.end);
      this.playback.seek(this.wantedFrame);
      this.transport.mark(this.buffer.rewards());
      this.transport.refresh();
      this.showTraining(recording.trainingStep);
      this.say('');
      const end = `${recording.length} steps, return ${score(recording.episodeReturn)}`;
      setText(this.facts, `${stage.env} · ${steps(recording.trainingStep)} steps of training · ${end}`);
    } catch (error) {
      if (!this.isRemoved && wanted === this.wanted) this.say(`This can’t be replayed: ${(error as Error).message}`);
    }
  }

  /** Replays something else of the same agent, from its start. */
  private change(other: Partial<Wanted>): void {
    this.wanted = { ...this.wanted, ...other };
    this.wantedFrame = 0;
    this.playback.play();
    this.address(null);
    void this.load();
  }

  private nextEpisode(): void {
    this.change({ seed: nextSeed(this.wanted.seed) });
  }

  private show(index: number): void {
    const frame = this.buffer.at(index);
    if (frame === null) return;
    this.frame = frame;
    this.panel.show(frame, { values: this.buffer.values(index), speed: this.playback.speed });
    this.mind.show(index);
    const news = this.narrator.hear(frame, performance.now());
    if (news !== null && this.playback.isPlaying) announce(news);
    const { dataset, classList } = this.article;
    dataset['frame'] = String(index);
    dataset['state'] = this.info().state;
    classList.toggle('over', frame.terminated || frame.truncated);
  }

  private stand(frame: number): void {
    this.playback.pause();
    this.playback.seek(frame);
  }

  /** Lights what its choice rests on, here. */
  private lookAt(): void {
    this.playback.pause();
    this.mind.toggleSaliency();
  }

  /** Puts what is on show into the address, so that a copied link opens there. */
  private address(frame: number | null): void {
    const { wanted, recording } = this;
    // A run that trains on has newer weights tomorrow: a link to a frame names those of today.
    const step = wanted.step ?? (frame !== null && this.checkpoints().length > 0 ? recording?.trainingStep : undefined);
    const given = Object.entries({ ...wanted, step, frame: frame ?? undefined });
    const query = new URLSearchParams(
      given.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    );
    putAddress(`#replay?${query}`);
    this.article.dataset['state'] = this.info().state;
  }

  private say(sentence: string): void {
    setText(this.overlay, sentence);
    this.overlay.hidden = sentence === '';
  }
}
