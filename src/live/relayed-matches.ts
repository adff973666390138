import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, FORGET_MS, type Show, TELL_MS } from './bus.ts';
import type { ExhibitionOptions, Match } from './match.ts';
import type { MatchFeed } from './match-source.ts';
import type { Ask, MatchInfo } from './protocol.ts';

/** A match that another server plays. */
class RelayedMatch implements Match {
  watchers = 0;
  private latest: MatchInfo;
  private last: string | null = null;
  private readonly options: ExhibitionOptions;
  private readonly changed: () => void;
  private readonly ask: (ask: Ask) => void;

  constructor(info: MatchInfo, options: ExhibitionOptions, changed: () => void, ask: (ask: Ask) => void) {
    this.latest = info;
    this.options = options;
    this.changed = changed;
    this.ask = ask;
  }

  info(): MatchInfo {
    return this.latest;
  }

  lastFrame(): string | null {
    return this.last;
  }

  /** Takes in what the server that plays says of it. */
  update(info: MatchInfo): void {
    if (JSON.stringify(info) === JSON.stringify(this.latest)) return;
    this.latest = info;
    this.options.onChange?.();
  }

  receive(text: string, stands: boolean): void {
    this.last = text;
    this.options.onFrame?.(text, stands);
  }

  setWatchers(count: number): void {
    this.watchers = count;
    this.changed();
  }

  setPaused(paused: boolean): void {
    this.ask({ ask: 'pause', match: this.latest.id, paused });
  }

  setSpeed(speed: number): void {
    this.ask({ ask: 'speed', match: this.latest.id, speed });
  }

  next(): void {
    this.ask({ ask: 'next', match: this.latest.id });
  }

  /** Nobody takes over from afar. */
  take(): boolean {
    return false;
  }

  handBack(): void {}

  press(action: number | null): void {
    this.ask({ ask: 'press', match: this.latest.id, action });
  }

  close(): void {
    this.watchers = 0;
  }
}

/** The matches that another server plays (`sharedMatches`), once it has been heard. */
export async function relayedMatches({ servers, beat }: Bus): Promise<MatchFeed> {
  const server = randomUUID();
  const open = new Map<string, RelayedMatch>();
  let show: Show = { matches: [], status: {} };
  let heardAt = -Infinity;

  const tell = (): void =>
    void servers.serverSideEmit(
      'watchers',
      server,
      [...open].map(([id, { watchers }]) => [id, watchers] as const),
    );
  const ask = (ask: Ask): void => void servers.serverSideEmit('ask', ask);

  const heard = new Promise<void>((resolve) => {
    servers.on('show', (next) => {
      show = next;
      heardAt = performance.now();
      for (const info of next.matches) open.get(info.id)?.update(info);
      resolve();
    });
  });
  servers.on('match', (info) => open.get(info.id)?.update(info));
  servers.on('frame', (id, text, stands) => open.get(id)?.receive(text, stands));
  beat(tell);
  tell();
  await Promise.race([heard, sleep(2 * TELL_MS, undefined, { ref: false })]);

  return {
    async list() {
      const matches = performance.now() - heardAt > FORGET_MS ? [] : show.matches;
      for (const id of open.keys()) if (!matches.some((info) => info.id === id)) open.delete(id);
      return matches.map((info) => ({
        id: info.id,
        open(options) {
          const match = new RelayedMatch(info, options, tell, ask);
          open.set(info.id, match);
          return match;
        },
      }));
    },
    // The report is a file of the other server.
    status: async () => ({ ...show.status, report: undefined }),
  };
}
