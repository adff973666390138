import type { Ask, MatchInfo, ViewerStatus } from '../../src/live/protocol.ts';
import { armOrder, armStyle } from './arms.ts';
import { type Connection, connect, type ConnectionState } from './connection.ts';
import { byId, h, setText } from './elements.ts';
import { type MatchSnapshot, MatchView } from './match-view.ts';
import { ProgressView } from './progress-view.ts';
import type { Boards } from './stage/stage.ts';

declare global {
  interface Window {
    /** The viewer's state, for tests and the curious. */
    __ngplus: { connection: ConnectionState; match(id: string): MatchSnapshot | null };
  }
}

/** Boards shown without being asked for. */
const MOST_SHOWN = 6;

const SENTENCES: Readonly<Record<ConnectionState, string>> = {
  connecting: 'Connecting…',
  connected: 'Live',
  lost: 'Connection lost. Start the command again (npm start or ngplus watch); this page comes back by itself.',
  outdated: 'The server has changed. Reload this page.',
};

const matchesElement = byId('matches');
const moreElement = byId('more');
const noticeElement = byId('notice');
const progress = new ProgressView(byId('progress'), byId('verdict'));
const views = new Map<string, MatchView>();
let matches: readonly MatchInfo[] = [];
/** What the user wants to see or not to see, by match. */
const wishes = new Map<string, boolean>();
let boards: Promise<Boards> | null = null;
let state: ConnectionState = 'connecting';

const connection: Connection = connect({
  connection: showConnection,
  title: (title) => (document.title = title),
  matches(list) {
    matches = list.toSorted((a, b) => armOrder(a.arm) - armOrder(b.arm));
    arrange();
    watchAll();
  },
  match(info) {
    matches = matches.map((match) => (match.id === info.id ? info : match));
    views.get(info.id)?.update(info);
  },
  status: showStatus,
  frame: (id, text) => views.get(id)?.receive(text),
});

window.__ngplus = {
  get connection() {
    return state;
  },
  match: (id) => views.get(id)?.snapshot() ?? null,
};

function showConnection(next: ConnectionState): void {
  state = next;
  const element = byId('connection');
  setText(element, SENTENCES[next]);
  element.dataset['state'] = next;
  document.body.dataset['connection'] = next;
}

function showStatus(status: ViewerStatus): void {
  setText(byId('caption'), status.caption);
  progress.show(status);
}

/** Phaser is big: it is fetched when the first board is needed. */
function loadBoards(): Promise<Boards> {
  boards ??= import('./stage/stage.ts').then(({ createBoards }) => createBoards());
  boards.catch((error: Error) => {
    noticeElement.hidden = false;
    setText(
      noticeElement,
      `This browser can’t draw the boards (${error.message}). Try another one, or a newer version.`,
    );
  });
  return boards;
}

/** Which matches to show: the first of every kind, then what the user has asked for. */
function shownIds(): string[] {
  const kinds = new Set<string>();
  const first = matches.filter(({ arm, stage, driver }) => {
    const kind = arm === undefined ? null : `${arm} ${driver} ${stage?.env}`;
    if (kind !== null && kinds.has(kind)) return false;
    if (kind !== null) kinds.add(kind);
    return true;
  });
  const standard = new Set(first.slice(0, MOST_SHOWN).map(({ id }) => id));
  return matches.filter(({ id }) => wishes.get(id) ?? standard.has(id)).map(({ id }) => id);
}

/** Brings the page in line with the matches there are. */
function arrange(): void {
  const shown = shownIds();
  for (const [id, view] of views) {
    if (shown.includes(id)) continue;
    ask({ ask: 'leave', match: id });
    view.remove();
    views.delete(id);
  }
  for (const id of shown) {
    const info = matches.find((match) => match.id === id)!;
    const view = views.get(id);
    if (view !== undefined) {
      view.update(info);
    } else {
      const added = new MatchView(info, ask, loadBoards());
      views.set(id, added);
      ask({ ask: 'watch', match: id });
    }
  }
  const elements = shown.map((id) => views.get(id)!.element);
  elements.forEach(
    (element, i) =>
      matchesElement.children[i] !== element &&
      matchesElement.insertBefore(element, matchesElement.children[i] ?? null),
  );
  matchesElement.dataset['count'] = String(Math.min(3, shown.length));
  noticeElement.hidden = matches.length > 0;
  setText(noticeElement, 'Nothing plays yet. A board appears here when the first run begins.');
  showMore(shown);
}

/** A key for each match that is there but may not be shown. */
function showMore(shown: readonly string[]): void {
  moreElement.hidden = matches.length <= 1 || shown.length === matches.length;
  moreElement.replaceChildren(
    ...matches.map((match) => {
      const isShown = shown.includes(match.id);
      const { mark, colour } = armStyle(match.arm);
      const chip = h(
        'button',
        { type: 'button', class: 'chip', style: `--arm: ${colour}`, 'aria-pressed': String(isShown) },
        h('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
        match.label,
      );
      chip.addEventListener('click', () => {
        wishes.set(match.id, !isShown);
        arrange();
      });
      return chip;
    }),
  );
}

function ask(ask: Ask): void {
  connection.ask(ask);
}

/** Nobody watches a hidden page: its matches stand still, and it returns to what is live. */
function watchAll(): void {
  const verb = document.hidden ? 'leave' : 'watch';
  for (const id of views.keys()) ask({ ask: verb, match: id });
}

document.addEventListener('visibilitychange', watchAll);

/** The match that keys go to: the one with the focus, else a human's, else the first. */
function keyedView(): MatchView | undefined {
  const focused = document.activeElement?.closest<HTMLElement>('[data-match]')?.dataset['match'];
  const human = matches.find(({ id, driver }) => driver === 'keys' && views.has(id))?.id;
  return views.get(focused ?? human ?? '') ?? views.values().next().value;
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isButtonKey = event.target instanceof HTMLButtonElement && (event.key === ' ' || event.key === 'Enter');
  if (!isButtonKey && keyedView()?.keyDown(event.key)) event.preventDefault();
});
document.addEventListener('keyup', (event) => keyedView()?.keyUp(event.key));
window.addEventListener('blur', () => views.forEach((view) => view.releaseKeys()));
