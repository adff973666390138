import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineGame } from '../../src/core/game.ts';
import { registerGame } from '../../src/envs/index.ts';
import type { MatchSource } from '../../src/live/match-source.ts';
import { startViewer, type Viewer, type ViewerOptions } from '../../src/live/server.ts';
import type { MatchSnapshot } from '../../web/src/match-view.ts';
import { freshPolicy } from '../live/fresh-policy.ts';
import { hasBrowser, launchBrowser } from './browser.ts';
import { contrast, countColours, decodePng, difference } from './pixels.ts';

/** One thing of each role, on a board that never changes. */
const ROLES = [
  'self',
  'self-part',
  'threat',
  'target',
  'pickup',
  'ball',
  'own-projectile',
  'threat-projectile',
  'trail',
  'wall',
  'gauge',
  'opponent',
  'never heard of',
];
const SIZE = 8;
/** Where the thing of a role is: spread over the board, no two in neighbouring cells. */
const cellOf = (role: string): { x: number; y: number } => {
  const i = ROLES.indexOf(role);
  return { x: (i % 4) * 2, y: Math.floor(i / 4) * 2 };
};

const museum = defineGame({
  id: 'museum',
  revision: 1,
  summary: 'One thing of each role, none of which moves.',
  players: 1,
  variants: z.object({}),
  actions: [{ name: 'noop', roles: ['noop'] }],
  observation: () => ({
    kind: 'planes',
    height: SIZE,
    width: SIZE,
    channels: ROLES.map((role) => ({ name: `the ${role}`, roles: [role] })),
  }),
  create: () => ({}),
  reset: () => undefined,
  step(_state, _actions, _rng, rewards) {
    rewards[0] = 0;
    return false;
  },
  observe(_state, _player, out, offset) {
    out.fill(0, offset, offset + SIZE * SIZE * ROLES.length);
    ROLES.forEach((role, channel) => {
      const { x, y } = cellOf(role);
      out[offset + (y * SIZE + x) * ROLES.length + channel] = 1;
    });
  },
});

const agent = (id: string, env: string, arm?: string): MatchSource => ({
  id,
  label: `${env} ${arm ?? 'agent'}`,
  arm,
  env,
  latest: async (after) => (after < 84_000 ? { step: 84_000, bytes: freshPolicy(env, 84_000) } : null),
});

describe.skipIf(!hasBrowser())('the viewer in a browser', () => {
  let browser: Browser;
  let root: string;
  let viewer: Viewer;
  let page: Page;
  let complaints: string[];
  let requests: string[];

  beforeAll(async () => {
    registerGame(museum);
    root = await mkdtemp(join(tmpdir(), 'ngplus-page-'));
    await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { outDir: root, emptyOutDir: true } });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(root, { recursive: true });
  });
  afterEach(async () => {
    await page.close();
    await viewer.close();
    expect(complaints).toEqual([]);
    // Nothing comes from anywhere else.
    expect(requests.filter((url) => !url.startsWith(viewer.url) && !url.startsWith('data:'))).toEqual([]);
  });

  async function open(options: ViewerOptions, size = { width: 1280, height: 800 }): Promise<void> {
    viewer = await startViewer({ port: 0, root, ...options });
    page = await browser.newPage({ viewport: size });
    complaints = [];
    requests = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(viewer.url);
  }

  const snapshot = (id: string): Promise<MatchSnapshot | null> =>
    page.evaluate(`JSON.parse(JSON.stringify(__ngplus.match('${id}')))`);

  const frameOf = async (id: string): Promise<number> =>
    Number(await page.getAttribute(`[data-match="${id}"]`, 'data-frame'));

  async function frameAfter(id: string, frame: number): Promise<void> {
    while ((await frameOf(id)) <= frame) await page.waitForTimeout(25);
  }

  /** Waits until a match has drawn something that is `wanted`. */
  async function drawn(id: string, wanted: (match: MatchSnapshot) => boolean): Promise<MatchSnapshot> {
    for (let tries = 0; tries < 400; tries++) {
      const match = await snapshot(id);
      if (match !== null && match.sprites.length > 0 && wanted(match)) return match;
      await page.waitForTimeout(25);
    }
    throw new Error(`match ${id} never drew what was wanted: ${JSON.stringify(await snapshot(id)).slice(0, 3000)}`);
  }

  const screenshot = async (selector: string) => {
    const box = await page.locator(selector).boundingBox();
    return decodePng(browser, await page.screenshot({ clip: box! }));
  };

  test('draws the sprite of each role in its cell', async () => {
    await open({ matches: [{ id: 'm', label: 'museum', driver: 'random', env: 'museum' }] });
    const { sprites } = await drawn('m', ({ frame }) => frame!.frame > 3);
    expect(sprites.length).toBe(ROLES.length);
    for (const role of ROLES) {
      const { x, y } = cellOf(role);
      const sprite = sprites.find((candidate) => candidate.role === role)!;
      expect([role, sprite.x, sprite.y], role).toEqual([role, expect.closeTo(x + 0.5, 3), expect.closeTo(y + 0.5, 3)]);
    }
    // And it can be seen there, in grey too, while cells that hold nothing are empty.
    const pixels = await screenshot('[data-match="m"] .board');
    const cell = pixels.width / SIZE;
    const contrastAt = (x: number, y: number) =>
      contrast(pixels, (x + 0.1) * cell, (y + 0.1) * cell, cell * 0.8, cell * 0.8);
    for (const role of ROLES) expect(contrastAt(cellOf(role).x, cellOf(role).y), role).toBeGreaterThan(10);
    for (const [x, y] of [
      [1, 1],
      [3, 3],
      [5, 1],
      [7, 7],
    ])
      expect(contrastAt(x, y), `${x},${y}`).toBeLessThan(6);
  });

  test('shows running matches that move, with what the agent thinks', async () => {
    await open({
      matches: [agent('a', 'breakout', 'scratch'), agent('b', 'asterix', 'transferred'), agent('c', 'cartpole')],
      status: { caption: 'Learned Asterix, now learning Breakout.' },
    });
    for (const id of ['a', 'b', 'c']) await drawn(id, ({ frame }) => frame!.frame > 2);
    const before = await frameOf('a');
    const first = await screenshot('[data-match="a"] .board');
    expect(countColours(first)).toBeGreaterThan(30);
    await frameAfter('a', before + 5);
    expect(difference(first, await screenshot('[data-match="a"] .board'))).toBeGreaterThan(0.002);

    expect(await page.textContent('#caption')).toBe('Learned Asterix, now learning Breakout.');
    const card = page.locator('[data-match="a"]');
    expect(await card.locator('.facts').textContent()).toBe('breakout · 84k steps of training');
    expect(await card.locator('.key').count()).toBe(6);
    const shares = await card.locator('.share').allTextContents();
    const total = shares.reduce((sum, share) => sum + Number(share), 0);
    expect(shares.every((share) => share === '') || Math.abs(total - 100) <= 3).toBe(true);
    // Scratch stands before transferred, and what is neither after both.
    const order = await page.locator('[data-match]').evaluateAll((cards) => cards.map((card) => card.dataset['match']));
    expect(order).toEqual(['a', 'b', 'c']);
    // No curves, no chart library; boards, so Phaser.
    expect(requests.some((url) => url.includes('/stage-'))).toBe(true);
    expect(requests.some((url) => url.includes('curves-chart'))).toBe(false);
  });

  test('draws a moving cell where the frame says it is', async () => {
    await open({ matches: [agent('a', 'breakout')] });
    await drawn('a', ({ frame }) => frame!.step > 1);
    await page.keyboard.press('p');
    await drawn('a', ({ info }) => info.state === 'paused');
    await page.waitForTimeout(300);
    const { sprites } = (await snapshot('a'))!;
    const frame = (await page.evaluate(`Array.from(__ngplus.match('a').frame.picture.cells)`)) as number[];
    const cells = frame.flatMap((bit, i) =>
      bit === 1 && i % 4 !== 2 ? [[i % 4, Math.floor(i / 4) % 10, Math.floor(i / 40)]] : [],
    );
    const channels = ['paddle', 'ball', 'trail', 'brick'];
    const seen = sprites.map(({ name, x, y }) => [channels.indexOf(name), x - 0.5, y - 0.5]);
    const byPlace = (a: number[], b: number[]) => a[2] - b[2] || a[1] - b[1] || a[0] - b[0];
    expect(seen.map((cell) => cell.map((n) => Math.round(n * 1000) / 1000)).toSorted(byPlace)).toEqual(
      cells.toSorted(byPlace),
    );
  });

  test('pauses, hastens and goes on, by click and by key', async () => {
    await open({ matches: [agent('a', 'freeway')] });
    await drawn('a', ({ frame }) => frame!.frame > 2);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.waitForSelector('[data-match="a"][data-state="paused"]');
    expect(await page.textContent('.overlay')).toContain('Paused');
    const stood = await frameOf('a');
    await page.waitForTimeout(400);
    expect(await frameOf('a')).toBe(stood);
    await page.keyboard.press('+');
    await page.waitForSelector('.speed:text-is("2×")');
    await page.keyboard.press('p');
    await frameAfter('a', stood + 3);
    await page.keyboard.press('n');
    await drawn('a', ({ frame }) => frame!.episode === 1);
  });

  test('is played by keys before any training', async () => {
    // Freeway: an episode lasts 2,500 steps whatever happens to the chicken.
    await open({ matches: [{ id: 'play', label: 'You', driver: 'keys', env: 'freeway?sticky=0' }] });
    const start = await drawn('play', ({ info }) => info.state === 'ready');
    expect(await page.textContent('.overlay')).toContain('Your turn');
    const row = (match: MatchSnapshot) => match.sprites.find(({ role }) => role === 'self')!.y;
    await page.keyboard.down('ArrowUp');
    await drawn('play', (match) => row(match) < row(start) - 1.5);
    await page.keyboard.up('ArrowUp');
    // The pad's own keys do the same: down, or back to the start where a car comes.
    await page.locator('.key.down').dispatchEvent('pointerdown');
    await drawn('play', (match) => row(match) === row(start));
  });

  test('says what it waits for, and what is lost, and comes back by itself', async () => {
    await open({ matches: [] });
    await page.waitForSelector('#notice:not([hidden])');
    expect(await page.textContent('#notice')).toContain('Nothing plays yet');
    let bytes: Uint8Array | null = null;
    viewer.addMatch({ id: 'w', label: 'late', env: 'breakout', latest: async () => bytes && { step: 0, bytes } });
    await page.waitForSelector('[data-match="w"][data-state="waiting"]');
    expect(await page.textContent('.overlay')).toContain('Waiting for the first weights');
    bytes = freshPolicy('breakout', 0);
    await drawn('w', ({ info }) => info.state === 'playing');

    const { port } = viewer;
    await viewer.close();
    await page.waitForSelector('body[data-connection="lost"]');
    expect(await page.textContent('#connection')).toContain('Start the command again');
    viewer = await startViewer({ port, root, matches: [agent('w', 'breakout')] });
    expect(viewer.port).toBe(port);
    await page.waitForSelector('body[data-connection="connected"]');
    await drawn('w', ({ frame }) => frame!.trainingStep === 84_000);
    // The browser itself reports each failed attempt to reconnect.
    complaints = complaints.filter((text) => !text.includes('WebSocket connection'));
  });

  test('shows curves, jobs and the verdict', async () => {
    await open({ matches: [agent('a', 'breakout')] });
    viewer.setStatus({
      caption: 'Done.',
      verdict: 'Transfer needed 40 % fewer steps.',
      curvesTitle: 'return on breakout',
      curves: ['scratch', 'transferred'].map((arm) => ({
        label: arm,
        arm,
        points: [
          [0, 1, 0, 2],
          [1000, 5, 3, 8],
        ],
      })),
      jobs: [{ id: '1', label: 'seed 1', arm: 'scratch', state: 'running', progress: 0.25 }],
    });
    await page.waitForSelector('.curves svg path', { state: 'attached' });
    expect(await page.textContent('.verdict')).toContain('40 % fewer steps');
    expect(await page.textContent('.curves')).toContain('return on breakout');
    expect(await page.textContent('.jobs')).toContain('25 %');
  });

  test('fits a phone', async () => {
    await open(
      { matches: [agent('a', 'seaquest', 'scratch'), agent('b', 'space-invaders', 'transferred')] },
      { width: 390, height: 844 },
    );
    await drawn('a', ({ frame }) => frame!.frame > 1);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    const board = (await page.locator('[data-match="a"] .board').boundingBox())!;
    expect(board.width).toBeGreaterThan(320);
    // Below the fold nothing is lost: the second board is drawn once it is scrolled to.
    await page.locator('[data-match="b"] .board').scrollIntoViewIfNeeded();
    await page.waitForTimeout(300);
    expect(countColours(await screenshot('[data-match="b"] .board'))).toBeGreaterThan(20);
  });
});
