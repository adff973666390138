import type { LibraryEntry } from '../../../src/live/library.ts';
import type { MatchInfo } from '../../../src/live/protocol.ts';
import { putAddress } from '../address.ts';
import { AgentCard } from '../agent-card.ts';
import { announce } from '../announce.ts';
import { h, setText } from '../elements.ts';
import {
  addressOf,
  type AgentGroup,
  filterEntries,
  filterOf,
  gameOf,
  groupEntries,
  keepOrder,
  KINDS,
  type LibraryFilter,
  STATES,
} from '../library-filter.ts';
import { MatchView } from '../match-view.ts';
import type { Page, View } from './view.ts';

/** Boards that play at a time: of the cards in sight, the first. */
const MOST_BOARDS = 12;
/** Cards of a group before one asks for more. */
const CARDS_AT_ONCE = 24;
const POLL_MS = 3000;

const KIND_NAMES: Readonly<Record<string, string>> = { run: 'single runs', study: 'studies', zoo: 'the zoo' };

/** `#lobby?search=…&game=…&kind=…&state=…`: every agent that trains, has been trained or comes with ngplus. */
export const open = (page: Page, query: URLSearchParams): View => new LobbyView(page, query);

/** A heading that opens and closes, with cards below. */
interface Section {
  readonly element: HTMLDetailsElement;
  readonly count: HTMLElement;
  readonly cards: HTMLElement;
  readonly more: HTMLButtonElement;
  /** How many cards may be shown. */
  limit: number;
}

class LobbyView implements View {
  readonly element: HTMLElement;
  private readonly page: Page;
  private filter: LibraryFilter;
  private entries: readonly LibraryEntry[] | null = null;
  private matches: readonly MatchInfo[] = [];
  private readonly cards = new Map<string, AgentCard>();
  private readonly sections = new Map<string, Section>();
  /** Cards that can be seen now. */
  private readonly inSight = new Set<Element>();
  private readonly endings: (() => void)[];
  private readonly observer: IntersectionObserver;
  private timer = 0;
  private isRemoved = false;
  /** The large match on top, of a run that trains now. */
  private hero: { readonly id: string; readonly view: MatchView } | null = null;
  private readonly heroPlace = h('section', {
    class: 'matches hero',
    'data-count': 1,
    'aria-label': 'Training now',
    hidden: true,
  });

  private readonly search = h('input', { type: 'search', placeholder: 'Search agents ( / )', 'aria-label': 'Search' });
  private readonly game = h('select', { 'aria-label': 'Game' });
  private readonly kind = h('select', { 'aria-label': 'Kind' });
  private readonly state = h('select', { 'aria-label': 'State' });
  private readonly count = h('output', { class: 'count' });
  private readonly notice = h('div', { class: 'lobby-notice', hidden: true });
  private readonly groups = h('div', { class: 'groups' });

  constructor(page: Page, query: URLSearchParams) {
    this.page = page;
    this.filter = filterOf(query);
    this.observer = new IntersectionObserver((changes) => {
      for (const { target, isIntersecting } of changes) {
        if (isIntersecting) this.inSight.add(target);
        else this.inSight.delete(target);
      }
      this.giveBoards();
    });
    const filters = h('form', { class: 'filters', role: 'search' }, this.search, this.game, this.kind, this.state);
    filters.append(this.count);
    filters.addEventListener('input', () => this.choose());
    filters.addEventListener('submit', (event) => event.preventDefault());
    fillSelect(this.kind, 'every kind', KINDS, (kind) => KIND_NAMES[kind]);
    fillSelect(this.state, 'any state', STATES);
    this.element = h('div', { class: 'view lobby' }, this.heroPlace, filters, this.notice, this.groups);
    this.showFilter();
    this.endings = [
      page.on('matches', (matches) => {
        this.matches = matches;
        this.arrange();
        this.watchAll();
      }),
      page.on('match', (info) => {
        this.matches = this.matches.map((match) => (match.id === info.id ? info : match));
        const { entry } = this.find(info.id);
        if (entry !== undefined) this.cards.get(info.id)?.update(entry, info);
        if (info.id === this.hero?.id) this.hero.view.update(info);
      }),
      page.on('frame', (id, text) => {
        if (id === this.hero?.id) this.hero.view.receive(text);
        else this.cards.get(id)?.receive(text);
      }),
    ];
    document.addEventListener('visibilitychange', this.wake);
    void this.poll();
  }

  match = (id: string) => (id === this.hero?.id ? this.hero.view.snapshot() : this.cards.get(id)?.snapshot()) ?? null;

  /** `/` searches, arrows go from card to card; Enter opens, as a link does by itself. The rest is the large match's. */
  keyDown(key: string): boolean {
    const focusedCard = this.cards.get((document.activeElement as HTMLElement | null)?.dataset['agent'] ?? '');
    if (key === '/') this.search.focus();
    else if (key.startsWith('Arrow')) this.move(key.slice('Arrow'.length));
    else if (key === 'r' && focusedCard !== undefined) announce(focusedCard.describe());
    else return this.hero?.view.keyDown(key) ?? false;
    return true;
  }

  keyUp = (key: string): void => this.hero?.view.keyUp(key);

  releaseKeys = (): void => this.hero?.view.releaseKeys();

  remove(): void {
    this.isRemoved = true;
    this.dismissHero();
    clearTimeout(this.timer);
    document.removeEventListener('visibilitychange', this.wake);
    this.observer.disconnect();
    this.endings.forEach((end) => end());
    this.cards.forEach((card) => card.turnOff());
    this.element.remove();
  }

  private find(id: string): { entry: LibraryEntry | undefined; match: MatchInfo | undefined } {
    return {
      entry: this.entries?.find((entry) => entry.id === id),
      match: this.matches.find((match) => match.id === id),
    };
  }

  /** A hidden page asks for nothing and watches nothing. */
  private wake = (): void => {
    this.giveBoards();
    if (this.hero !== null) this.page.ask({ ask: document.hidden ? 'leave' : 'watch', match: this.hero.id });
    if (document.hidden) return;
    this.hero?.view.returnToLive();
    void this.poll();
  };

  /** After a break the server knows nothing of who watched. */
  private watchAll(): void {
    if (document.hidden) return;
    if (this.hero !== null) this.page.ask({ ask: 'watch', match: this.hero.id });
    this.cards.forEach((card) => card.watch());
  }

  /** Is something looked for? */
  private isAsked(): boolean {
    return addressOf(this.filter) !== '#lobby';
  }

  /** The first live match is large, unless something else is looked for. */
  private showHero(): void {
    const first = this.isAsked() ? undefined : this.matches[0];
    if (first?.id === this.hero?.id) return;
    this.dismissHero();
    if (first === undefined) return;
    const view = new MatchView(first, this.page.ask, this.page.boards());
    this.cards.get(first.id)?.turnOff();
    this.hero = { id: first.id, view };
    this.heroPlace.append(view.element);
    this.heroPlace.hidden = false;
    this.page.ask({ ask: 'watch', match: first.id });
  }

  private dismissHero(): void {
    if (this.hero === null) return;
    this.page.ask({ ask: 'leave', match: this.hero.id });
    this.hero.view.remove();
    this.hero = null;
    this.heroPlace.hidden = true;
  }

  private async poll(): Promise<void> {
    clearTimeout(this.timer);
    // Without an answer the page says that the connection is lost; what was known stays.
    const answer = await this.page.get<LibraryEntry[]>('library').catch(() => null);
    if (this.isRemoved) return;
    const entries = answer === null ? null : keepOrder(this.entries ?? [], answer);
    if (entries !== null && JSON.stringify(entries) !== JSON.stringify(this.entries)) {
      this.entries = entries;
      const games = [...new Set(entries.map(gameOf))].toSorted();
      fillSelect(this.game, 'every game', games);
      this.showFilter();
      this.arrange();
    }
    clearTimeout(this.timer);
    if (!document.hidden) this.timer = window.setTimeout(() => void this.poll(), POLL_MS);
  }

  private showFilter(): void {
    const { search, game, kind, state } = this.filter;
    if (this.search.value !== search) this.search.value = search;
    this.game.value = game;
    this.kind.value = kind;
    this.state.value = state;
  }

  /** Takes what the controls say. */
  private choose(): void {
    this.setFilter({
      search: this.search.value,
      game: this.game.value,
      kind: this.kind.value,
      state: this.state.value,
    });
  }

  private setFilter(filter: LibraryFilter): void {
    this.filter = filter;
    // What has been found should be seen.
    if (this.isAsked()) this.sections.forEach(({ element }) => (element.open = true));
    putAddress(addressOf(filter));
    this.showFilter();
    this.arrange();
  }

  /** Brings the page in line with what there is and what is to be seen of it. */
  private arrange(): void {
    const { entries } = this;
    this.showHero();
    if (entries === null) return;
    const found = filterEntries(entries, this.filter);
    setText(
      this.count,
      found.length === entries.length ? `${found.length} agents` : `${found.length} of ${entries.length}`,
    );
    const groups = groupEntries(found);
    for (const [key, section] of this.sections) {
      if (!groups.some((group) => keyOf(group) === key)) section.element.remove();
    }
    const shown = new Set<string>();
    groups.forEach((group, i) => {
      const section = this.sectionOf(group, groups);
      if (this.groups.children[i] !== section.element)
        this.groups.insertBefore(section.element, this.groups.children[i] ?? null);
      for (const id of this.fill(section, group)) shown.add(id);
    });
    for (const [id, card] of this.cards) {
      if (shown.has(id)) continue;
      this.observer.unobserve(card.element);
      this.inSight.delete(card.element);
      card.turnOff();
      card.element.remove();
      this.cards.delete(id);
    }
    this.say(entries, found.length);
    this.giveBoards();
  }

  private sectionOf(group: AgentGroup, groups: readonly AgentGroup[]): Section {
    const key = keyOf(group);
    const known = this.sections.get(key);
    if (known !== undefined) return known;
    const count = h('span', { class: 'count' });
    const cards = h('div', { class: 'cards' });
    const more = h('button', { type: 'button', class: 'chip' });
    const summary = h('summary', {}, h('h2', {}, titleOf(group)), count);
    // Many studies are a list first; what trains now, or is the only one, is open.
    const isOpen =
      this.isAsked() ||
      group.kind !== 'study' ||
      groups.filter(({ kind }) => kind === 'study').length <= 2 ||
      group.entries.some(({ state }) => state === 'running');
    const element = h('details', { class: 'group', 'data-group': group.id, open: isOpen }, summary, cards, more);
    const section: Section = { element, count, cards, more, limit: CARDS_AT_ONCE };
    more.addEventListener('click', () => {
      section.limit += CARDS_AT_ONCE;
      this.arrange();
    });
    // What is closed has no cards: hundreds of studies cost nothing.
    element.addEventListener('toggle', () => this.arrange());
    this.sections.set(key, section);
    return section;
  }

  /** Shows a group's cards, as many as are asked for; returns their ids. */
  private fill(section: Section, { entries }: AgentGroup): string[] {
    const running = entries.filter(({ state }) => state === 'running').length;
    setText(section.count, running === 0 ? `${entries.length}` : `${entries.length}, ${running} running`);
    const shown = section.element.open ? entries.slice(0, section.limit) : [];
    const left = entries.length - shown.length;
    section.more.hidden = left === 0 || !section.element.open;
    setText(section.more, `Show ${Math.min(left, CARDS_AT_ONCE)} more of ${left}`);
    shown.forEach((entry, i) => {
      const card = this.cardOf(entry);
      if (section.cards.children[i] !== card.element)
        section.cards.insertBefore(card.element, section.cards.children[i] ?? null);
    });
    return shown.map(({ id }) => id);
  }

  private cardOf(entry: LibraryEntry): AgentCard {
    const known = this.cards.get(entry.id);
    const card = known ?? new AgentCard(entry, this.page);
    card.update(entry, this.matches.find(({ id }) => id === entry.id) ?? null);
    if (known === undefined) {
      this.cards.set(entry.id, card);
      this.observer.observe(card.element);
    }
    return card;
  }

  /** Boards for the first cards in sight; none on a hidden page. */
  private giveBoards(): void {
    const inOrder = [...this.groups.querySelectorAll<HTMLElement>('[data-agent]')];
    const inSight = inOrder.filter(
      (element) => this.inSight.has(element) && element.dataset['agent'] !== this.hero?.id,
    );
    const most = MOST_BOARDS - (this.hero === null ? 0 : 1);
    const chosen = document.hidden ? [] : inSight.slice(0, most);
    const ids = new Set(chosen.map(({ dataset }) => dataset['agent']));
    for (const [id, card] of this.cards) if (!ids.has(id)) card.turnOff();
    for (const [id, card] of this.cards) if (ids.has(id)) card.turnOn();
    for (const [id, card] of this.cards) card.element.classList.toggle('above', id === this.hero?.id);
  }

  /** What to do where there is nothing to see. */
  private say(entries: readonly LibraryEntry[], found: number): void {
    const hasRuns = entries.some(({ kind }) => kind === 'run');
    this.notice.hidden = found > 0 && hasRuns;
    if (this.notice.hidden) return;
    if (found > 0 || entries.length === 0) {
      this.notice.replaceChildren(
        h('p', {}, 'No run is here yet. Start one, and it appears by itself:'),
        h('p', {}, ...['ngplus train breakout', 'ngplus demo'].map((line) => h('code', {}, line))),
      );
      return;
    }
    const clear = h('button', { type: 'button', class: 'chip' }, 'Clear the filters');
    clear.addEventListener('click', () => this.setFilter(filterOf(new URLSearchParams())));
    this.notice.replaceChildren(h('p', {}, 'No agent is like this.'), clear);
  }

  /** Moves the focus from card to card, as they lie. */
  private move(way: string): void {
    const links = [...this.groups.querySelectorAll<HTMLElement>('[data-agent]')];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const next = at < 0 ? links[0] : neighbour(links, at, way);
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
  }
}

const keyOf = ({ kind, id }: AgentGroup): string => `${kind} ${id}`;

function titleOf({ kind, id }: AgentGroup): string {
  if (kind === 'zoo') return 'The zoo';
  return kind === 'run' ? 'Runs' : id === '.' ? 'This study' : `Study ${id}`;
}

/** Fills a select, unless it has just these; the first choice, an empty text, takes all. */
function fillSelect(
  select: HTMLSelectElement,
  all: string,
  values: readonly string[],
  name: (value: string) => string = (value) => value,
): void {
  if (
    values.join() ===
      Array.from(select.options, ({ value }) => value)
        .slice(1)
        .join() &&
    values.length > 0
  )
    return;
  const options = [h('option', { value: '' }, all), ...values.map((value) => h('option', { value }, name(value)))];
  select.replaceChildren(...options);
}

/** The link beside this one, or the nearest in the row above or below. */
function neighbour(links: readonly HTMLElement[], at: number, way: string): HTMLElement | undefined {
  if (way === 'Left') return links[at - 1];
  if (way === 'Right') return links[at + 1];
  const here = links[at].getBoundingClientRect();
  const boxes = links.map((link) => ({ link, box: link.getBoundingClientRect() }));
  const beyond = boxes.filter(({ box }) => (way === 'Down' ? box.top > here.top + 1 : box.top < here.top - 1));
  const distance = (box: DOMRect): number => Math.abs(box.top - here.top) * 1000 + Math.abs(box.left - here.left);
  return beyond.toSorted((a, b) => distance(a.box) - distance(b.box))[0]?.link;
}
