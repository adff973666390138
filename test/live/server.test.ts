import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineGame } from '../../src/core/game.ts';
import { registerGame } from '../../src/envs/index.ts';
import { BusyError } from '../../src/live/kept.ts';
import { openLibrary } from '../../src/live/library.ts';
import type { Viewer, ViewerOptions } from '../../src/live/server.ts';
import { get, isHeard, leaveAll, policy, rawClient, startAt, textFrame, until, visit, waitMs } from './visitors.ts';

const HELD_BACK = 'held back';
let root: string;
let outside: string;

beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), 'ngplus-viewer-'));
  root = join(outside, 'page');
  await mkdir(join(root, 'assets'), { recursive: true });
  await writeFile(join(root, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(root, 'assets', 'main.js'), 'export {};');
  await writeFile(join(outside, 'secret.txt'), HELD_BACK);
  await writeFile(join(outside, 'report.html'), '<h1>report</h1>');
  await symlink(join(outside, 'secret.txt'), join(root, 'link.txt'));
});
afterAll(() => rm(outside, { recursive: true }));

afterEach(leaveAll);

const start = (options: ViewerOptions = {}): Promise<Viewer> => startAt({ root, ...options });

describe('watching', () => {
  test('a page learns what there is, watches, and joins in mid-match', async () => {
    const viewer = await start({ matches: [policy('a'), policy('b', 'asterix')], status: { caption: 'hello' } });
    const first = visit(viewer);
    await until(() => first.matches.size === 2, 'matches');
    expect(first.statuses[0].caption).toBe('hello');
    first.ask({ ask: 'watch', match: 'a' });
    await until(() => first.frames.length > 8, 'frames');
    expect(first.matches.get('a')).toMatchObject({ state: 'playing', stage: { env: 'breakout' } });
    // Nobody watches b, so it has not begun.
    expect(first.matches.get('b')!.state).toBe('waiting');

    const late = visit(viewer);
    await until(() => late.matches.size === 2, 'matches');
    late.ask({ ask: 'watch', match: 'a' });
    await until(() => late.frames.length > 3, 'frames');
    expect(late.frames[0].frame).toBeGreaterThanOrEqual(8);
    const seenByBoth = late.frames.slice(1, 3);
    expect(first.frames).toEqual(expect.arrayContaining(seenByBoth));
  });

  test('a match that cannot be opened says why and harms no other', async () => {
    const viewer = await start({ matches: [{ ...policy('bad'), env: 'no-such-game' }, policy('good')] });
    const client = visit(viewer);
    await until(() => client.matches.size === 2, 'matches');
    expect(client.matches.get('bad')).toMatchObject({ stage: null, problem: expect.stringContaining('no-such-game') });
    client.ask({ ask: 'watch', match: 'good' });
    await until(() => client.frames.length > 3, 'frames');
  });

  test('pause, speed and next act for everyone; leaving stops the frames', async () => {
    const viewer = await start({ matches: [policy('a', 'freeway')] });
    const [one, two] = [visit(viewer), visit(viewer)];
    await until(() => one.matches.size + two.matches.size === 2, 'matches');
    one.ask({ ask: 'watch', match: 'a' });
    two.ask({ ask: 'watch', match: 'a' });
    await until(() => two.frames.length > 2, 'frames');
    one.ask({ ask: 'pause', match: 'a', paused: true });
    await until(() => two.matches.get('a')!.state === 'paused', 'pause');
    await isHeard(two);
    const paused = two.frames.length;
    await waitMs(300);
    expect(two.frames.length).toBe(paused);

    // Who joins a paused match sees where it stands.
    const late = visit(viewer);
    await until(() => late.matches.size === 1, 'matches');
    late.ask({ ask: 'watch', match: 'a' });
    await until(() => late.frames.length === 1, 'the frame');
    expect(late.frames[0]).toEqual(two.frames.at(-1));

    one.ask({ ask: 'speed', match: 'a', speed: 8 });
    one.ask({ ask: 'pause', match: 'a', paused: false });
    await until(() => two.matches.get('a')!.speed === 8, 'speed');
    await until(() => two.frames.length > paused + 20, 'more frames');
    one.ask({ ask: 'next', match: 'a' });
    await until(() => two.frames.at(-1)!.episode === 1, 'the next episode');

    two.ask({ ask: 'leave', match: 'a' });
    await isHeard(two);
    const left = two.frames.length;
    await waitMs(200);
    expect(two.frames.length).toBe(left);
    one.ask({ ask: 'leave', match: 'a' });
    late.ask({ ask: 'leave', match: 'a' });
    await Promise.all([one, late].map(isHeard));
    const all = one.frames.length;
    await waitMs(200);
    expect(one.frames.length).toBe(all);
  });

  test('matches come and go; status and report reach the page', async () => {
    const viewer = await start();
    const client = visit(viewer);
    await until(() => client.statuses.length === 1, 'status');
    viewer.addMatch(policy('a'));
    await until(() => client.matches.has('a'), 'a match');
    expect(() => viewer.addMatch(policy('a'))).toThrow('"a"');
    viewer.removeMatch('a');
    await until(() => client.matches.size === 0, 'no match');
    viewer.setReport(join(outside, 'report.html'));
    viewer.setStatus({ caption: 'done', verdict: 'It helped.' });
    await until(() => client.statuses.at(-1)!.verdict === 'It helped.', 'the verdict');
    expect(client.statuses.at(-1)!.report).toBe('/report');
    expect((await get(viewer, '/report')).body).toBe('<h1>report</h1>');
  });

  test('a feed is asked again: runs that begin later appear', async () => {
    const sources = [policy('a')];
    const status = async () => ({ curvesTitle: `${sources.length} curves` });
    const viewer = await start({ matches: { list: async () => sources, status }, status: { caption: 'feed' } });
    const client = visit(viewer);
    await until(() => client.matches.size === 1, 'the first');
    sources.push(policy('b'));
    await until(() => client.matches.size === 2, 'the second');
    await until(() => client.statuses.at(-1)!.curvesTitle === '2 curves', 'its status');
    expect(client.statuses.at(-1)!.caption).toBe('feed');
    sources.shift();
    await until(() => !client.matches.has('a'), 'the first to go');
  });

  test('a feed that fails is told of once and asked again', async () => {
    const sources = [policy('a')];
    let fault: Error | null = null;
    const list = async () => {
      if (fault !== null) throw fault;
      return sources;
    };
    const viewer = await start({ matches: { list } });
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    fault = new Error('gone\n  for now');
    const clients = [visit(viewer), visit(viewer)];
    await until(() => clients.every(({ matches }) => matches.size === 1), 'what was there');
    await until(() => warn.mock.calls.length > 0, 'a line');
    fault = null;
    sources.push(policy('b'));
    await until(() => clients.every(({ matches }) => matches.size === 2), 'the second');
    expect(warn.mock.calls).toEqual([['ngplus viewer: Error: gone for now']]);
    warn.mockRestore();
  });

  test('a taken port moves to the next free one', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as AddressInfo;
    const viewer = await start({ port });
    expect(viewer.port).toBeGreaterThan(port);
    expect(viewer.url).toBe(`http://127.0.0.1:${viewer.port}/`);
    expect((await get(viewer, '/')).status).toBe(200);
    blocker.close();
  });
});

describe('a slow watcher', () => {
  test('misses frames instead of slowing the match or filling memory', async () => {
    registerGame(noise);
    const viewer = await start({
      matches: [{ id: 'n', label: 'noise', driver: 'random', env: 'noise' }],
      stepsPerSecond: 4000,
    });
    const fast = visit(viewer);
    // Reading 20 MB bit by bit would slow down everything here: the frame's number will do.
    const numbers: number[] = [];
    fast.socket.off('frame').on('frame', (_id, text) => numbers.push(Buffer.from(text, 'base64').readUInt32LE(5)));
    await until(() => fast.matches.size === 1, 'matches');
    fast.ask({ ask: 'watch', match: 'n' });
    const slow = await rawClient(viewer.port, 'n');
    await until(() => slow.frames() > 3, 'frames');
    slow.tcp.pause();
    // About 20 MB of frames: more than the buffers of the system hold.
    const stalled = numbers.length;
    await until(() => numbers.length > stalled + 1400, 'frames for the fast one');
    const missed = slow.frames();
    slow.tcp.resume();
    const resumed = numbers.length;
    await until(() => numbers.length > resumed + 200, 'more frames');
    expect(numbers).toEqual(numbers.map((_, i) => i + numbers[0]));
    const received = slow.frames();
    expect(received).toBeGreaterThan(missed);
    expect(received).toBeLessThan(numbers.length - 500);
  });
});

describe('the server refuses', () => {
  test.each([
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page of another port', { origin: 'http://127.0.0.1:1' }],
    ['a sandboxed page', { origin: 'null' }],
    ['a name that was bent to this machine', { host: 'evil.example', origin: 'http://evil.example' }],
  ])('a WebSocket of %s', async (_who, headers) => {
    const viewer = await start({ matches: [policy('a')] });
    const { socket } = visit(viewer, headers);
    await new Promise<void>((resolve) => socket.on('connect_error', () => resolve()));
    expect(socket.connected).toBe(false);
  });

  test('nobody else: its own page, by each of its names', async () => {
    const viewer = await start({ matches: [policy('a')] });
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const host = `${name}:${viewer.port}`;
      const client = visit(viewer, { host, origin: `http://${host}` });
      await until(() => client.socket.connected, name);
    }
  });

  test('pages under a strange name, other methods, and everything that is no file of the page', async () => {
    const viewer = await start();
    expect((await get(viewer, '/', { host: 'evil.example' })).status).toBe(403);
    expect((await get(viewer, '/', {}, 'POST')).status).toBe(405);
    const escapes = [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/..%5csecret.txt',
      '/..\\secret.txt',
      '//etc/passwd',
      '/etc/passwd',
      '/assets/..%c0%afsecret.txt',
      '/link.txt',
      '/assets',
      '/index.html%00.png',
      'http://127.0.0.1/../secret.txt',
      '/report',
      '/__proto__',
      '/constructor',
    ];
    for (const path of escapes) {
      const { status, body } = await get(viewer, path);
      expect(`${path}: ${status}`).toBe(`${path}: 404`);
      expect(body).not.toContain(HELD_BACK);
    }
    expect((await get(viewer, '/assets/main.js?x=1')).body).toBe('export {};');
  });

  test('to run anything in the page that is not its own', async () => {
    const viewer = await start();
    const { headers } = await get(viewer, '/');
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe-eval');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('questions that the browser says another page asks; links to the page lead to it', async () => {
    const viewer = await start({ library: openLibrary(null) });
    const ask = async (path: string, site: string) => (await get(viewer, path, { 'sec-fetch-site': site })).status;
    for (const site of ['cross-site', 'same-site']) {
      expect([site, await ask('/api/library', site), await ask('/', site)]).toEqual([site, 403, 200]);
    }
    for (const site of ['same-origin', 'none']) expect([site, await ask('/api/library', site)]).toEqual([site, 200]);
  });

  test('what it can’t answer, in a line, and goes on', async () => {
    let fault: Error = new TypeError('a bug\nof ours');
    const list = () => Promise.reject(fault);
    const viewer = await start({ library: { ...openLibrary(null), list } });
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    for (let i = 0; i < 2; i++) {
      expect(await get(viewer, '/api/library')).toMatchObject({ status: 500, body: 'this could not be answered\n' });
    }
    expect(warn.mock.calls).toEqual([['ngplus viewer: TypeError: a bug of ours']]);
    warn.mockRestore();
    fault = new BusyError('too many');
    expect(await get(viewer, '/api/library')).toMatchObject({ status: 503, body: 'too many\n' });
    expect((await get(viewer, '/')).status).toBe(200);
  });

  test('what is no question, without harm to anybody', async () => {
    const viewer = await start({ matches: [policy('a')] });
    const [bad, good] = [visit(viewer), visit(viewer)];
    await until(() => bad.matches.size === 1 && good.matches.size === 1, 'matches');
    good.ask({ ask: 'watch', match: 'a' });
    const emit = bad.socket.emit.bind(bad.socket) as (...args: unknown[]) => void;
    emit('ask', { ask: 'speed', match: 'a', speed: 1e308 });
    emit('ask', { ask: 'watch', match: '../../etc' });
    emit('ask', { ask: 'press', match: 'a', action: 9999 });
    emit('ask', 'x'.repeat(30_000));
    emit('ask', { ask: 'watch', match: 'a' }, () => {});
    emit('shutdown');
    const { tcp } = await rawClient(viewer.port, 'a');
    const deep = `42["ask",${'['.repeat(15_000)}${']'.repeat(15_000)}]`;
    for (const text of ['42["ask"', '42{}', '451-["ask",{"_placeholder":true,"num":0}]', '9', 'x', deep]) {
      tcp.write(textFrame(text));
    }
    await until(() => good.frames.length > 5, 'frames');
    expect(good.matches.get('a')).toMatchObject({ speed: 1, state: 'playing' });
    expect(bad.frames).toEqual([]);
  });

  test('who floods it or sends more than a page ever would', async () => {
    const viewer = await start({ matches: [policy('a')] });
    const [flood, giant, good] = [visit(viewer), visit(viewer), visit(viewer)];
    await until(() => [flood, giant, good].every(({ socket }) => socket.connected), 'connections');
    for (let i = 0; i < 300; i++) flood.ask({ ask: 'next', match: 'a' });
    giant.socket.emit('ask', { ask: 'watch', match: 'a'.repeat(200_000) });
    await until(() => !flood.socket.connected && !giant.socket.connected, 'both cut off');
    good.ask({ ask: 'watch', match: 'a' });
    await until(() => good.frames.length > 3, 'frames');
  });

  test('more clients than it is meant for', async () => {
    const viewer = await start({ maxClients: 2 });
    const clients = [visit(viewer), visit(viewer)];
    await until(() => clients.every(({ socket }) => socket.connected), 'connections');
    const third = visit(viewer);
    await new Promise<void>((resolve) => third.socket.on('connect_error', () => resolve()));
  });
});

/** A game of frames that don't compress: about 14 kB each. */
const noise = defineGame({
  id: 'noise',
  revision: 1,
  summary: 'White noise.',
  players: 1,
  variants: z.object({}),
  actions: [{ name: 'noop', roles: ['noop'] }],
  observation: () => ({
    kind: 'planes',
    height: 100,
    width: 100,
    channels: Array.from({ length: 8 }, (_, i) => ({ name: `n${i}`, roles: ['wall'] })),
  }),
  create: () => ({ cells: new Uint8Array(80_000) }),
  reset: (state, rng) => rng.fillInts(state.cells, 0, 2),
  step(state, _actions, rng, rewards) {
    rewards[0] = 0;
    state.cells[rng.int(0, 80_000)] ^= 1;
    return false;
  },
  observe: (state, _player, out, offset) => out.set(state.cells, offset),
});
