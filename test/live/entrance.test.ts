import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createEntrance } from '../../src/live/entrance.ts';
import { EVERY_ADDRESS, isLoopback, lanAddress, ownNames, reachableHost } from '../../src/live/lan.ts';
import type { Viewer, ViewerOptions } from '../../src/live/server.ts';
import { createToken } from '../../src/live/token.ts';
import { get, isHeard, isLetIn, leaveAll, policy, startAt, until, visit, waitMs } from './visitors.ts';

const TOKEN = 'q8Zr1xv0Y3mB6kHt2nLw9A';
const PROXY = 'https://viewer.school.example';
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ngplus-entrance-'));
  await writeFile(join(root, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(root, 'main.js'), 'export {};');
});
afterAll(() => rm(root, { recursive: true }));
afterEach(leaveAll);

/** A viewer as others would reach it, on this machine. */
const start = (options: ViewerOptions = {}): Promise<Viewer> =>
  startAt({ root, token: TOKEN, matches: [policy('a')], ...options });

const plain = (viewer: Viewer): string => `http://127.0.0.1:${viewer.port}/`;

describe('a viewer with a token', () => {
  test('greets the first visit with a cookie that opens everything else', async () => {
    const viewer = await start();
    expect(viewer.url).toBe(`${plain(viewer)}?token=${TOKEN}`);
    const first = await get(viewer, `/?token=${TOKEN}`);
    expect(first.status).toBe(200);
    expect(first.body).toContain('content="0;url=/"');
    expect(first.body).not.toContain(TOKEN);
    const [cookie, ...attributes] = String(first.headers['set-cookie']).split('; ');
    expect(cookie).toBe(`ngplus_${viewer.port}=${TOKEN}`);
    expect(attributes).toEqual(['HttpOnly', 'SameSite=Strict', 'Path=/']);
    const headers = { cookie: `other=1; ${cookie}` };
    expect((await get(viewer, '/', headers)).body).toContain('<title>page</title>');
    expect((await get(viewer, '/main.js', headers)).body).toBe('export {};');
    expect(await isLetIn(visit(viewer, headers, plain(viewer)))).toBe(true);
    // A script needs no cookie.
    expect((await get(viewer, `/main.js?token=${TOKEN}`)).body).toBe('export {};');
    expect(await isLetIn(visit(viewer))).toBe(true);
  });

  test.each([
    ['nothing', '', {}],
    ['another token', `?token=${createToken()}`, {}],
    ['a part of it', `?token=${TOKEN.slice(0, -1)}`, {}],
    ['more than it', `?token=${TOKEN}A`, {}],
    ['an empty one', '?token=', {}],
    ['it under another name', `?key=${TOKEN}`, {}],
    ['it in the cookie of another port', '', { cookie: `ngplus_1=${TOKEN}` }],
    ['an empty cookie', '', { cookie: 'ngplus_PORT=' }],
    ['a strange cookie', '', { cookie: ';;=;__proto__=1; ngplus_PORT; ngplus_PORT=%00' }],
  ])('turns away who brings %s', async (_what, query, raw: Record<string, string>) => {
    const viewer = await start();
    const headers: Record<string, string> = {};
    if (raw.cookie) headers.cookie = raw.cookie.replaceAll('PORT', String(viewer.port));
    for (const path of ['/', '/main.js', '/report', '/api/anything']) {
      const { status, body } = await get(viewer, `${path}${query}`, headers);
      expect(`${path}: ${status}`).toBe(`${path}: 403`);
      expect(body).toMatch(/^This viewer opens by the address with its token: .+\.\n$/);
    }
    expect(await isLetIn(visit(viewer, headers, `${plain(viewer)}${query}`))).toBe(false);
  });

  test('asks of a page where it comes from, token or not', async () => {
    const viewer = await start({ origins: [PROXY] });
    const own = `http://127.0.0.1:${viewer.port}`;
    const pages: [origin: string, host: string, isKnown: boolean][] = [
      [own, `127.0.0.1:${viewer.port}`, true],
      [PROXY, `127.0.0.1:${viewer.port}`, true],
      [PROXY, 'viewer.school.example', true],
      ['https://evil.example', `127.0.0.1:${viewer.port}`, false],
      ['http://evil.example', 'evil.example', false],
      ['http://viewer.school.example.evil.example', 'viewer.school.example.evil.example', false],
      ['null', `127.0.0.1:${viewer.port}`, false],
    ];
    for (const [origin, host, isKnown] of pages) {
      expect(`${origin} at ${host}: ${await isLetIn(visit(viewer, { origin, host }))}`).toBe(
        `${origin} at ${host}: ${isKnown}`,
      );
    }
    expect((await get(viewer, `/?token=${TOKEN}`, { host: 'evil.example' })).body).toBe('unknown host\n');
  });

  test('leads nowhere else, whatever the address says', async () => {
    const viewer = await start();
    for (const path of [`//evil.example/?token=${TOKEN}`, `/\\evil.example/?token=${TOKEN}`, `/.?token=${TOKEN}`]) {
      const { status, body, headers } = await get(viewer, path);
      expect(status).toBe(404);
      expect(body + JSON.stringify(headers)).not.toContain('evil.example');
    }
  });
});

describe('who needs a token', () => {
  test('nobody on this machine alone; everybody where others may come, by a proxy, too', async () => {
    const alone = await startAt({ root });
    expect([alone.needsToken, alone.url]).toEqual([false, plain(alone)]);
    const behindProxy = await startAt({ root, origins: [PROXY] });
    expect(behindProxy.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{22}$/);
    expect((await get(behindProxy, '/')).status).toBe(403);
  });

  test('tokens are 128 bits, each another', () => {
    const tokens = Array.from({ length: 50 }, createToken);
    expect(new Set(tokens).size).toBe(50);
    for (const token of tokens) expect(Buffer.from(token, 'base64url').length).toBe(16);
  });

  test('loopback addresses and the names of a machine', () => {
    expect(['127.0.0.1', '127.1.2.3', '::1', 'localhost', 'LOCALHOST'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '192.168.0.7', '127.0.0.1.evil.example', '1127.0.0.1', ''].some(isLoopback)).toBe(false);
    const interfaceOf = (address: string, family: 'IPv4' | 'IPv6', internal: boolean) =>
      [{ address, family, internal, netmask: '', mac: '', cidr: null }] as never;
    const machine = {
      lo: interfaceOf('127.0.0.1', 'IPv4', true),
      wifi6: interfaceOf('fe80::1', 'IPv6', false),
      wifi: interfaceOf('192.168.0.7', 'IPv4', false),
    };
    expect(lanAddress(machine)).toBe('192.168.0.7');
    expect(() => lanAddress({ lo: machine.lo })).toThrow('in no network');
    expect(ownNames('0.0.0.0', machine)).toEqual(expect.arrayContaining(['192.168.0.7', 'localhost', '[fe80::1]']));
    expect(ownNames('127.0.0.1', machine)).not.toContain('192.168.0.7');
    expect(reachableHost('::1')).toBe('[::1]');
  });
});

describe('a viewer on another address of this machine', () => {
  const HOST = '127.0.0.2';

  test('is there alone; only its own pages may connect', async () => {
    const viewer = await startAt({ root, host: HOST, matches: [policy('a')] });
    const own = `http://${HOST}:${viewer.port}`;
    expect([viewer.url, viewer.needsToken]).toEqual([`${own}/`, false]);
    expect((await get(viewer, '/')).body).toContain('<title>page</title>');
    await expect(fetch(plain(viewer))).rejects.toThrow('fetch failed');
    expect(await isLetIn(visit(viewer, { origin: own }))).toBe(true);
    expect(await isLetIn(visit(viewer, { origin: 'http://evil.example' }))).toBe(false);
    expect((await get(viewer, '/', { host: 'evil.example' })).body).toBe('unknown host\n');
  });

  test('asks for the token where others come by a proxy', async () => {
    const viewer = await startAt({ root, host: HOST, origins: [PROXY], matches: [policy('a')] });
    const own = `http://${HOST}:${viewer.port}`;
    expect(viewer.url).toMatch(new RegExp(`^${own}/\\?token=[\\w-]{22}$`));
    expect((await get(viewer, '/')).status).toBe(403);
    expect(await isLetIn(visit(viewer, {}, own))).toBe(false);
    const { status, headers } = await get(viewer, viewer.url.slice(own.length));
    expect(status).toBe(200);
    const cookie = String(headers['set-cookie']).split('; ')[0];
    expect((await get(viewer, '/', { cookie })).body).toContain('<title>page</title>');
    for (const [origin, isKnown] of [
      [own, true],
      [PROXY, true],
      [`http://127.0.0.1:${viewer.port}`, false],
      ['http://evil.example', false],
    ] as const) {
      expect(`${origin}: ${await isLetIn(visit(viewer, { cookie, origin }, own))}`).toBe(`${origin}: ${isKnown}`);
    }
  });

  test('lets in as one on every address would: by the token, by the names of this machine', async () => {
    // What stands at the door of a viewer for phones and classes, on a socket that nobody else can reach.
    const { token, receive, admits } = createEntrance({ host: EVERY_ADDRESS });
    const http = createServer((request, response) => void (receive(request, response) && response.end('in')));
    http.on('upgrade', (request, socket) => socket.end(`HTTP/1.1 ${admits(request) ? 200 : 403} x\r\n\r\n`));
    await new Promise<void>((resolve) => http.listen(0, HOST, resolve));
    const { port } = http.address() as AddressInfo;
    const at = { port, url: `http://${HOST}:${port}/` } as Viewer;
    const host = `${hostname()}:${port}`;
    expect(token).toMatch(/^[\w-]{22}$/);
    const cookie = `ngplus_${port}=${token}`;
    expect((await get(at, '/', { host })).status).toBe(403);
    expect((await get(at, `/?token=${token}`, { host })).headers['set-cookie']).toEqual([
      `${cookie}; HttpOnly; SameSite=Strict; Path=/`,
    ]);
    expect((await get(at, '/', { host, cookie })).body).toBe('in');
    expect((await get(at, '/', { host: `evil.example:${port}`, cookie })).body).toBe('unknown host\n');
    const upgrade = { host, connection: 'upgrade', upgrade: 'websocket' };
    expect((await get(at, '/', upgrade)).status).toBe(403);
    expect((await get(at, '/', { ...upgrade, cookie, origin: `http://${host}` })).status).toBe(200);
    expect((await get(at, '/', { ...upgrade, cookie, origin: 'http://evil.example' })).status).toBe(403);
    http.close();
  });
});

describe('who comes by a token', () => {
  test('only watches: pauses, speeds and keys of others are not heard', async () => {
    const viewer = await start({ matches: [policy('a'), { id: 'k', label: 'keys', driver: 'keys', env: 'breakout' }] });
    const client = visit(viewer);
    await until(() => client.matches.size === 2, 'matches');
    expect(client.hello).toMatchObject({ readOnly: true });
    for (const match of ['a', 'k']) client.ask({ ask: 'watch', match });
    await until(() => client.frames.length > 3, 'frames');
    client.ask({ ask: 'pause', match: 'a', paused: true });
    client.ask({ ask: 'speed', match: 'a', speed: 8 });
    client.ask({ ask: 'next', match: 'a' });
    client.ask({ ask: 'press', match: 'k', action: 1 });
    const seen = client.frames.length;
    await until(() => client.frames.length > seen + 8, 'more frames');
    expect(client.matches.get('a')).toMatchObject({ state: 'playing', speed: 1 });
    expect(client.matches.get('k')).toMatchObject({ state: 'ready' });
    expect(client.frames.every(({ episode }) => episode === 0)).toBe(true);
    client.ask({ ask: 'leave', match: 'a' });
    await isHeard(client);
    const left = client.frames.length;
    await waitMs(200);
    expect(client.frames.length).toBe(left);
  });

  test('controls where that is told', async () => {
    const viewer = await start({ control: true });
    const client = visit(viewer);
    await until(() => client.matches.size === 1, 'matches');
    expect(client.hello).toMatchObject({ readOnly: false });
    client.ask({ ask: 'speed', match: 'a', speed: 8 });
    await until(() => client.matches.get('a')!.speed === 8, 'speed');
  });

  test('many who change a match change it no faster than one could', async () => {
    const viewer = await start({ control: true });
    const clients = Array.from({ length: 10 }, () => visit(viewer));
    await until(() => clients.every(({ matches }) => matches.size === 1), 'matches');
    let told = 0;
    clients[0].socket.on('match', () => told++);
    const startedMs = performance.now();
    for (let i = 0; i < 60; i++) {
      for (const client of clients) client.ask({ ask: 'speed', match: 'a', speed: i % 2 === 0 ? 8 : 4 });
    }
    await until(() => told > 20, 'changes');
    await waitMs(500);
    const seconds = (performance.now() - startedMs) / 1000;
    expect(told).toBeLessThanOrEqual(80 + 40 * seconds + 1);
    expect(clients.every(({ socket }) => socket.connected)).toBe(true);
  });
});

test('one address takes no more than its places; others still come', async () => {
  const viewer = await start({ connectionsPerAddress: 3 });
  const open = (localAddress: string): Promise<'open' | 'closed'> =>
    new Promise((resolve) => {
      const socket = connect({ port: viewer.port, host: '127.0.0.1', localAddress });
      socket.once('close', () => resolve('closed')).once('error', () => {});
      socket.once('data', () => resolve('open')).write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      held.push(socket);
    });
  const held: ReturnType<typeof connect>[] = [];
  expect(await Promise.all(Array.from({ length: 5 }, () => open('127.0.0.2')))).toEqual([
    'open',
    'open',
    'open',
    'closed',
    'closed',
  ]);
  expect(await open('127.0.0.3')).toBe('open');
  held[0].destroy();
  // A place is free as soon as the server has heard of it.
  while ((await open('127.0.0.2')) === 'closed');
  held.forEach((socket) => socket.destroy());
});

test('a host that is none of this machine is told in a sentence', async () => {
  await expect(startAt({ root, host: '192.0.2.250' })).rejects.toThrow("can't listen on 192.0.2.250");
});
