import { afterEach, describe, expect, test } from 'vitest';
import { Batch } from '../../src/live/batching.ts';
import { BATCH_ABOVE, BATCH_MS } from '../../src/live/protocol.ts';
import {
  type Client,
  isLetIn,
  leaveAll,
  policy,
  rawClient,
  startAt,
  textFrame,
  until,
  visit,
  waitMs,
} from './visitors.ts';

afterEach(leaveAll);

const numberOf = (text: string): number => Buffer.from(text, 'base64').readUInt32LE(5);

describe('a batch', () => {
  test('keeps all of a few, with how long they have waited', () => {
    const batch = new Batch();
    for (const at of [100, 183.4, 266.6]) batch.add(`at ${at}`, false, at);
    expect(batch.texts()).toEqual(['at 100', 'at 183.4', 'at 266.6']);
    expect(batch.ages(300)).toEqual([200, 117, 33]);
  });

  test('keeps evenly spaced ones of many and always the newest, in bounded memory', () => {
    for (const count of [32, 33, 34, 63, 64, 65, 66, 67, 500, 1023, 10_000]) {
      const batch = new Batch();
      for (let i = 0; i < count; i++) batch.add(String(i), false, i);
      const kept = batch.texts().map(Number);
      expect(kept.length).toBeLessThanOrEqual(32);
      expect(kept.length).toBeGreaterThanOrEqual(16);
      expect([kept[0], kept.at(-1)]).toEqual([0, count - 1]);
      const gaps = kept.slice(1, -1).map((value, i) => value - kept[i]);
      expect(new Set(gaps).size).toBe(1);
      expect(kept.at(-1)! - kept.at(-2)!).toBeLessThanOrEqual(gaps[0]);
    }
  });
});

/** So many clients who watch the match `a`. */
async function crowd(count: number, url: Parameters<typeof visit>[0]): Promise<Client[]> {
  const clients = Array.from({ length: count }, () => visit(url));
  await until(() => clients.every(({ matches }) => matches.size === 1), 'matches');
  for (const client of clients) client.ask({ ask: 'watch', match: 'a' });
  return clients;
}

describe('a match with many watchers', () => {
  test('travels in at most 5 messages a second, without a gap', async () => {
    const viewer = await startAt({ matches: [policy('a')] });
    const clients = await crowd(BATCH_ABOVE + 1, viewer);
    clients[0].ask({ ask: 'speed', match: 'a', speed: 8 });
    await until(() => clients[0].batches.length > 2, 'batches');
    for (const client of clients) {
      client.frames = [];
      client.batches = [];
    }
    await until(() => clients.every(({ batches }) => batches.length > 10), 'more batches');
    for (const { frames, batches } of clients) {
      expect(frames).toEqual([]);
      const numbers = batches.flatMap(({ texts }) => texts.map(numberOf));
      expect(numbers).toEqual(numbers.map((_, i) => numbers[0] + i));
      expect(batches.every(({ texts, ages }) => texts.length === ages.length)).toBe(true);
      const seconds = (batches.at(-1)!.at - batches[0].at) / 1000;
      expect((batches.length - 1) / seconds).toBeLessThan(1000 / BATCH_MS + 1);
    }
    const ages = clients[0].batches.flatMap((batch) => batch.ages);
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(0);
  });

  test('who joins it begins with the newest; with a few it is frame by frame again', async () => {
    const viewer = await startAt({ matches: [policy('a')] });
    const clients = await crowd(BATCH_ABOVE + 1, viewer);
    await until(() => clients[0].batches.length > 5, 'batches');
    const [late] = await crowd(1, viewer);
    await until(() => late.frames.length + late.batches.length > 0, 'its first');
    // The first that it sees is no older than a batch.
    const first = late.frames[0]?.frame ?? numberOf(late.batches[0].texts[0]);
    expect(first).toBeGreaterThan(numberOf(clients[0].batches[3].texts[0]));

    for (const client of clients.slice(2)) client.ask({ ask: 'leave', match: 'a' });
    const before = clients[0].frames.length;
    await until(() => clients[0].frames.length > before + 5, 'frames');
  });

  test('a standstill reaches everybody, still in turn', async () => {
    const viewer = await startAt({ matches: [policy('a', 'freeway')] });
    const clients = await crowd(BATCH_ABOVE + 1, viewer);
    await until(() => clients[0].batches.length > 2, 'batches');
    for (let i = 0; i < 7; i++) clients[0].ask({ ask: 'pause', match: 'a', paused: i % 2 === 0 });
    await until(() => clients[0].matches.get('a')!.state === 'paused', 'the pause');
    const [late] = await crowd(1, viewer);
    const newest = ({ frames, batches }: Client) =>
      Math.max(...frames.map(({ frame }) => frame), ...batches.flatMap(({ texts }) => texts.map(numberOf)));
    await until(() => late.frames.length + late.batches.length > 0, 'where it stands');
    await until(() => clients.every((client) => newest(client) === newest(late)), 'the same for all');
    for (const { batches } of clients) {
      // Messages may be closer on arrival than when they were sent: the first can be late.
      const spanMs = batches.at(-1)!.at - batches[0].at;
      expect(batches.length - 1).toBeLessThanOrEqual(spanMs / BATCH_MS + 2);
    }
  });
});

test('who stops to read is cut off before what is not to be missed piles up', async () => {
  const viewer = await startAt({ matches: [policy('a')], maxClients: 1 });
  const deaf = await rawClient(viewer.port, 'a');
  await until(() => deaf.frames() > 3, 'frames');
  deaf.tcp.pause();
  // It answers pings blindly: none of them finds out.
  deaf.tcp.on('error', () => {});
  const pongs = setInterval(() => deaf.tcp.write(textFrame('3')), 1000);
  // About 40 MB, each list of matches encoded anew: more than the buffers of the system hold.
  for (let i = 0; i < 200; i++) {
    viewer.addMatch({ ...policy('b'), label: 'b'.repeat(200_000) });
    viewer.removeMatch('b');
    await waitMs(1);
  }
  // Only one has a place here.
  while (!(await isLetIn(visit(viewer)))) await waitMs(200);
  clearInterval(pongs);
});
