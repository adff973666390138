import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build, preview, type PreviewServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser } from '../e2e/browser.ts';
import { buildOnce, ROOT } from '../e2e/build-once.ts';
import { countColours, decodePng, difference } from '../e2e/pixels.ts';
import { emptyFolder, start } from '../e2e/processes.ts';

const example = join(ROOT, 'examples/phaser');

describe.skipIf(!hasBrowser())('the Phaser example', () => {
  let server: PreviewServer;
  let browser: Browser;

  beforeAll(async () => {
    await buildOnce();
    const folder = emptyFolder();
    const train = [
      '--import',
      import.meta.resolve('tsx'),
      join(example, 'train.ts'),
      join(folder, 'public'),
      '--quick',
    ];
    const { code, stderr } = await start(process.execPath, train, { cwd: folder }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const settings = {
      configFile: false,
      root: example,
      publicDir: join(folder, 'public'),
      logLevel: 'error',
      build: { outDir: join(folder, 'dist'), chunkSizeWarningLimit: 2000 },
    } as const;
    await build(settings);
    server = await preview({ ...settings, preview: { host: '127.0.0.1', port: 0 } });
    browser = await launchBrowser();
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('shows the game, flown by its policy', async () => {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('requestfailed', (request) => problems.push(request.url()));
    await page.goto(server.resolvedUrls!.local[0]);
    const canvas = page.locator('canvas');
    const shown = async () => decodePng(browser, await canvas.screenshot());
    // Background, rock, gem and bat.
    await expect.poll(async () => countColours(await shown()), { timeout: 20_000 }).toBeGreaterThan(3);
    const before = await shown();
    await expect.poll(async () => difference(before, await shown()), { timeout: 10_000 }).toBeGreaterThan(0.01);
    expect(problems).toEqual([]);
  });
});
