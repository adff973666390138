import type { Server } from 'socket.io';
import { UserError } from '../core/errors.ts';
import type { Ask, MatchInfo, ViewerStatus } from './protocol.ts';

/** What the server that plays tells the others: all there is. */
export interface Show {
  readonly matches: readonly MatchInfo[];
  readonly status: Partial<ViewerStatus>;
}

/** What servers tell each other. */
interface BusEvents {
  /** By who plays, every `TELL_MS`. */
  show(show: Show): void;
  /** By who plays, when a match has changed. */
  match(info: MatchInfo): void;
  /** By who plays, where others watch. */
  frame(match: string, text: string, stands: boolean): void;
  /** By who relays, every `TELL_MS` and when it has changed: how many watch which match there. */
  watchers(server: string, counts: readonly (readonly [match: string, count: number])[]): void;
  /** By who relays: what somebody has asked there. */
  ask(ask: Ask): void;
}

/** Servers tell of themselves this often, and are forgotten after five times as long. */
export const TELL_MS = 2000;
export const FORGET_MS = 5 * TELL_MS;

/** Viewer servers that hear each other, by socket.io's Redis adapter. What is said while Redis is away is lost. */
export interface Bus {
  readonly servers: Server<object, object, BusEvents>;
  /** Does this every `TELL_MS` until it is closed. */
  beat(act: () => void): void;
  close(): void;
}

/** @throws UserError where Redis can't be reached */
export async function openBus(url: string): Promise<Bus> {
  const [{ Redis }, { createAdapter }, { Server: SocketServer }] = await Promise.all([
    import('ioredis'),
    import('@socket.io/redis-adapter'),
    import('socket.io'),
  ]);
  const listener = new Redis(url, { lazyConnect: true, connectTimeout: 5000 });
  const speaker = new Redis(url, { lazyConnect: true, connectTimeout: 5000, enableOfflineQueue: false });
  // The adapter waits for no answer: what can't be said is dropped, the next is said when Redis is back.
  const publish = speaker.publish.bind(speaker);
  speaker.publish = (channel: string | Buffer, message: string | Buffer) => publish(channel, message).catch(() => 0);
  let last: Error | undefined;
  for (const redis of [listener, speaker]) redis.on('error', (error: Error) => (last = error));
  try {
    await Promise.all([listener.connect(), speaker.connect()]);
  } catch (error) {
    listener.disconnect();
    speaker.disconnect();
    throw new UserError(`can't reach Redis at ${new URL(url).host}: ${(last ?? (error as Error)).message}`);
  }
  const servers: Bus['servers'] = new SocketServer({
    adapter: createAdapter(speaker, listener, { key: 'ngplus-viewer' }),
  });
  const beats: NodeJS.Timeout[] = [];
  return {
    servers,
    beat: (act) => void beats.push(setInterval(act, TELL_MS)),
    close() {
      beats.forEach((timer) => clearInterval(timer));
      listener.disconnect();
      speaker.disconnect();
    },
  };
}
