import type { LibraryEntry } from '../../../src/live/library.ts';
import type { Ask, Curve, MatchInfo } from '../../../src/live/protocol.ts';
import { armOrder, armStyle } from '../arms.ts';
import { h, setText } from '../elements.ts';
import { keepFocus } from '../keep-focus.ts';
import { nearestCheckpoint, replayAddress, runAt } from '../library-filter.ts';
import { matchName } from '../match-name.ts';
import { MatchView } from '../match-view.ts';
import { ProgressView } from '../progress-view.ts';
import type { Page, View } from './view.ts';

/** Boards shown without being asked for. */
const MOST_SHOWN = 6;

/** `#live?match=…`: the matches that play now, or that one; and how the work behind them is doing. */
export const open = (page: Page, query: URLSearchParams): View => new LiveView(page, query.get('match'));

class LiveView implements View {
  private readonly page: Page;
  /** The one match that the address asks for. */
  private readonly wanted: string | null;
  private readonly notice = h('p', { id: 'notice', class: 'notice', hidden: true });
  private readonly verdict = h('section', {
    id: 'verdict',
    class: 'verdict',
    'aria-label': 'Result',
    'aria-live': 'polite',
    hidden: true,
  });
  private readonly boards = h('section', { id: 'matches', class: 'matches', 'aria-label': 'Matches' });
  private readonly work = h('section', { id: 'progress', class: 'progress', 'aria-label': 'Progress', hidden: true });
  private readonly more = h('nav', { id: 'more', class: 'more', 'aria-label': 'More matches', hidden: true });
  readonly element = h('div', { class: 'view' }, this.notice, this.verdict, this.boards, this.work, this.more);
  private readonly views = new Map<string, MatchView>();
  private matches: readonly MatchInfo[] = [];
  /** What the user wants to see or not to see, by match. */
  private readonly wishes = new Map<string, boolean>();
  private readonly endings: (() => void)[];

  constructor(page: Page, wanted: string | null) {
    this.page = page;
    this.wanted = wanted;
    const progress = new ProgressView(this.work, this.verdict, (curve, point) => void this.replay(curve, point));
    this.endings = [
      () => progress.remove(),
      page.on('matches', (list) => {
        this.matches = list.toSorted((a, b) => armOrder(a.arm) - armOrder(b.arm));
        this.arrange();
        this.watchAll();
      }),
      page.on('match', (info) => {
        this.matches = this.matches.map((match) => (match.id === info.id ? info : match));
        this.views.get(info.id)?.update(info);
      }),
      page.on('status', (status) => progress.show(status)),
      page.on('frame', (id, text) => this.views.get(id)?.receive(text)),
    ];
    document.addEventListener('visibilitychange', this.watchAll);
  }

  match = (id: string) => this.views.get(id)?.snapshot() ?? null;

  keyDown = (key: string): boolean => this.keyed()?.keyDown(key) ?? false;

  keyUp = (key: string): void => this.keyed()?.keyUp(key);

  releaseKeys = (): void => this.views.forEach((view) => view.releaseKeys());

  remove(): void {
    document.removeEventListener('visibilitychange', this.watchAll);
    this.endings.forEach((end) => end());
    for (const [id, view] of this.views) {
      this.ask({ ask: 'leave', match: id });
      view.remove();
    }
    this.element.remove();
  }

  private ask = (ask: Ask): void => this.page.ask(ask);

  /** The matches that are shown without being asked for: the first of every kind. */
  private standardIds(): ReadonlySet<string> {
    const kinds = new Set<string>();
    const first = this.matches.filter(({ arm, stage, driver }) => {
      const kind = arm === undefined ? null : `${arm} ${driver} ${stage?.env}`;
      if (kind !== null && kinds.has(kind)) return false;
      if (kind !== null) kinds.add(kind);
      return true;
    });
    const isThere = this.matches.some(({ id }) => id === this.wanted);
    return new Set(isThere ? [this.wanted!] : first.slice(0, MOST_SHOWN).map(({ id }) => id));
  }

  /** Which matches to show: those of the standard, but for what the user has asked for. */
  private shownIds(standard: ReadonlySet<string>): string[] {
    return this.matches.filter(({ id }) => this.wishes.get(id) ?? standard.has(id)).map(({ id }) => id);
  }

  /** Leads from a point of a learning curve to an episode by the weights of that time. */
  private async replay(curve: Curve, [step, mean]: Curve['points'][number]): Promise<void> {
    if (!this.page.hasLibrary()) return;
    try {
      const entry = runAt(await this.page.get<LibraryEntry[]>('library'), curve, [step, mean]);
      if (entry !== undefined) location.hash = replayAddress(entry.id, nearestCheckpoint(entry.checkpoints, step));
    } catch (error) {
      this.notice.hidden = false;
      setText(this.notice, `Its replay can’t be looked up: ${(error as Error).message}`);
    }
  }

  /** Brings the page in line with the matches there are. */
  private arrange(): void {
    const { matches, views, boards } = this;
    const standard = this.standardIds();
    const shown = this.shownIds(standard);
    for (const [id, view] of views) {
      if (shown.includes(id)) continue;
      this.ask({ ask: 'leave', match: id });
      view.remove();
      views.delete(id);
    }
    for (const id of shown) {
      const info = matches.find((match) => match.id === id)!;
      const view = views.get(id);
      if (view !== undefined) {
        view.update(info);
      } else {
        const added = new MatchView(info, this.ask, this.page.boards(), this.page.id);
        views.set(id, added);
        this.ask({ ask: 'watch', match: id });
      }
    }
    const elements = shown.map((id) => views.get(id)!.element);
    elements.forEach(
      (element, i) => boards.children[i] !== element && boards.insertBefore(element, boards.children[i] ?? null),
    );
    boards.dataset['count'] = String(Math.min(3, shown.length));
    this.notice.hidden = matches.length > 0;
    this.notice.replaceChildren(
      'Nothing plays yet. A board appears here when the first run begins.',
      ...(this.page.hasLibrary() ? [' ', h('a', { href: '#lobby' }, 'What is stored is in the lobby.')] : []),
    );
    this.showMore(shown, standard);
  }

  /** A key for each match, where some are shown only if they are asked for. */
  private showMore(shown: readonly string[], standard: ReadonlySet<string>): void {
    const { matches, more, wishes } = this;
    more.hidden = matches.every(({ id }) => standard.has(id) && !wishes.has(id));
    const chips = matches.map((match) => {
      const isShown = shown.includes(match.id);
      const { mark, colour } = armStyle(match.arm);
      const chip = h(
        'button',
        {
          type: 'button',
          class: 'chip',
          style: `--arm: ${colour}`,
          'aria-pressed': String(isShown),
          'data-focus': match.id,
        },
        h('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
        matchName(match, matches),
        ...(match.driver === 'keys' ? [h('span', { class: 'human-badge' }, 'human')] : []),
      );
      chip.addEventListener('click', () => {
        this.wishes.set(match.id, !isShown);
        this.arrange();
      });
      return chip;
    });
    keepFocus(more, () => more.replaceChildren(...chips));
  }

  /** Nobody watches a hidden page: its matches stand still, and it returns to what is live. */
  private watchAll = (): void => {
    const verb = document.hidden ? 'leave' : 'watch';
    for (const [id, view] of this.views) {
      this.ask({ ask: verb, match: id });
      if (!document.hidden) view.returnToLive();
    }
  };

  /** The match that keys go to: the one with the focus, else a human's, else the first. */
  private keyed(): MatchView | undefined {
    const focused = document.activeElement?.closest<HTMLElement>('[data-match]')?.dataset['match'];
    const me = this.page.id();
    const human = this.matches.find(
      ({ id, driver, human: who = me }) => driver === 'keys' && who === me && this.views.has(id),
    )?.id;
    return this.views.get(focused ?? human ?? '') ?? this.views.values().next().value;
  }
}
