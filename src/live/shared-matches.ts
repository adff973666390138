import { type Bus, FORGET_MS } from './bus.ts';
import { Exhibition } from './exhibition.ts';
import type { ExhibitionOptions } from './match.ts';
import type { MatchFeed, PlayedSource } from './match-source.ts';
import { readAsk } from './messages.ts';
import type { ViewerStatus } from './protocol.ts';

/** A match that others than the clients of this server watch, too. */
class SharedExhibition extends Exhibition {
  private here = 0;
  private elsewhere = 0;

  override setWatchers(count: number): void {
    this.here = count;
    super.setWatchers(count + this.elsewhere);
  }

  /** How many watch at other servers; returns whether these are more than before. */
  setElsewhere(count: number): boolean {
    const isMore = count > this.elsewhere;
    this.elsewhere = count;
    super.setWatchers(this.here + count);
    return isMore;
  }

  get isWatchedElsewhere(): boolean {
    return this.elsewhere > 0;
  }
}

/** Plays these matches for the viewers that relay them (`relayedMatches`), too. */
export function sharedMatches({ servers, beat }: Bus, feed: MatchFeed<PlayedSource>): MatchFeed {
  const open = new Map<string, SharedExhibition>();
  const relays = new Map<string, { readonly counts: ReadonlyMap<string, number>; readonly heardAt: number }>();
  let status: Partial<ViewerStatus> = {};

  function play(source: PlayedSource, options: ExhibitionOptions): SharedExhibition {
    const { id } = source;
    const exhibition = new SharedExhibition(source, {
      ...options,
      onFrame(text, stands) {
        options.onFrame?.(text, stands);
        if (exhibition.isWatchedElsewhere) servers.serverSideEmit('frame', id, text, stands);
      },
      onChange() {
        options.onChange?.();
        const info = open.get(id)?.info();
        if (info !== undefined && relays.size > 0) servers.serverSideEmit('match', info);
      },
    });
    open.set(id, exhibition);
    return exhibition;
  }

  function recount(): void {
    for (const [id, exhibition] of open) {
      const count = [...relays.values()].reduce((sum, { counts }) => sum + (counts.get(id) ?? 0), 0);
      const last = exhibition.lastFrame();
      // Who comes while the match stands still sees where it stands.
      if (exhibition.setElsewhere(count) && last !== null) servers.serverSideEmit('frame', id, last, true);
    }
  }

  const tell = (): void =>
    void servers.serverSideEmit('show', { matches: [...open.values()].map((match) => match.info()), status });

  servers.on('watchers', (server, counts) => {
    const isNew = !relays.has(server);
    relays.set(server, { counts: new Map(counts), heardAt: performance.now() });
    if (isNew) tell();
    recount();
  });
  servers.on('ask', (asked) => {
    const ask = readAsk('ask', [asked]);
    const match = ask && open.get(ask.match);
    if (ask?.ask === 'next') match?.next();
    else if (ask?.ask === 'pause') match?.setPaused(ask.paused);
    else if (ask?.ask === 'speed') match?.setSpeed(ask.speed);
    else if (ask?.ask === 'press') match?.press(ask.action);
  });
  beat(() => {
    for (const [server, { heardAt }] of relays) if (performance.now() - heardAt > FORGET_MS) relays.delete(server);
    recount();
    if (relays.size > 0) tell();
  });

  return {
    async list() {
      const sources = await feed.list();
      for (const id of open.keys()) if (!sources.some((source) => source.id === id)) open.delete(id);
      return sources.map((source) => ({ id: source.id, open: (options) => play(source, options) }));
    },
    async status() {
      status = (await feed.status?.()) ?? {};
      return status;
    },
    isWanted: () => relays.size > 0,
  };
}
