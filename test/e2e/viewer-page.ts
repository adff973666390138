import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { startViewer, type Viewer, type ViewerOptions } from '../../src/live/server.ts';
import type { MatchSnapshot } from '../../web/src/match-view.ts';
import { launchBrowser } from './browser.ts';
import { decodePng, type Pixels } from './pixels.ts';

/** The page as this working tree builds it, in a real browser. */
export class ViewerPage {
  browser!: Browser;
  /** The folder of the built page. */
  root!: string;
  viewer!: Viewer;
  page!: Page;
  /** Errors of the console. */
  complaints: string[] = [];
  requests: string[] = [];

  /** Serves this and opens it; `hash` names the view. */
  async open(
    options: ViewerOptions,
    { hasTouch, ...viewport }: { width: number; height: number; hasTouch?: boolean } = { width: 1280, height: 800 },
    hash = '',
  ): Promise<void> {
    this.viewer = await startViewer({ port: 0, root: this.root, ...options });
    const page = await this.browser.newPage({ viewport, hasTouch });
    this.page = page;
    this.complaints = [];
    this.requests = [];
    page.on('console', (message) => message.type() === 'error' && this.complaints.push(message.text()));
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => this.requests.push(request.url()));
    await page.goto(this.viewer.url + hash);
  }

  snapshot(id: string): Promise<MatchSnapshot | null> {
    return this.page.evaluate(`JSON.parse(JSON.stringify(__ngplus.match('${id}')))`);
  }

  /** Waits until this expression is true in the page. The page's policy forbids it to evaluate text by itself. */
  async until(expression: string): Promise<void> {
    while (!(await this.page.evaluate(expression))) await this.page.waitForTimeout(25);
  }

  async frameOf(id: string): Promise<number> {
    return Number(await this.page.getAttribute(`[data-match="${id}"]`, 'data-frame'));
  }

  async frameAfter(id: string, frame: number): Promise<void> {
    while ((await this.frameOf(id)) <= frame) await this.page.waitForTimeout(25);
  }

  /** Waits until a match has drawn something that is `wanted`. */
  async drawn(id: string, wanted: (match: MatchSnapshot) => boolean): Promise<MatchSnapshot> {
    for (let tries = 0; tries < 400; tries++) {
      const match = await this.snapshot(id);
      if (match !== null && match.sprites.length > 0 && wanted(match)) return match;
      await this.page.waitForTimeout(25);
    }
    throw new Error(
      `match ${id} never drew what was wanted: ${JSON.stringify(await this.snapshot(id)).slice(0, 3000)}`,
    );
  }

  async screenshot(selector: string): Promise<Pixels> {
    const box = await this.page.locator(selector).boundingBox();
    return decodePng(this.browser, await this.page.screenshot({ clip: box! }));
  }
}

/**
 * Builds the page and starts a browser for the tests of a `describe`. After each test the console must hold no error,
 * and nothing may have come from anywhere else.
 */
export function useViewerPage(): ViewerPage {
  const at = new ViewerPage();
  beforeAll(async () => {
    at.root = await mkdtemp(join(tmpdir(), 'ngplus-page-'));
    await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { outDir: at.root, emptyOutDir: true } });
    at.browser = await launchBrowser();
  }, 180_000);
  afterAll(async () => {
    await at.browser?.close();
    await rm(at.root, { recursive: true });
  });
  afterEach(async () => {
    await at.page.close();
    await at.viewer.close();
    expect(at.complaints).toEqual([]);
    expect(at.requests.filter((url) => !url.startsWith(at.viewer.url) && !url.startsWith('data:'))).toEqual([]);
  });
  return at;
}
