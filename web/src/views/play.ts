import type { LibraryEntry } from '../../../src/live/library.ts';
import { DUEL, decodeFrame, type Frame, type MatchInfo } from '../../../src/live/protocol.ts';
import { duelAddress, duelWanted, type DuelWanted } from '../duel-address.ts';
import { h, setText } from '../elements.ts';
import { MatchView } from '../match-view.ts';
import { score, steps } from '../numbers.ts';
import { nextSeed } from '../seeds.ts';
import type { Page, View } from './view.ts';

/** `#play?id=AGENT&seed=N`, maybe with `&step=N`: a duel with a stored agent. Without an agent, the choice of one. */
export function open(page: Page, query: URLSearchParams): View {
  const { id, ...how } = duelWanted(query);
  return id === null ? new OpponentChoice(page, how.seed) : new DuelView(page, { id, ...how });
}

/** Whom to play against: every stored agent, the zoo's first. */
class OpponentChoice implements View {
  private readonly list = h('ul', { class: 'opponents' });
  private readonly notice = h('p', { class: 'notice', role: 'status' }, 'Looking up who is there…');
  readonly element = h(
    'div',
    { class: 'view' },
    h('h2', { class: 'question' }, 'Whom do you play against?'),
    h('p', { class: 'small' }, 'Two boards with the same luck: you play one by keys or touch, the agent the other.'),
    this.notice,
    this.list,
  );

  constructor(page: Page, seed: number) {
    page.get<LibraryEntry[]>('library').then(
      (entries) => this.show(entries, seed),
      (error: Error) => setText(this.notice, `The agents can’t be looked up: ${error.message}`),
    );
  }

  remove(): void {
    this.element.remove();
  }

  private show(entries: readonly LibraryEntry[], seed: number): void {
    const able = entries.filter(({ checkpoints }) => checkpoints.length > 0);
    const zooFirst = able.toSorted((a, b) => Number(b.kind === 'zoo') - Number(a.kind === 'zoo'));
    this.notice.hidden = able.length > 0;
    setText(this.notice, 'Nobody is there yet. Train an agent first: ngplus train breakout');
    this.list.replaceChildren(...zooFirst.map((entry) => h('li', {}, opponent(entry, seed))));
  }
}

const opponent = ({ id, label, env, step }: LibraryEntry, seed: number): HTMLElement =>
  h(
    'a',
    { href: duelAddress({ id, seed }) },
    h('strong', {}, label),
    h('span', { class: 'small' }, `${env} · ${steps(step)} steps of training`),
  );

const ONLY_WATCHING = 'Here you can only watch: to play, ask who started this viewer for --control.';

/** A duel under way: two boards, and the score above them. */
class DuelView implements View {
  private readonly page: Page;
  private readonly wanted: DuelWanted;
  private readonly views = new Map<string, MatchView>();
  /** The newest frame of each board. */
  private readonly frames = new Map<string, Frame>();
  /** Of this page, since it was opened. */
  private readonly wins = { you: 0, agent: 0 };
  /** The last pair of episodes that was counted. */
  private counted = -1;
  private readonly score = h('p', { class: 'duel-score' });
  private readonly sentence = h('p', { class: 'small duel-sentence', role: 'status' });
  private readonly boards = h('section', { class: 'matches', 'data-count': 2, 'aria-label': 'The two boards' });
  private readonly notice = h('p', { class: 'notice', role: 'status' }, 'The agent gets ready…');
  readonly element: HTMLElement;
  private readonly endings: (() => void)[];

  constructor(page: Page, wanted: DuelWanted) {
    [this.page, this.wanted] = [page, wanted];
    const others = h('a', { href: '#play' }, 'Another agent');
    const again = h('a', { href: duelAddress({ ...wanted, seed: nextSeed(wanted.seed) }) }, 'Other luck');
    const head = h(
      'header',
      { class: 'duel-head' },
      this.score,
      h('p', { class: 'links' }, again, others),
      this.sentence,
    );
    this.element = h('div', { class: 'view duel' }, this.notice, head, this.boards);
    head.hidden = true;
    this.endings = [
      page.on('match', (info) => {
        if (info.id !== DUEL.you && info.id !== DUEL.agent) return;
        head.hidden = info.stage === null;
        this.takeInfo(info);
      }),
      page.on('frame', (id, text) => this.takeFrame(id, text)),
      // After a break the server knows nothing of the duel.
      page.on('matches', () => this.challenge()),
    ];
    document.addEventListener('visibilitychange', this.watch);
  }

  match = (id: string) => this.views.get(id)?.snapshot() ?? null;

  keyDown = (key: string): boolean => this.views.get(DUEL.you)?.keyDown(key) ?? false;

  keyUp = (key: string): void => this.views.get(DUEL.you)?.keyUp(key);

  releaseKeys = (): void => this.views.get(DUEL.you)?.releaseKeys();

  remove(): void {
    document.removeEventListener('visibilitychange', this.watch);
    this.endings.forEach((end) => end());
    this.page.ask({ ask: 'leave', match: DUEL.you });
    this.views.forEach((view) => view.remove());
    this.element.remove();
  }

  private connectedAs: string | undefined;

  /** Asks for the duel, once for each connection. */
  private challenge(): void {
    const me = this.page.id();
    if (me === undefined || me === this.connectedAs) return;
    this.connectedAs = me;
    if (this.page.isReadOnly()) return setText(this.notice, ONLY_WATCHING);
    this.frames.clear();
    this.counted = -1;
    const { id, ...how } = this.wanted;
    this.page.ask({ ask: 'duel', match: id, ...how });
  }

  private watch = (): void => this.page.ask({ ask: document.hidden ? 'leave' : 'watch', match: DUEL.you });

  private takeInfo(info: MatchInfo): void {
    const { views, boards, notice } = this;
    notice.hidden = info.stage !== null;
    if (info.stage === null)
      return setText(notice, `There is no duel: ${info.problem ?? 'the agent can’t be loaded'}.`);
    const view = views.get(info.id);
    if (view !== undefined) return view.update(info);
    views.set(info.id, new MatchView(info, this.page.ask, this.page.boards()));
    boards.replaceChildren(...[DUEL.you, DUEL.agent].flatMap((id) => views.get(id)?.element ?? []));
  }

  private takeFrame(id: string, text: string): void {
    const view = this.views.get(id);
    const stage = view?.snapshot().info.stage;
    if (view === undefined || !stage) return;
    view.receive(text);
    this.frames.set(id, decodeFrame(text, stage.board));
    this.showScore();
  }

  private showScore(): void {
    const [you, agent] = [this.frames.get(DUEL.you), this.frames.get(DUEL.agent)];
    if (you === undefined || agent === undefined || you.episode !== agent.episode) return;
    if (isOver(you) && isOver(agent) && you.episode > this.counted) {
      this.counted = you.episode;
      if (you.episodeReturn > agent.episodeReturn) this.wins.you++;
      if (agent.episodeReturn > you.episodeReturn) this.wins.agent++;
    }
    const { wins } = this;
    this.score.replaceChildren(
      h('span', {}, 'You ', h('b', {}, score(you.episodeReturn))),
      h('span', { class: 'versus' }, h('span', { class: 'unseen' }, ' against '), ':'),
      h('span', {}, h('b', {}, score(agent.episodeReturn)), ' agent'),
    );
    const won = this.counted < 0 ? '' : ` Won so far: you ${wins.you}, the agent ${wins.agent}.`;
    setText(this.sentence, `${sentenceOf(you, agent)}${won}`);
    this.element.dataset['over'] = String(isOver(you) && isOver(agent));
  }
}

const isOver = ({ terminated, truncated }: Frame): boolean => terminated || truncated;

function sentenceOf(you: Frame, agent: Frame): string {
  if (isOver(you) && isOver(agent)) {
    if (you.episodeReturn === agent.episodeReturn) return 'A draw.';
    return you.episodeReturn > agent.episodeReturn ? 'You won this one.' : 'The agent won this one.';
  }
  if (isOver(you)) return 'Your game is over; the agent plays on. N begins the next one.';
  if (isOver(agent)) return 'The agent is out; you play on.';
  return you.step === 0 ? 'The same luck for both. Your first key begins it.' : 'The same luck for both.';
}
