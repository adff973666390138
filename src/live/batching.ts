import type { Server } from 'socket.io';
import { BATCH_ABOVE, BATCH_MS, type ClientEvents, type ServerEvents } from './protocol.ts';

type LiveServer = Server<ClientEvents, ServerEvents>;

/** Frames of one batch at most: more than screens show in its time. */
const MOST_FRAMES = 32;
/** A client for whom this many messages wait (frames do not) has stopped to read. */
const MOST_WAITING = 100;

/** Frames that wait to travel together. Its size is bounded: of too many, evenly spaced ones are kept, and the newest. */
export class Batch {
  private kept: { readonly text: string; readonly at: number }[] = [];
  private count = 0;
  private stride = 1;
  /** Must it arrive? The match stands still on its last frame. */
  stands = false;

  add(text: string, stands: boolean, at: number): void {
    // The last one is always the newest; it stays where its turn has come.
    if (this.count > 0 && (this.count - 1) % this.stride !== 0) this.kept.pop();
    this.kept.push({ text, at });
    this.count++;
    this.stands ||= stands;
    if (this.kept.length <= MOST_FRAMES) return;
    this.kept = this.kept.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
  }

  texts(): string[] {
    return this.kept.map(({ text }) => text);
  }

  /** How long each has waited, in whole ms. */
  ages(now: number): number[] {
    return this.kept.map(({ at }) => Math.round(now - at));
  }
}

/** Hands a match's frames to who watches it: each at once to a few, in batches to many. */
export interface Broadcast {
  /** `stands`: no other frame follows soon. */
  frame(match: string, text: string, stands: boolean): void;
  /** Is a batch of this match on its way? */
  isPending(match: string): boolean;
  /** A match is gone. */
  forget(match: string): void;
}

/** What a room is told is encoded once for all of it. */
export function createBroadcast(io: LiveServer): Broadcast {
  const waiting = new Map<string, { readonly batch: Batch; readonly timer: NodeJS.Timeout }>();
  const sentAt = new Map<string, number>();

  // A watcher whose line is busy misses frames; not the last one before a standstill, which nothing would replace.
  const room = (match: string, stands: boolean) => (stands ? io.to(match) : io.to(match).volatile);

  function send(match: string): void {
    const { batch } = waiting.get(match)!;
    const now = performance.now();
    waiting.delete(match);
    sentAt.set(match, now);
    room(match, batch.stands).emit('frames', match, batch.texts(), batch.ages(now));
  }

  function begin(match: string): Batch {
    const batch = new Batch();
    const delayMs = Math.max(0, (sentAt.get(match) ?? 0) + BATCH_MS - performance.now());
    waiting.set(match, { batch, timer: setTimeout(send, delayMs, match) });
    return batch;
  }

  return {
    frame(match, text, stands) {
      const isCrowded = (io.sockets.adapter.rooms.get(match)?.size ?? 0) > BATCH_ABOVE;
      const batch = waiting.get(match)?.batch ?? (isCrowded ? begin(match) : null);
      if (batch === null) room(match, stands).emit('frame', match, text);
      else batch.add(text, stands, performance.now());
    },
    isPending: (match) => waiting.has(match),
    forget(match) {
      clearTimeout(waiting.get(match)?.timer);
      waiting.delete(match);
      sentAt.delete(match);
    },
  };
}

/**
 * Cuts off clients that have stopped to read, so that what is not to be missed (status, the list of matches) does not
 * pile up for them. Most have gone before that, as they answer no ping.
 */
export function cutOffStuck(io: LiveServer): void {
  for (const socket of io.sockets.sockets.values()) {
    const { writeBuffer } = socket.conn as unknown as { writeBuffer: readonly unknown[] };
    // Without waiting until it has read the rest.
    if (writeBuffer.length > MOST_WAITING) socket.conn.close(true);
  }
}
