import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import { BATCH_ABOVE, DUEL } from '../../src/live/protocol.ts';
import type { Viewer } from '../../src/live/server.ts';
import { leaveAll, policy, startAt, until, visit } from '../live/visitors.ts';
import { hasBrowser, launchBrowser } from './browser.ts';

describe.skipIf(!hasBrowser())('a viewer for others, in a browser', () => {
  let browser: Browser;
  let root: string;
  let viewer: Viewer;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'ngplus-shared-'));
    await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { outDir: root, emptyOutDir: true } });
    browser = await launchBrowser();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await rm(root, { recursive: true });
  });
  beforeEach(async () => {
    viewer = await startAt({ root, token: 'q8Zr1xv0Y3mB6kHt2nLw9A', matches: [policy('a', 'freeway')] });
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    await leaveAll();
  });

  const plain = (): string => viewer.url.split('?')[0];
  const frame = async (): Promise<number> => Number(await page.getAttribute('[data-match="a"]', 'data-frame'));
  const plays = async (): Promise<void> => {
    await page.waitForSelector('[data-match="a"][data-frame]');
    for (const first = await frame(); (await frame()) <= first;) await page.waitForTimeout(25);
  };

  test('the token vanishes from the address; the page watches and offers nothing else', async () => {
    await page.goto(viewer.url);
    await page.waitForURL(plain());
    await plays();
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await context.cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
    expect(await page.isVisible('.for-all')).toBe(false);
    const episode = await page.textContent('.match .panel .small');
    await page.keyboard.press('n');
    await plays();
    expect((await page.textContent('.match .panel .small'))!.split(',')[0]).toBe(episode!.split(',')[0]);
    // Neither the way back nor another visit shows it again.
    expect(await page.evaluate('history.length')).toBeLessThanOrEqual(2);
    await page.reload();
    await plays();
  });

  test('a link on another site leads in', async () => {
    const chat: Server = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end(`<a href="${viewer.url}">tonight</a>`),
    );
    await new Promise<void>((resolve) => chat.listen(0, '127.0.0.1', resolve));
    await page.goto(`http://localhost:${(chat.address() as AddressInfo).port}/`);
    await page.click('a');
    await page.waitForURL(plain());
    await plays();
    chat.close();
    chat.closeAllConnections();
  });

  test('without the token there is a sentence', async () => {
    const response = await page.goto(plain());
    expect(response!.status()).toBe(403);
    expect(await page.textContent('body')).toContain('scan the QR code');
  });

  test('who may only watch is not offered to play, and told why', async () => {
    const options = { root, token: 'q8Zr1xv0Y3mB6kHt2nLw9A', library: openLibrary(null), home: 'lobby' };
    viewer = await startAt(options);
    await page.goto(viewer.url);
    await page.waitForURL(plain());
    await page.waitForSelector('[data-agent]');
    expect(await page.locator('#navigation a').allTextContents()).toEqual(['Lobby', 'Live', 'Dashboard', 'Compare']);
    await page.evaluate(`location.hash = '#replay?id=zoo:breakout'`);
    await page.waitForSelector('.take-over[href]', { state: 'attached' });
    expect(await page.isVisible('.take-over')).toBe(false);
    await page.evaluate(`location.hash = '#play?id=zoo:breakout'`);
    await page.locator('.notice', { hasText: 'Here you can only watch' }).waitFor();
  });

  test('the address with the token leads to the duel that the server begins with', async () => {
    const home = 'play?id=zoo%3Abreakout&seed=5';
    const options = { root, token: 'q8Zr1xv0Y3mB6kHt2nLw9A', library: openLibrary(null), home, control: true };
    viewer = await startAt(options);
    await page.goto(viewer.url);
    await page.waitForURL(plain());
    await page.waitForSelector('.links a[href="#play?id=zoo%3Abreakout&seed=6"]');
    await page.waitForSelector(`[data-match="${DUEL.agent}"][data-frame]`);
    expect(await page.locator('#navigation [aria-current]').textContent()).toBe('Play');
    // What the address names comes first.
    await page.getByRole('link', { name: 'Another agent' }).click();
    await page.waitForSelector('.opponents');
  });

  test('the list of agents is sent once, then only told to be the same', async () => {
    const options = { root, token: 'q8Zr1xv0Y3mB6kHt2nLw9A', library: openLibrary(null), home: 'lobby' };
    viewer = await startAt(options);
    await page.goto(viewer.url);
    await page.waitForURL(plain());
    const asks = `performance.getEntriesByType('resource')
      .filter(({ name }) => name.includes('/api/library'))
      .map(({ transferSize, encodedBodySize }) => transferSize > encodedBodySize)`;
    const sent = async () => (await page.evaluate(asks)) as boolean[];
    for (let tries = 0; tries < 200 && (await sent()).length < 3; tries++) await page.waitForTimeout(100);
    expect((await sent()).slice(0, 3)).toEqual([true, false, false]);
    expect(await page.locator('.card-board').count()).toBeGreaterThan(3);
    // What the browser has kept opens nothing: without the cookie nobody is told that it is the same.
    await context.clearCookies();
    const status = await page.evaluate(`fetch('api/library').then(({ status }) => status)`);
    expect(status).toBe(403);
  });

  test('what comes in batches is shown frame by frame', async () => {
    // So slowly that two make a batch and a slow browser has a picture for most.
    const matches = [policy('a', 'freeway')];
    viewer = await startAt({ root, token: 'q8Zr1xv0Y3mB6kHt2nLw9A', stepsPerSecond: 10, matches });
    const others = Array.from({ length: BATCH_ABOVE + 5 }, () => visit(viewer));
    await until(() => others.every(({ matches }) => matches.size === 1), 'the others');
    for (const other of others) other.ask({ ask: 'watch', match: 'a' });
    await page.goto(viewer.url);
    await plays();
    await until(() => others[0].batches.length > 0, 'batches');
    const shown = (await page.evaluate(`new Promise((resolve) => {
      const shown = [];
      const element = document.querySelector('[data-match="a"]');
      const observer = new MutationObserver(() => {
        shown.push(Number(element.dataset.frame));
        if (shown.length === 30) resolve(shown);
      });
      observer.observe(element, { attributeFilter: ['data-frame'] });
    })`)) as number[];
    const steps = shown.slice(1).map((number, i) => number - shown[i]);
    // A busy machine may show some at once, if not whole batches; never one that is older.
    expect(Math.min(...steps)).toBeGreaterThan(0);
    expect(steps.filter((step) => step === 1).length).toBeGreaterThan(0.2 * steps.length);
  });
});
