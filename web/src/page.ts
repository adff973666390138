import { connect, type ConnectionState, type Listener } from './connection.ts';
import { loadBoards } from './stage/boards.ts';
import type { Boards } from './stage/stage.ts';
import type { Heard, Page } from './views/view.ts';

/** What holds the page together. */
interface Shell extends Pick<Listener, 'connection' | 'hello'> {
  /** Something that the page needs can't be had: a sentence. */
  problem(sentence: string): void;
}

/** Connects the page to its server. */
export function openPage(shell: Shell): Page {
  const listeners = new Map<Heard, Set<(...args: never[]) => void>>();
  /** The newest of each event that says all there is to say. */
  const newest = new Map<Heard, unknown[]>();
  let boards: Promise<Boards | null> | null = null;
  let state: ConnectionState = 'connecting';
  let hasLibrary = false;
  let isReadOnly = false;

  function tell<Event extends Heard>(event: Event, ...args: Parameters<Listener[Event]>): void {
    if (event === 'matches' || event === 'status') newest.set(event, args);
    for (const listener of listeners.get(event) ?? []) (listener as (...args: unknown[]) => void)(...args);
  }

  const connection = connect({
    connection(next) {
      state = next;
      shell.connection(next);
    },
    hello(hello) {
      ({ hasLibrary, readOnly: isReadOnly } = hello);
      shell.hello(hello);
    },
    matches: (list) => tell('matches', list),
    match(info) {
      const [list] = (newest.get('matches') ?? [[]]) as [Parameters<Listener['matches']>[0]];
      newest.set('matches', [list.map((match) => (match.id === info.id ? info : match))]);
      tell('match', info);
    },
    status: (status) => tell('status', status),
    frame: (id, text) => tell('frame', id, text),
  });

  /** Who asks for boards later has another try. */
  function lackBoards({ message }: Error): null {
    boards = null;
    shell.problem(`The boards can’t be drawn: ${message}.`);
    return null;
  }

  const text: Page['text'] = async (name, query = {}) => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const answer = await fetch(`api/${name}?${new URLSearchParams(given as [string, string][])}`);
    const body = await answer.text();
    if (!answer.ok) throw new Error(body.trim());
    return body;
  };

  return {
    ask: connection.ask,
    id: connection.id,
    on(event, listener) {
      const all = listeners.get(event) ?? new Set();
      listeners.set(event, all.add(listener));
      const last = newest.get(event);
      if (last !== undefined) (listener as (...args: unknown[]) => void)(...last);
      return () => void all.delete(listener);
    },
    get: async (name, query) => JSON.parse(await text(name, query)),
    text,
    boards: () => (boards ??= loadBoards().catch(lackBoards)),
    connection: () => state,
    hasLibrary: () => hasLibrary,
    isReadOnly: () => isReadOnly,
  };
}
