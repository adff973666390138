import type { Ask } from '../../../src/live/protocol.ts';
import type { ConnectionState, Listener } from '../connection.ts';
import type { MatchSnapshot } from '../match-view.ts';
import type { Boards } from '../stage/stage.ts';

/** What a view has of the page around it. */
export interface Page {
  ask(ask: Ask): void;
  /** By which the server knows this page; undefined while there is no connection. */
  id(): string | undefined;
  /** Hears of an event of the server, at once of the newest there was. Returns a function that ends it. */
  on<Event extends Heard>(event: Event, listener: Listener[Event]): () => void;
  /** `GET /api/NAME?…`. @throws Error with the server's sentence */
  get<Answer>(name: string, query?: Query): Promise<Answer>;
  /** The same where the answer is text. */
  text(name: string, query?: Query): Promise<string>;
  /**
   * The boards of the whole page; null where they can't be had, which the page says. What draws them may be big: it is
   * fetched when they are first needed.
   */
  boards(): Promise<Boards | null>;
  connection(): ConnectionState;
  /** Is there anything stored that can be looked up? */
  hasLibrary(): boolean;
  /** May this page only watch? Nothing else that it asks is heard. */
  isReadOnly(): boolean;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** The server's events that views hear of. */
export type Heard = 'matches' | 'match' | 'status' | 'frame';

/** What fills the page: one at a time. */
export interface View {
  readonly element: HTMLElement;
  /** A key of the keyboard that no control had a use for; true if it meant something here. */
  keyDown?(key: string): boolean;
  keyUp?(key: string): void;
  /** The page no longer hears of keys. */
  releaseKeys?(): void;
  /** What is on show, by the id of its board: for tests and the curious. */
  match?(id: string): MatchSnapshot | null;
  remove(): void;
}

/** `#ID?key=value&…` leads here. */
export interface ViewModule {
  open(page: Page, query: URLSearchParams): View;
}
