import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isCi } from '../../scripts/debian.ts';
import { findRedis } from '../../scripts/servers.ts';
import { type Bus, openBus } from '../../src/live/bus.ts';
import type { MatchFeed, PolicySource } from '../../src/live/match-source.ts';
import { relayedMatches } from '../../src/live/relayed-matches.ts';
import type { Viewer, ViewerOptions } from '../../src/live/server.ts';
import { sharedMatches } from '../../src/live/shared-matches.ts';
import type { Server } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';
import { type Client, leaveAll, policy, startAt, until, visit, waitMs } from './visitors.ts';

test('a Redis that is not there is told in a sentence', async () => {
  await expect(openBus('redis://:secret@127.0.0.1:1')).rejects.toThrow(/^can't reach Redis at 127\.0\.0\.1:1: /);
});

describe.skipIf(!findRedis() && !isCi())('viewers on one Redis', () => {
  let redis: Server;
  const buses: Bus[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());
  afterEach(async () => {
    await leaveAll();
    buses.splice(0).forEach((bus) => bus.close());
  });

  async function bus(): Promise<Bus> {
    const opened = await openBus(redis.url);
    buses.push(opened);
    return opened;
  }

  const player = async (feed: MatchFeed<PolicySource>): Promise<Viewer> =>
    startAt({ matches: sharedMatches(await bus(), feed) });

  const relay = async (options: ViewerOptions = {}): Promise<Viewer> =>
    startAt({ matches: await relayedMatches(await bus()), ...options });

  /** Watches as a page does: again where a match has been away. */
  function watch(client: Client, match: string): void {
    const ask = (): void => client.ask({ ask: 'watch', match });
    client.socket.on('matches', ask);
    ask();
  }

  test('show the same match at the same time; it plays while anybody watches anywhere', async () => {
    await player({ list: async () => [policy('a')], status: async () => ({ curvesTitle: 'curves of a' }) });
    const [left, right] = [await relay(), await relay()];
    const [one, two] = [visit(left), visit(right)];
    await until(() => one.matches.size + two.matches.size === 2, 'matches');
    watch(one, 'a');
    watch(two, 'a');
    await until(() => one.frames.length > 10 && two.frames.length > 10, 'frames');
    expect(one.frames).toEqual(expect.arrayContaining(two.frames.slice(2, 8)));
    await until(() => one.statuses.at(-1)!.curvesTitle === 'curves of a', 'the status');

    two.ask({ ask: 'leave', match: 'a' });
    const seen = one.frames.length;
    await until(() => one.frames.length > seen + 10, 'more frames');
    one.ask({ ask: 'leave', match: 'a' });
    await waitMs(300);
    // It stood still, and goes on from there.
    two.ask({ ask: 'watch', match: 'a' });
    const before = two.frames.length;
    await until(() => two.frames.length > before + 3, 'frames');
    expect(two.frames.at(-1)!.frame).toBeLessThan(one.frames.at(-1)!.frame + 15);
  });

  test('ask the one that plays; who may not control is not heard', async () => {
    const playing = await player({ list: async () => [policy('a', 'freeway')] });
    const [free, closed] = [await relay(), await relay({ control: false })];
    const [own, one, two] = [visit(playing), visit(free), visit(closed)];
    const all = [own, one, two];
    await until(() => all.every(({ matches }) => matches.size === 1), 'matches');
    for (const client of all) watch(client, 'a');
    await until(() => all.every(({ frames }) => frames.length > 2), 'frames');
    two.ask({ ask: 'pause', match: 'a', paused: true });
    one.ask({ ask: 'speed', match: 'a', speed: 4 });
    await until(() => all.every(({ matches }) => matches.get('a')!.speed === 4), 'the speed');
    expect(own.matches.get('a')!.state).toBe('playing');
    one.ask({ ask: 'pause', match: 'a', paused: true });
    await until(() => all.every(({ matches }) => matches.get('a')!.state === 'paused'), 'the pause');
    // Who comes to a relay now sees where it stands.
    const late = visit(await relay());
    await until(() => late.matches.size === 1, 'matches');
    late.ask({ ask: 'watch', match: 'a' });
    await until(() => late.frames.length === 1, 'the frame');
    expect(late.frames[0]).toEqual(own.frames.at(-1));
    one.ask({ ask: 'next', match: 'a' });
    await until(() => all.every(({ frames }) => frames.at(-1)!.episode === 1), 'the next episode');
  });

  test('matches come and go; without the one that plays there are none, until it is back', async () => {
    const sources = [policy('a')];
    const playerBus = await openBus(redis.url);
    const playing = await startAt({ matches: sharedMatches(playerBus, { list: async () => sources }) });
    const client = visit(await relay());
    await until(() => client.matches.size === 1, 'the first');
    sources.push(policy('b'));
    await until(() => client.matches.size === 2, 'the second');
    sources.shift();
    await until(() => !client.matches.has('a'), 'the first to go');
    await playing.close();
    playerBus.close();
    await until(() => client.matches.size === 0, 'none');
    await player({ list: async () => sources });
    await until(() => client.matches.size === 1, 'the player is back');
    watch(client, 'b');
    await until(() => client.frames.length > 3, 'frames');
  });

  test('outlive a Redis that goes away, each by itself, and find each other when it is back', async () => {
    const playing = await player({ list: async () => [policy('a')] });
    const [own, far] = [visit(playing), visit(await relay())];
    await until(() => own.matches.size + far.matches.size === 2, 'matches');
    for (const client of [own, far]) watch(client, 'a');
    await until(() => far.frames.length > 3, 'frames');
    await redis.stop();
    const seen = own.frames.length;
    await until(() => own.frames.length > seen + 10, 'frames at the one that plays');
    redis = await startRedis(Number(new URL(redis.url).port));
    const missed = far.frames.length;
    await until(() => far.frames.length > missed + 5, 'frames at the other');
    expect(far.socket.connected).toBe(true);
  });
});
