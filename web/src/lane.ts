import type { LibraryEntry } from '../../src/live/library.ts';
import { decodeFrame, type Frame, type MatchInfo } from '../../src/live/protocol.ts';
import type { Divergence } from '../../src/live/divergence.ts';
import type { Recording } from '../../src/live/recording.ts';
import type { ArmStyle } from './arms.ts';
import { iconButton } from './buttons.ts';
import { h, setText } from './elements.ts';
import { FrameBuffer } from './frame-buffer.ts';
import { FramePanel } from './frame-panel.ts';
import type { MatchSnapshot } from './match-view.ts';
import { MindPanel } from './mind-panel.ts';
import { score, steps } from './numbers.ts';
import { nearestCheckpoint } from './library-filter.ts';
import type { Playback } from './playback.ts';
import { timeOf } from './transport.ts';
import type { Page } from './views/view.ts';

/** What all agents of a comparison play alike. */
export interface Luck {
  readonly seed: number;
  readonly mode: 'sampled' | 'greedy';
}

/** An episode of one of them. */
export interface Episode {
  readonly recording: Recording;
  readonly frames: readonly Frame[];
  /** What was asked for. */
  readonly query: Luck & { readonly id: string; readonly step: number };
  /** The training step that was wanted; its own is the nearest that is kept. */
  readonly wantedStep: number;
}

/** What a lane asks of the comparison. */
interface LaneHands {
  /** Leaves the agent out. */
  remove(): void;
  seek(step: number): void;
}

/** One agent of a comparison: its board, its numbers and its mind. All lanes show the same step. */
export class Lane {
  readonly element: HTMLElement;
  /** What the library says of it now. */
  entry: LibraryEntry;
  readonly style: ArmStyle;
  readonly mind: MindPanel;
  private readonly page: Page;
  private readonly panel: FramePanel;
  private buffer = new FrameBuffer(1);
  private episode: Episode | null = null;
  private frame: Frame | null = null;
  private parting: Divergence = { action: null, state: null };

  private readonly facts = h('p', { class: 'facts' });
  private readonly overlay = h('p', { class: 'overlay', role: 'status' });
  private readonly parted = h('p', { class: 'parted' });

  constructor(entry: LibraryEntry, style: ArmStyle, page: Page, hands: LaneHands) {
    this.entry = entry;
    this.page = page;
    this.style = style;
    this.panel = new FramePanel({ id: entry.id, boards: page.boards() });
    this.panel.boardFrame.append(this.overlay);
    this.mind = new MindPanel({ page, boardFrame: this.panel.boardFrame, seek: hands.seek });
    const title = h('h2', { title: entry.id }, entry.label);
    this.element = h(
      'article',
      {
        class: 'match lane',
        style: `--arm: ${this.style.colour}`,
        'data-match': entry.id,
        'data-state': 'waiting',
        'aria-label': entry.label,
      },
      h(
        'header',
        {},
        h('span', { class: 'mark', 'aria-hidden': 'true' }, this.style.mark),
        title,
        h('div', { class: 'controls' }, iconButton('close', hands.remove, `Leave out ${entry.label}`)),
        this.facts,
      ),
      this.parted,
      this.panel.boardFrame,
      this.panel.panel,
      this.mind.element,
    );
  }

  get frames(): readonly Frame[] {
    return this.episode?.frames ?? [];
  }

  /** Was its episode played to the end? */
  get hasEnded(): boolean {
    const last = this.frames.at(-1);
    return last !== undefined && isOver(last);
  }

  /** Its frame at this step; its last one after its end. */
  at(index: number): Frame | null {
    return this.buffer.at(Math.min(index, this.buffer.end - 1));
  }

  /** Fetches its episode with the checkpoint nearest to a training step. @throws Error with the server's sentence */
  async fetch(wantedStep: number, luck: Luck): Promise<Episode> {
    const { id, checkpoints } = this.entry;
    const query = { id, step: nearestCheckpoint(checkpoints, wantedStep)!, ...luck };
    const recording = await this.page.get<Recording>('recording', query);
    const { board } = recording.stage;
    return { recording, frames: recording.frames.map((text) => decodeFrame(text, board)), query, wantedStep };
  }

  /** From now on shows this episode, which parts from the others' there. */
  take(episode: Episode, parting: Divergence): void {
    this.episode = episode;
    this.parting = parting;
    this.buffer = FrameBuffer.of(episode.frames);
    const { recording, wantedStep } = episode;
    const { stage, trainingStep, length, episodeReturn } = recording;
    void this.panel.open(stage, `The board of ${stage.env}, played by ${this.entry.label}`);
    this.mind.open(episode.query, this.entry, this.style, { stage, frames: episode.frames });
    const nearest = trainingStep === wantedStep ? '' : ', the nearest kept';
    const end = `${this.hasEnded ? 'ends' : 'cut off'} after ${length} steps with ${score(episodeReturn)}`;
    setText(this.facts, `${stage.env} · ${steps(trainingStep)} steps of training${nearest} · ${end}`);
    this.element.dataset['trainingStep'] = String(trainingStep);
    this.element.dataset['state'] = 'playing';
  }

  show(index: number, speed: number): void {
    const frame = this.at(index);
    if (frame === null) return;
    this.frame = frame;
    const own = frame.frame;
    this.panel.show(frame, { values: this.buffer.values(own), speed });
    this.mind.show(own);
    this.element.classList.toggle('over', isOver(frame));
    this.element.dataset['frame'] = String(own);
    this.say(isOver(frame) ? `Over after ${frame.step} steps, return ${score(frame.episodeReturn)}.` : '');
    const { action, state } = this.parting;
    const signs = [
      ...(action !== null && index >= action ? [`≠ other action, step ${action}`] : []),
      ...(state !== null && index >= state ? [`◇ other state, step ${state}`] : []),
    ];
    setText(this.parted, signs.join(' · '));
  }

  stands(index: number): void {
    const frame = this.at(index);
    if (frame !== null) this.mind.stands(frame.frame);
    this.panel.describe();
  }

  /** Its board in words. */
  describe(): string {
    return `${this.entry.label}: ${this.panel.describe()}`;
  }

  /** Shows what the agent sees instead of the board. */
  setRaw(isShown: boolean): void {
    this.panel.setRaw(isShown);
  }

  private say(sentence: string): void {
    setText(this.overlay, sentence);
    this.overlay.hidden = sentence === '';
    this.overlay.classList.add('corner');
  }

  snapshot(playback: Playback): MatchSnapshot {
    const { entry, episode, frame, panel } = this;
    const info: MatchInfo = {
      id: entry.id,
      label: entry.label,
      arm: entry.arm,
      driver: 'policy',
      state: episode === null ? 'waiting' : playback.isPlaying ? 'playing' : 'paused',
      speed: playback.speed,
      stage: episode?.recording.stage ?? null,
    };
    return { info, frame, sprites: panel.drawn(), time: timeOf(playback) };
  }

  remove(): void {
    this.mind.remove();
    this.panel.remove();
    this.element.remove();
  }
}

const isOver = ({ terminated, truncated }: Frame): boolean => terminated || truncated;
