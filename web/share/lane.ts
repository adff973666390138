import { decodeFrame } from '../../src/live/protocol.ts';
import type { SharedLane } from '../../src/live/share.ts';
import type { ArmStyle } from '../src/arms.ts';
import { h, setText } from '../src/elements.ts';
import { FrameBuffer } from '../src/frame-buffer.ts';
import { FramePanel } from '../src/frame-panel.ts';
import { score, steps } from '../src/numbers.ts';
import type { Boards } from '../src/stage/stage.ts';

/** One agent's episode: its board, its return and what it thinks of its actions. */
export class Lane {
  readonly element: HTMLElement;
  readonly buffer: FrameBuffer;
  private readonly lane: SharedLane;
  private readonly panel: FramePanel;
  private readonly overlay = h('p', { class: 'overlay', hidden: true });
  private shown = 0;

  constructor(lane: SharedLane, { colour, mark }: ArmStyle, id: string, boards: Boards) {
    const { label, recording } = lane;
    const { stage, trainingStep } = recording;
    this.lane = lane;
    this.buffer = FrameBuffer.of(recording.frames.map((text) => decodeFrame(text, stage.board)));
    this.panel = new FramePanel({ id, boards: Promise.resolve(boards) });
    this.panel.boardFrame.append(this.overlay);
    void this.panel.open(stage, `The board of ${stage.env}`);
    this.element = h(
      'article',
      { class: 'match', style: `--arm: ${colour}`, 'aria-label': label, 'data-match': id },
      h(
        'header',
        {},
        h('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
        h('h2', {}, label),
        h('p', { class: 'facts' }, `${stage.env} · ${steps(trainingStep)} steps of training`),
      ),
      this.panel.boardFrame,
      this.panel.panel,
    );
  }

  /** Shows the state after this many steps; where the episode is over by then, its last. */
  show(step: number, speed: number): void {
    const last = this.buffer.end - 1;
    const at = Math.min(step, last);
    const frame = this.buffer.at(at)!;
    const isOver = frame.terminated || frame.truncated;
    this.shown = at;
    this.panel.show(frame, { values: this.buffer.values(at), speed });
    this.overlay.hidden = at < last;
    setText(this.overlay, `${isOver ? 'The episode is over' : 'The recording ends'}: return ${this.returned()}`);
    this.element.classList.toggle('over', isOver);
    this.element.dataset['frame'] = String(at);
  }

  /** What is on show, in words. */
  sentence(): string {
    const { label, recording } = this.lane;
    const { action } = this.buffer.at(this.shown)!;
    const chosen = action === null ? 'over' : `chooses ${recording.stage.actions[action].name}`;
    return `${label}: step ${this.shown} of ${recording.length}, return ${this.returned()}, ${chosen}.`;
  }

  /** Its board in words. */
  describe(): string {
    return `${this.lane.label}: ${this.panel.describe()}`;
  }

  private returned(): string {
    return score(this.buffer.at(this.shown)!.episodeReturn);
  }
}
