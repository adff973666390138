import type { FirstLayer } from '../../src/live/first-layer.ts';
import type { LibraryEntry } from '../../src/live/library.ts';
import type { Thought } from '../../src/live/mind.ts';
import type { Frame, Stage } from '../../src/live/protocol.ts';
import type { TransferPlan } from '../../src/transfer/plan.ts';
import type { ArmStyle } from './arms.ts';
import { h, setText } from './elements.ts';
import { drawFilters } from './filters-view.ts';
import { LineChart } from './line-chart.ts';
import { entropyOf, score } from './numbers.ts';
import { drawPlan } from './plan-picture.ts';
import { SaliencyOverlay, type SaliencyOf } from './saliency-overlay.ts';
import type { Page } from './views/view.ts';

const LEGEND = 'lit: for it · hatched: against it · outlined: most';

/** Which episode of which agent: as the endpoints `recording` and `mind` take it. */
export interface EpisodeQuery {
  readonly id: string;
  readonly step?: number;
  readonly seed: number;
  readonly mode: 'sampled' | 'greedy';
}

/** The episode itself. */
export interface Recorded {
  readonly stage: Stage;
  readonly frames: readonly Frame[];
}

export interface MindPanelOptions {
  readonly page: Page;
  /** What lies over the board is put here. */
  readonly boardFrame: HTMLElement;
  /** A moment of the episode is wanted. */
  seek(frame: number): void;
}

/**
 * What goes on in an agent: its probabilities, its value and its entropy over an episode, what its choice rests on, the
 * filters of its first layer, and where its layers came from. Nothing is fetched before it is shown.
 */
export class MindPanel {
  readonly element: HTMLElement;
  private readonly options: MindPanelOptions;
  private entry: LibraryEntry | null = null;
  private query: EpisodeQuery | null = null;
  private frames: readonly Frame[] = [];
  private thoughts = new Map<number, Promise<Thought>>();
  /** The frame on show, and the one that the clock stands at (-1: it runs). */
  private index = 0;
  private standing = -1;
  private looks = false;
  /** The weights and the plan that are drawn already. */
  private drawn = '';

  private readonly overlay = new SaliencyOverlay();
  private readonly actions = h('ul', { class: 'actions', 'aria-label': 'Probability of each action' });
  private rows: { row: HTMLElement; share: HTMLElement; text: HTMLElement }[] = [];
  private readonly value: LineChart;
  private readonly entropy: LineChart;
  private readonly look = h(
    'button',
    { type: 'button', class: 'chip', 'aria-pressed': 'false' },
    'What it looks at (S)',
  );
  private readonly of = h(
    'select',
    { 'aria-label': 'What the light is about' },
    h('option', { value: 'logProb' }, 'for its choice'),
    h('option', { value: 'value' }, 'for its value'),
  );
  private readonly words = h('p', { class: 'small words', role: 'status' });
  private readonly filters = h('section', { class: 'mind-part', 'aria-label': 'First layer' });
  private readonly plan = h('section', { class: 'mind-part', 'aria-label': 'Where its layers came from' });

  constructor(options: MindPanelOptions) {
    this.options = options;
    options.boardFrame.append(this.overlay.element);
    this.value = new LineChart('Value', (step) => options.seek(step));
    this.entropy = new LineChart('Entropy', (step) => options.seek(step));
    this.look.addEventListener('click', () => this.toggleSaliency());
    this.of.addEventListener('change', () => void this.illuminate());
    this.element = h(
      'section',
      { class: 'mind', 'aria-label': 'Its mind', hidden: true },
      h(
        'div',
        { class: 'mind-now' },
        this.actions,
        h('div', { class: 'mind-charts' }, this.value.element, this.entropy.element),
      ),
      h('div', { class: 'mind-look' }, this.look, this.of, h('span', { class: 'small' }, LEGEND), this.words),
      this.plan,
      this.filters,
    );
  }

  /** From now on, the mind of this agent in this episode. */
  open(query: EpisodeQuery, entry: LibraryEntry | null, style: ArmStyle, recorded: Recorded): void {
    const { stage, frames } = recorded;
    this.query = query;
    this.entry = entry;
    this.frames = frames;
    this.thoughts = new Map();
    this.standing = -1;
    this.overlay.open(stage);
    this.rows = stage.actions.map(({ name }) => {
      const share = h('span', { class: 'bar' });
      const text = h('output');
      const row = h('li', { 'data-action': name }, h('span', {}, name), h('span', { class: 'track' }, share), text);
      return { row, share, text };
    });
    this.actions.replaceChildren(...this.rows.map(({ row }) => row));
    const { colour, line } = style;
    const lineOf = (height: (frame: Frame) => number | null) => ({
      points: frames.map((frame) => [frame.frame, height(frame)] as const),
      colour,
      line,
    });
    this.value.draw([lineOf(({ value }) => value)], frames.length - 1);
    this.entropy.draw([lineOf(({ probabilities }) => entropyOf(probabilities))], frames.length - 1, { high: 1 });
    if (!this.element.hidden) void this.drawWeights();
  }

  show(index: number): void {
    this.index = index;
    if (index !== this.standing) {
      this.standing = -1;
      this.overlay.hide();
      setText(this.words, this.looks ? 'Pause, and see what it looks at.' : '');
    }
    const frame = this.frames[index];
    if (frame === undefined || this.element.hidden) return;
    this.rows.forEach(({ row, share, text }, action) => {
      const probability = frame.probabilities?.[action] ?? 0;
      share.style.width = `${100 * probability}%`;
      setText(text, frame.probabilities === null ? '' : `${Math.round(100 * probability)} %`);
      row.classList.toggle('chosen', action === frame.action);
    });
    this.value.cursor(index, frame.value === null ? '' : score(Number(frame.value.toFixed(2))));
    const entropy = entropyOf(frame.probabilities);
    this.entropy.cursor(index, entropy === null ? '' : `${Math.round(100 * entropy)} %`);
  }

  /** The clock stands at this frame. */
  stands(index: number): void {
    this.standing = index;
    void this.illuminate();
  }

  toggle(): void {
    this.setShown(this.element.hidden === true);
  }

  setShown(isShown: boolean): void {
    this.element.hidden = !isShown;
    if (!isShown) return;
    this.show(this.index);
    if (this.query !== null) void this.drawWeights();
  }

  toggleSaliency(): void {
    this.setSaliency(!this.looks);
  }

  setSaliency(looks: boolean): void {
    this.looks = looks;
    this.look.setAttribute('aria-pressed', String(looks));
    void this.illuminate();
  }

  remove(): void {
    this.query = null;
    this.overlay.element.remove();
    this.element.remove();
  }

  /** Lights the board where the clock stands; dark while it runs. */
  private async illuminate(): Promise<void> {
    const { query, standing, looks, frames } = this;
    const frame = frames[standing];
    if (!looks || query === null || frame === undefined) return this.overlay.hide();
    if (frame.action === null) {
      this.overlay.hide();
      return setText(this.words, 'The episode is over: nothing is chosen here.');
    }
    try {
      const thought = await this.think(query, standing);
      if (this.query !== query || this.standing !== standing || !this.looks) return;
      setText(this.words, this.overlay.show(thought, frame, this.of.value as SaliencyOf));
    } catch (error) {
      if (this.query === query) setText(this.words, `This can’t be seen: ${(error as Error).message}`);
    }
  }

  private think(query: EpisodeQuery, frame: number): Promise<Thought> {
    const known = this.thoughts.get(frame);
    if (known !== undefined) return known;
    const thought = this.options.page.get<Thought>('mind', { ...query, frame });
    this.thoughts.set(frame, thought);
    thought.catch(() => this.thoughts.delete(frame));
    return thought;
  }

  /** The first layer before and after, and the plan where there is one. */
  private async drawWeights(): Promise<void> {
    const { query, entry, drawn } = this;
    const { page } = this.options;
    const { id, step } = query!;
    const key = `${id} ${step}`;
    if (key === drawn) return;
    this.drawn = key;
    try {
      const first = entry?.checkpoints[0] ?? step;
      const [plan, before, after] = await Promise.all([
        page.get<TransferPlan | null>('plan', { id }),
        page.get<FirstLayer | null>('weights', { id, step: first }),
        page.get<FirstLayer | null>('weights', { id, step }),
      ]);
      if (this.drawn !== key) return;
      this.plan.replaceChildren(
        h('h3', {}, 'Where its layers came from'),
        plan === null ? h('p', { class: 'small' }, 'From nowhere: it learned from scratch.') : drawPlan(plan),
      );
      this.filters.replaceChildren(
        h('h3', {}, 'Its first layer'),
        before === null || after === null
          ? h('p', { class: 'small' }, 'This net has no layer that reads channels or features.')
          : drawFilters(before, after, plan?.matches ?? []),
      );
    } catch (error) {
      if (this.drawn !== key) return;
      this.drawn = '';
      this.plan.replaceChildren(h('p', { class: 'small' }, `Its layers can’t be shown: ${(error as Error).message}`));
    }
  }
}
