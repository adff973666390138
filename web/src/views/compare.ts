import { type Divergence, divergence } from '../../../src/live/divergence.ts';
import type { LibraryEntry } from '../../../src/live/library.ts';
import { putAddress } from '../address.ts';
import { announce } from '../announce.ts';
import { armOrder, distinctStyles } from '../arms.ts';
import { iconButton, textButton } from '../buttons.ts';
import { h, setText } from '../elements.ts';
import { type Episode, Lane, type Luck } from '../lane.ts';
import { nearestCheckpoint } from '../library-filter.ts';
import { LineChart } from '../line-chart.ts';
import type { MatchSnapshot } from '../match-view.ts';
import { score, steps } from '../numbers.ts';
import { checkpointSteps, firstPair, type Stand, verdict } from '../pairs.ts';
import { Playback } from '../playback.ts';
import { nextSeed } from '../seeds.ts';
import { saveButtons } from '../save-buttons.ts';
import { Transport } from '../transport.ts';
import type { Page, View } from './view.ts';

const MOST_LANES = 4;
/** A slider that is drawn along passes many checkpoints: only where it rests is one fetched. */
const REST_MS = 120;

/** `#compare?ids=a,b&step=…&seed=…&mode=…&frame=…`: agents side by side, with the same luck and one clock. */
export const open = (page: Page, query: URLSearchParams): View => new CompareView(page, query);

class CompareView implements View {
  private readonly page: Page;
  private readonly playback: Playback;
  private readonly transport: Transport;
  private readonly lanes: Lane[] = [];
  private entries: readonly LibraryEntry[] = [];
  private ids: readonly string[];
  private luck: Luck;
  /** The training step that is wanted of all; NaN before one is chosen. */
  private step: number;
  /** The frame that the address asks for, until it is shown. */
  private wantedFrame: number;
  private parting: Divergence = { action: null, state: null };
  private isOneGame = true;
  /** Goes on to the next checkpoint whenever an episode ends. */
  private isLearning = false;
  private showsMind = false;
  private showsSaliency = false;
  private showsRaw = false;
  /** Counts loads: an answer that comes late must not replace a later one. */
  private loads = 0;
  private resting = 0;
  private isRemoved = false;

  private readonly sentence = h('p', { class: 'standing', role: 'status' });
  private readonly luckText = h('span', { class: 'small' });
  private readonly mode = h(
    'select',
    { 'aria-label': 'How the agents act' },
    h('option', { value: 'sampled' }, 'by their probabilities'),
    h('option', { value: 'greedy' }, 'always the likeliest'),
  );
  private readonly toAction = h('button', { type: 'button', class: 'chip jump' });
  private readonly toState = h('button', { type: 'button', class: 'chip jump' });
  private readonly boards = h('section', { class: 'matches', 'aria-label': 'Agents side by side' });
  private readonly returns: LineChart;
  private readonly curve: LineChart;
  private readonly training = h('input', { type: 'range', min: 0, max: 0, step: 1, 'aria-label': 'Training step' });
  private readonly trainingText = h('output', { class: 'training-step' });
  private readonly learn = h('button', { type: 'button', class: 'chip' }, 'Replay how it learned');
  private readonly learning: HTMLElement;
  private readonly picker = h('select', { 'aria-label': 'Add an agent' });
  readonly element: HTMLElement;

  constructor(page: Page, query: URLSearchParams) {
    this.page = page;
    this.ids = (query.get('ids') ?? '').split(',').filter((id) => id !== '');
    this.luck = { seed: Number(query.get('seed') ?? 0), mode: query.get('mode') === 'greedy' ? 'greedy' : 'sampled' };
    this.step = Number(query.get('step') ?? Number.NaN);
    this.wantedFrame = Number(query.get('frame') ?? 0);
    this.playback = new Playback({ isPlaying: !query.has('frame') });
    this.transport = new Transport(this.playback, {
      show: (index) => this.show(index),
      stands: (index) => this.stands(index),
    });
    this.returns = new LineChart('Return', (step) => this.seek(step));
    this.curve = new LineChart('Mean return while it learned', (step) => this.train(step));
    this.mode.value = this.luck.mode;
    this.mode.addEventListener('change', () => this.change({ mode: this.mode.value as Luck['mode'] }));
    this.training.addEventListener('input', () => this.train(this.trainingSteps()[Number(this.training.value)]));
    this.learn.addEventListener('click', () => this.replayLearning());
    this.picker.addEventListener('change', () => this.choose([...this.ids, this.picker.value]));
    this.toAction.addEventListener('click', () => this.seek(this.parting.action));
    this.toState.addEventListener('click', () => this.seek(this.parting.state));
    this.learning = h(
      'section',
      { class: 'learning', 'aria-label': 'How it learned' },
      this.curve.element,
      h('div', { class: 'slide' }, this.learn, this.training, this.trainingText),
    );
    this.element = h(
      'div',
      { class: 'view compare' },
      h(
        'section',
        { class: 'comparison' },
        this.sentence,
        h(
          'div',
          { class: 'controls' },
          this.luckText,
          iconButton('next', () => this.change({ seed: nextSeed(this.luck.seed) }), 'Other luck for all (N)'),
          this.mode,
          textButton('Minds', () => this.toggleMind(), 'Their minds (M)'),
          textButton('Look', () => this.toggleSaliency(), 'What they look at (S)'),
          textButton('Sees', () => this.toggleRaw(), 'What they see (V)'),
          this.picker,
        ),
      ),
      this.boards,
      h(
        'section',
        { class: 'clock', 'aria-label': 'One clock for all' },
        this.transport.element,
        saveButtons(page, () => this.saved()),
      ),
      h(
        'section',
        { class: 'parting', 'aria-label': 'Where they part' },
        this.returns.element,
        h('p', { class: 'jumps' }, this.toAction, this.toState),
      ),
      this.learning,
    );
    void this.start();
  }

  match = (id: string): MatchSnapshot | null =>
    this.lanes.find(({ entry }) => entry.id === id)?.snapshot(this.playback) ?? null;

  keyDown(key: string): boolean {
    const acts: Readonly<Record<string, () => void>> = {
      n: () => this.change({ seed: nextSeed(this.luck.seed) }),
      ',': () => this.shiftTraining(-1),
      '.': () => this.shiftTraining(1),
      d: () => this.seek(this.parting.action ?? this.parting.state),
      m: () => this.toggleMind(),
      s: () => this.toggleSaliency(),
      v: () => this.toggleRaw(),
      r: () => announce(this.lanes.map((lane) => lane.describe()).join(' ')),
    };
    if (!Object.hasOwn(acts, key)) return this.transport.keyDown(key);
    acts[key]();
    return true;
  }

  remove(): void {
    this.isRemoved = true;
    clearTimeout(this.resting);
    this.transport.remove();
    for (const lane of this.lanes) lane.remove();
    this.element.remove();
  }

  /** Reads who there is to compare. */
  private async start(): Promise<void> {
    setText(this.sentence, 'Looking for agents…');
    try {
      this.entries = await this.page.get<LibraryEntry[]>('library');
    } catch (error) {
      return setText(this.sentence, `Nothing can be compared: ${(error as Error).message}`);
    }
    if (this.isRemoved) return;
    const known = this.ids.filter((id) => this.find(id) !== undefined);
    this.choose(known.length > 1 ? known : firstPair(this.entries, known[0]).map(({ id }) => id));
  }

  private find = (id: string): LibraryEntry | undefined =>
    this.entries.find((entry) => entry.id === id && entry.checkpoints.length > 0);

  /** Compares these from now on. */
  private choose(ids: readonly string[]): void {
    // A run may have gone since it was offered.
    const known = [...new Set(ids)].flatMap((id) => this.find(id) ?? []).slice(0, MOST_LANES);
    this.ids = known.map(({ id }) => id);
    for (const lane of this.lanes.splice(0)) lane.remove();
    const chosen = known.toSorted((a, b) => armOrder(a.arm) - armOrder(b.arm));
    const styles = distinctStyles(chosen.map(({ arm }) => arm));
    for (const [i, entry] of chosen.entries()) {
      const lane = new Lane(entry, styles[i], this.page, {
        remove: () => this.choose(this.ids.filter((id) => id !== entry.id)),
        seek: (step) => this.seek(step),
      });
      lane.mind.setShown(this.showsMind);
      lane.mind.setSaliency(this.showsSaliency);
      lane.setRaw(this.showsRaw);
      this.lanes.push(lane);
    }
    this.boards.replaceChildren(...this.lanes.map(({ element }) => element));
    this.boards.dataset['count'] = String([0, 2, 2, 3, 2][chosen.length]);
    // The newest that all have reached.
    if (Number.isNaN(this.step) && chosen.length > 0) this.step = Math.min(...chosen.map(({ step }) => step));
    this.offer();
    this.showLearning();
    void this.load();
  }

  /** Agents that can be added, those of the same game first. */
  private offer(): void {
    const { picker, ids } = this;
    const env = this.lanes[0]?.entry.env;
    const others = this.entries.filter(({ id }) => !ids.includes(id) && this.find(id) !== undefined);
    const groups = [
      { label: env ?? 'Agents', members: others.filter((entry) => env === undefined || entry.env === env) },
      { label: 'Other games', members: others.filter((entry) => env !== undefined && entry.env !== env) },
    ];
    picker.replaceChildren(
      h('option', { value: '' }, 'Add an agent…'),
      ...groups
        .filter(({ members }) => members.length > 0)
        .map(({ label, members }) =>
          h(
            'optgroup',
            { label },
            ...members.map(({ id, label: name, arm }) =>
              h('option', { value: id }, [name, arm, id].filter(Boolean).join(' · ')),
            ),
          ),
        ),
    );
    picker.hidden = others.length === 0 || ids.length >= MOST_LANES;
  }

  /** What is on show, for those who save it. */
  private saved() {
    const lanes = this.lanes.map(({ entry: { id, label, arm, checkpoints } }) => {
      return { id, label, arm, step: nearestCheckpoint(checkpoints, this.step) };
    });
    return { lanes, episode: this.luck };
  }

  private trainingSteps = (): number[] => checkpointSteps(this.lanes.map(({ entry }) => entry));

  /** The curves of learning, and where on them the slider stands. */
  private showLearning(): void {
    const all = this.trainingSteps();
    this.step = nearestCheckpoint(all, this.step) ?? this.step;
    this.curve.draw(
      this.lanes.map(({ entry, style }) => ({ points: entry.evaluations, colour: style.colour, line: style.line })),
      Math.max(all.at(-1) ?? 0, ...this.lanes.map(({ entry }) => entry.evaluations.at(-1)?.[0] ?? 0)),
    );
    this.curve.mark(all.map((at) => ({ at, sign: '', title: `${steps(at)} steps of training` })));
    this.curve.cursor(this.step);
    this.training.max = String(all.length - 1);
    this.training.value = String(all.indexOf(this.step));
    const text = `${steps(this.step)} steps of training`;
    this.training.setAttribute('aria-valuetext', text);
    setText(this.trainingText, text);
    this.learning.hidden = all.length < 2;
    this.learn.setAttribute('aria-pressed', String(this.isLearning));
  }

  /** Shows the agents as they were nearest to this step of their training. */
  private train(step: number): void {
    this.isLearning = false;
    this.trainTo(step);
  }

  private trainTo(step: number): void {
    this.step = step;
    this.wantedFrame = 0;
    this.showLearning();
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => void this.load(), REST_MS);
  }

  private shiftTraining(by: 1 | -1): void {
    const all = this.trainingSteps();
    const next = all[all.indexOf(this.step) + by];
    if (next !== undefined) this.train(next);
  }

  /** From the first checkpoint on, an episode with each. */
  private replayLearning(): void {
    if (this.isLearning) return this.train(this.step);
    this.isLearning = true;
    this.playback.setLoops(false);
    this.playback.play();
    this.trainTo(this.trainingSteps()[0]);
  }

  private change(luck: Partial<Luck>): void {
    this.luck = { ...this.luck, ...luck };
    this.wantedFrame = 0;
    this.playback.play();
    void this.load();
  }

  /** Fetches everybody's episode; what is on show stays until all are there. */
  private async load(): Promise<void> {
    const load = ++this.loads;
    const isLate = (): boolean => this.isRemoved || load !== this.loads;
    const { lanes, luck } = this;
    setText(this.luckText, `Same luck for all: no. ${luck.seed}`);
    if (lanes.length === 0) return this.clear();
    if (lanes.every(({ frames }) => frames.length === 0)) setText(this.sentence, 'Playing the episodes…');
    try {
      if (lanes.some(({ entry }) => entry.state === 'running')) await this.renew();
      if (isLate()) return;
      const episodes = await Promise.all([...lanes].map((lane) => lane.fetch(this.step, luck)));
      if (!isLate()) this.take(episodes);
    } catch (error) {
      if (!isLate()) setText(this.sentence, `This can’t be compared: ${(error as Error).message}`);
    }
  }

  /** Runs that train on gain checkpoints, and lose old ones. */
  private async renew(): Promise<void> {
    this.entries = await this.page.get<LibraryEntry[]>('library');
    for (const lane of this.lanes) lane.entry = this.find(lane.entry.id) ?? lane.entry;
    this.showLearning();
  }

  /** Nobody is left: nothing of the last episodes stays. */
  private clear(): void {
    this.playback.hold(0, 0);
    this.parting = { action: null, state: null };
    this.isOneGame = true;
    this.returns.draw([], 0);
    this.returns.cursor(0);
    this.showParting();
    setText(this.sentence, 'Choose the agents to compare: nobody plays yet.');
  }

  private take(episodes: readonly Episode[]): void {
    const { lanes, playback } = this;
    this.isOneGame = new Set(episodes.map(({ recording }) => recording.stage.env)).size === 1;
    this.parting = this.isOneGame ? divergence(episodes.map(({ frames }) => frames)) : { action: null, state: null };
    lanes.forEach((lane, i) => lane.take(episodes[i], this.parting));
    const last = Math.max(...episodes.map(({ frames }) => frames.length)) - 1;
    playback.hold(0, last + 1);
    playback.seek(this.wantedFrame);
    if (this.isLearning) playback.play();
    this.returns.draw(
      lanes.map(({ frames, style }) => ({
        points: frames.map(({ frame, episodeReturn }) => [frame, episodeReturn] as const),
        colour: style.colour,
        line: style.line,
      })),
      last,
    );
    this.showParting();
    this.transport.refresh();
  }

  private showParting(): void {
    const { action, state } = this.parting;
    const found = [
      { at: action, button: this.toAction, sign: '≠', title: 'First different action' },
      { at: state, button: this.toState, sign: '◇', title: 'First different state' },
    ];
    for (const { at, button, sign, title } of found) {
      button.disabled = at === null;
      const never = this.isOneGame ? 'never' : 'they play different games';
      setText(button, `${sign} ${title}: ${at === null ? never : `step ${at}`}`);
    }
    const marks = found.flatMap(({ at, sign, title }) =>
      at === null ? [] : [{ at, sign, title: `${title}: step ${at}` }],
    );
    this.returns.mark(marks);
    this.transport.mark(marks.map(({ at }) => at));
    this.element.dataset['actionAt'] = String(action);
    this.element.dataset['stateAt'] = String(state);
  }

  private show(index: number): void {
    const { lanes, playback } = this;
    // Until their episodes are there, nothing is known of those who were chosen.
    if (lanes.every(({ frames }) => frames.length === 0)) return;
    for (const lane of lanes) lane.show(index, playback.speed);
    const returns = lanes.map((lane) => lane.at(index)?.episodeReturn ?? 0);
    const names = this.names();
    this.returns.cursor(index, names.map((name, i) => `${name} ${score(returns[i])}`).join(' · '));
    this.element.dataset['step'] = String(index);
    const stand = this.howFar(index);
    const standing = this.isOneGame
      ? verdict(names, returns, stand)
      : 'Different games: their returns can’t be compared.';
    // Read aloud where it stands, not twelve times a second.
    this.sentence.ariaLive = playback.isPlaying ? 'off' : 'polite';
    setText(this.sentence, `${standing}${stand === 'over' && lanes.length > 1 ? '' : ` Step ${index}.`}`);
  }

  private howFar(index: number): Stand {
    if (index < this.playback.end - 1) return 'under way';
    return this.lanes.every((lane) => lane.hasEnded) ? 'over' : 'cut off';
  }

  /** What they are called in sentences: by arm where that tells them apart. */
  private names(): string[] {
    const arms = this.lanes.map(({ entry }) => entry.arm);
    const isTelling = arms.every((arm) => arm !== undefined) && new Set(arms).size === arms.length;
    return this.lanes.map(({ entry, style }) => `${style.mark} ${isTelling ? capital(entry.arm!) : entry.label}`);
  }

  private stands(index: number): void {
    if (this.isLearning) {
      const all = this.trainingSteps();
      const next = all[all.indexOf(this.step) + 1];
      const goesOn = index === this.playback.end - 1 && next !== undefined;
      if (goesOn) {
        return this.trainTo(next);
      }
      this.isLearning = false;
      this.showLearning();
    }
    for (const lane of this.lanes) lane.stands(index);
    this.address(index);
  }

  private seek(step: number | null): void {
    if (step === null) return;
    this.playback.pause();
    this.playback.seek(step);
  }

  private toggleMind(): void {
    this.showsMind = !this.showsMind;
    for (const lane of this.lanes) lane.mind.setShown(this.showsMind);
  }

  private toggleSaliency(): void {
    this.showsSaliency = !this.showsSaliency;
    if (this.showsSaliency) this.playback.pause();
    for (const lane of this.lanes) lane.mind.setSaliency(this.showsSaliency);
    this.transport.refresh();
  }

  private toggleRaw(): void {
    this.showsRaw = !this.showsRaw;
    for (const lane of this.lanes) lane.setRaw(this.showsRaw);
  }

  /** Puts what is on show into the address, so that a copied link opens there. */
  private address(frame: number): void {
    const { seed, mode } = this.luck;
    const query = new URLSearchParams({
      ids: this.ids.join(','),
      step: String(this.step),
      seed: String(seed),
      mode,
      frame: String(frame),
    });
    putAddress(`#compare?${query}`);
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
