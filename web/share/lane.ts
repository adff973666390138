import { decodeFrame, type Frame } from '../../src/live/protocol.ts';
import type { SharedLane } from '../../src/live/share.ts';
import { armStyle } from '../src/arms.ts';
import { h, setText, svg } from '../src/elements.ts';
import { score, steps } from '../src/numbers.ts';
import { Pad } from '../src/pad.ts';
import { CanvasBoard } from '../src/stage/canvas-board.ts';
import type { Paint } from '../src/stage/canvas-scene.ts';
import type { Tempo } from '../src/stage/layer.ts';
import { textureScale } from '../src/stage/scale.ts';

/** One agent's episode: its board, its return and what it thinks of its actions. */
export class Lane {
  readonly element: HTMLElement;
  readonly frames: readonly Frame[];
  private readonly lane: SharedLane;
  private readonly board: CanvasBoard;
  private readonly canvas = h('canvas', { class: 'board', role: 'img' });
  private readonly overlay = h('p', { class: 'overlay', hidden: true });
  private readonly returnValue = h('output', { class: 'big' });
  private readonly facts = h('p', { class: 'small' });
  private readonly pad: Pad;
  private shown = -1;

  constructor(lane: SharedLane, paint: Paint) {
    const { recording, label, arm } = lane;
    const { stage, trainingStep } = recording;
    this.lane = lane;
    this.frames = recording.frames.map((text) => decodeFrame(text, stage.board));
    this.board = new CanvasBoard(stage, paint, textureScale());
    this.pad = new Pad(stage.actions);
    this.canvas.style.aspectRatio = `${this.board.columns} / ${this.board.rows}`;
    const { colour, mark } = armStyle(arm);
    this.element = h(
      'article',
      { class: 'match', style: `--arm: ${colour}`, 'aria-label': label },
      h(
        'header',
        {},
        h('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
        h('h2', {}, label),
        h('p', { class: 'facts' }, `${stage.env} · ${steps(trainingStep)} steps of training`),
      ),
      h('div', { class: 'board-frame' }, this.canvas, this.overlay),
      h(
        'div',
        { class: 'panel' },
        h('div', { class: 'return' }, this.returnValue, h('span', { class: 'unit' }, 'return')),
        this.facts,
        h('div', { class: 'pad-place' }, this.pad.element),
      ),
    );
  }

  /** Steps of the episode. */
  get length(): number {
    return this.frames.length - 1;
  }

  /** Shows the state after `step` steps, its last one where it is over. */
  show(step: number, now: number, tempo: Tempo): void {
    const at = Math.min(step, this.length);
    if (at === this.shown) return;
    this.shown = at;
    const frame = this.frames[at];
    const isOver = frame.terminated || frame.truncated;
    this.board.show(frame, now, tempo);
    setText(this.returnValue, score(frame.episodeReturn));
    setText(this.facts, frame.value === null ? `step ${at}` : `step ${at} · value ${score(round(frame.value))}`);
    this.pad.show(frame.probabilities, frame.action);
    this.canvas.setAttribute('aria-label', `The board of ${this.lane.recording.stage.env}. ${this.sentence()}`);
    this.overlay.hidden = at < this.length;
    setText(
      this.overlay,
      `${isOver ? 'The episode is over' : 'The recording ends'}: return ${score(frame.episodeReturn)}`,
    );
    this.element.classList.toggle('over', isOver);
    this.element.dataset['frame'] = String(at);
  }

  /** What is on show, in words. */
  sentence(): string {
    const { label, recording } = this.lane;
    const frame = this.frames[Math.max(0, this.shown)];
    const action = frame.action === null ? '' : `, chooses ${recording.stage.actions[frame.action].name}`;
    const end = this.shown < this.length ? action : ', over';
    return `${label}: step ${this.shown} of ${this.length}, return ${score(frame.episodeReturn)}${end}.`;
  }

  draw(now: number): void {
    const { canvas } = this;
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    const height = Math.round((width * this.board.rows) / this.board.columns);
    if (width === 0) return;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    this.board.draw(canvas.getContext('2d')!, now, width);
  }

  /** A tick for each step that was rewarded, on a bar as long as `last` steps; none where that is nearly every one. */
  ticks(last: number): SVGElement {
    const all = this.frames.flatMap(({ reward, step }) => (reward === 0 ? [] : [step]));
    const rewarded = all.length > this.length / 2 ? [] : all;
    const path = rewarded.map((step) => `M${((1000 * step) / Math.max(1, last)).toFixed(1)} 0V8`).join('');
    const line = svg('path', { d: path || 'M0 0', stroke: armStyle(this.lane.arm).colour });
    return svg(
      'svg',
      { class: 'ticks', viewBox: '0 0 1000 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      line,
    );
  }
}

const round = (value: number): number => Number(value.toFixed(2));
