import type { Hello } from '../../src/live/protocol.ts';
import { textButton } from './buttons.ts';
import type { ConnectionState } from './connection.ts';
import { byId, h, setText } from './elements.ts';
import { onKeys } from './key-events.ts';
import { openKeyHelp } from './key-help.ts';
import { KEYS } from './keys.ts';
import type { MatchSnapshot } from './match-view.ts';
import { openPage } from './page.ts';
import { type Route, routeOf } from './route.ts';
import { views } from './views/index.ts';
import type { View } from './views/view.ts';

declare global {
  interface Window {
    /** The viewer's state, for tests and the curious. */
    __ngplus: { connection: ConnectionState; view: string; match(id: string): MatchSnapshot | null };
  }
}

const SENTENCES: Readonly<Record<ConnectionState, string>> = {
  connecting: 'Connecting…',
  connected: 'Live',
  lost: 'Connection lost. Start the command again (npm start or ngplus watch); this page comes back by itself.',
  outdated: 'The server has changed. Reload this page.',
};

const place = byId('view');
const navigation = byId('navigation');
const page = openPage({ connection: showConnection, hello, problem: showProblem });
/** Where an address leads that names no view; known once the server has spoken. */
let home: Route | null = null;
/** What the server is called, for the window's title. */
let title = document.title;
let shown: View | null = null;
let shownId = '';
/** Counts routes: a view that took long to load must not replace a later one. */
let routes = 0;

window.__ngplus = {
  get connection() {
    return page.connection();
  },
  get view() {
    return shownId;
  },
  match: (id) => shown?.match?.(id) ?? null,
};

function showConnection(state: ConnectionState): void {
  const element = byId('connection');
  setText(element, SENTENCES[state]);
  element.dataset['state'] = state;
  document.body.dataset['connection'] = state;
  // What there is to navigate is known with the first word of the server.
  if (state !== 'connecting') showNavigation();
}

page.on('status', ({ caption }) => setText(byId('caption'), caption));

function hello(said: Hello): void {
  ({ title } = said);
  showTitle();
  const isAwaited = addressed() === null;
  home = routeOf(said.home) ?? routeOf('live');
  if (isAwaited) void route();
}

/** Where the address leads: `#ID?key=value`, the server's first where it names no view that is there. */
const addressed = (): Route | null => routeOf(location.hash.replace(/^#\/?/, '')) ?? home;

async function route(): Promise<void> {
  const wanted = addressed();
  if (wanted === null) return;
  const { id, query } = wanted;
  const count = ++routes;
  const module = await views[id].load().catch((error: Error) => error);
  if (count !== routes) return;
  if (module instanceof Error) return showProblem(`This view can’t be fetched: ${module.message}.`);
  byId('problem').hidden = true;
  const hadFocus = place.contains(document.activeElement);
  shown?.remove();
  shown = module.open(page, query);
  shownId = id;
  document.body.dataset['view'] = id;
  place.replaceChildren(shown.element);
  if (hadFocus) place.focus({ preventScroll: true });
  showTitle();
  showNavigation();
}

/** What can't be had may have been built anew since this page was loaded. */
function showProblem(sentence: string): void {
  const problem = byId('problem');
  problem.replaceChildren(
    sentence,
    textButton('Reload', () => location.reload(), 'Load this page anew'),
  );
  problem.hidden = false;
}

function showTitle(): void {
  document.title = shownId === '' ? title : `${shownId.charAt(0).toUpperCase()}${shownId.slice(1)} · ${title}`;
}

/** Links to the views that have something to show; none where there is but one. */
function showNavigation(): void {
  const offered = Object.entries(views).filter(
    ([, { label, needsLibrary, needsControl }]) =>
      label !== null && (!needsLibrary || page.hasLibrary()) && !(needsControl && page.isReadOnly()),
  );
  navigation.hidden = offered.length < 2;
  // Links that stay keep the focus.
  if (navigation.children.length !== offered.length)
    navigation.replaceChildren(...offered.map(([id, { label }]) => h('a', { href: `#${id}` }, label!)));
  offered.forEach(([id], i) => (navigation.children[i].ariaCurrent = id === shownId ? 'page' : null));
}

const showKeys = (): void => openKeyHelp(KEYS[shownId] ?? []);
byId('keys').addEventListener('click', showKeys);
byId('skip').addEventListener('click', (event) => {
  // The address names the view: it stays as it is.
  event.preventDefault();
  place.focus();
});

onKeys(
  showKeys,
  (key) => shown?.keyDown?.(key),
  (key) => shown?.keyUp?.(key),
);
window.addEventListener('blur', () => shown?.releaseKeys?.());
window.addEventListener('hashchange', () => void route());
void route();
