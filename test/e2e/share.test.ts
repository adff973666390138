import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import { freshPolicy } from '../live/fresh-policy.ts';
import { storeStudy } from '../live/stored-study.ts';
import { hasBrowser, launchBrowser } from './browser.ts';
import { buildOnce } from './build-once.ts';
import { seriousFaults } from './faults.ts';
import { countColours, decodePng, difference, type Pixels } from './pixels.ts';
import { emptyFolder, ngplus } from './processes.ts';
import { readGif } from './gif-reader.ts';
import { useViewerPage } from './viewer-page.ts';

const cwd = emptyFolder();

beforeAll(async () => {
  await buildOnce();
  writeFileSync(join(cwd, 'fresh.safetensors'), freshPolicy('freeway', 0, 1));
}, 180_000);

describe('ngplus share', () => {
  test('writes one file with the frames and a player', async () => {
    const { code, stdout } = await ngplus('share zoo:breakout --seed 3 --max-steps 50 --out one.html', { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^breakout, ppo after \d+ steps: return \d+ in 50 steps\none\.html: \d+ kB; open it/);
    const html = readFileSync(join(cwd, 'one.html'), 'utf8');
    expect(html).toContain("default-src 'none'; script-src 'sha256-");
    // One classic script, and no address of anything.
    expect(html.match(/<script>/g)).toHaveLength(1);
    expect(html).not.toMatch(/<script[^>]* (src|type="module")|<link|@import|url\(http/);
    expect(statSync(join(cwd, 'one.html')).size).toBeLessThan(120_000);
  });

  test('says what it can not share', async () => {
    const { code, stderr } = await ngplus('share nowhere', { cwd });
    expect([code, stderr]).toEqual([2, 'ngplus share: there is no checkpoint or run folder "nowhere"\n']);
    const many = await ngplus('share zoo:breakout zoo:freeway zoo:asterix zoo:seaquest zoo:cartpole', { cwd });
    expect(many.code).toBe(2);
  });
});

describe.skipIf(!hasBrowser())('a shared file, from the disk and without a network', () => {
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    const line = 'share zoo:freeway fresh.safetensors zoo:cartpole --max-steps 450 --seed 2 --out three.html';
    expect((await ngplus(line, { cwd })).code).toBe(0);
    context = await (await launchBrowser()).newContext({ viewport: { width: 1280, height: 800 } });
    await context.setOffline(true);
    page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(join(cwd, 'three.html')).href);
  });
  afterAll(async () => {
    await context.browser()?.close();
    expect(complaints).toEqual([]);
    expect(requests.every((url) => url.startsWith('file:'))).toBe(true);
    expect(requests).toHaveLength(1);
  });

  const framesNow = async (): Promise<number[]> =>
    JSON.parse(
      await page.evaluate(
        'JSON.stringify([...document.querySelectorAll("[data-match]")].map((e) => +e.dataset.frame))',
      ),
    ) as number[];
  const picture = async (lane: number): Promise<Pixels> => {
    const clip = (await page.locator('.board').nth(lane).boundingBox())!;
    return decodePng(context.browser()!, await page.screenshot({ clip }));
  };
  async function until(step: number): Promise<void> {
    while ((await framesNow())[0] < step) await page.waitForTimeout(20);
  }

  test('plays: each lane has a picture, and it changes', async () => {
    await until(3);
    const first = await Promise.all([0, 1, 2].map(picture));
    for (const pixels of first) expect(countColours(pixels)).toBeGreaterThan(20);
    // A cart that is well balanced swings back and forth: at some moments it looks as it did.
    const changed = async (lane: number): Promise<number> => difference(first[lane], await picture(lane));
    await expect.poll(() => changed(0), { timeout: 10_000 }).toBeGreaterThan(0.002);
    await expect.poll(() => changed(2), { timeout: 10_000 }).toBeGreaterThan(0.0005);
  });

  test('has no serious fault, as axe-core sees it', async () => {
    expect(await seriousFaults(page)).toEqual([]);
  });

  test('its lanes stay in step', async () => {
    for (let i = 0; i < 10; i++) {
      const frames = await framesNow();
      expect(new Set(frames).size, frames.join()).toBe(1);
      await page.waitForTimeout(30);
    }
  });

  test('lists its keys, and reads out what is on its boards', async () => {
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keys' });
    expect(await dialog.textContent()).toContain('read out the board');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.keyboard.press('p');
    await page.keyboard.press('r');
    await expect
      .poll(() => page.textContent('#news'), { timeout: 10_000 })
      .toMatch(/^freeway, [^:]+: Episode 1, step \d+, .* chicken \(self\): row \d+/);
    await page.keyboard.press('p');
  });

  test('stands, steps, seeks and plays on, by keys and by clicks', async () => {
    // It pauses also what has come to its end by itself, where `p` would begin anew.
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Home');
    expect(await framesNow()).toEqual([0, 0, 0]);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await framesNow()).toEqual([2, 2, 2]);
    await page.getByRole('button', { name: 'Step back' }).click();
    expect(await framesNow()).toEqual([1, 1, 1]);
    await page.getByRole('slider').fill('40');
    expect(await framesNow()).toEqual([40, 40, 40]);
    // What stands is said in words.
    await page.waitForSelector('[role=status]:has-text("step 40 of 450, return")', { state: 'attached' });
    await page.getByRole('combobox', { name: 'Speed' }).selectOption('8');
    await page.getByRole('slider').fill('400');
    await page.getByRole('button', { name: 'Play' }).click();
    await until(450);
    expect(await framesNow()).toEqual([450, 450, 450]);
    expect(await page.locator('.overlay').first().textContent()).toMatch(/^The recording ends: return/);
  });

  test('fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect((await page.locator('.board').first().boundingBox())!.width).toBeGreaterThan(320);
  });
});

describe.skipIf(!hasBrowser())('a replay in the viewer', () => {
  const at = useViewerPage();

  async function saved(text: string): Promise<Buffer> {
    const [file] = await Promise.all([
      at.page.waitForEvent('download', { timeout: 60_000 }),
      at.page.getByRole('button', { name: text }).click(),
    ]);
    return readFileSync(await file.path());
  }

  test('is saved as a file that plays the same episode', async () => {
    await at.open({ library: openLibrary(null) }, undefined, '#replay?id=zoo:cartpole&seed=5');
    const html = String(await saved('Save as a file'));
    const [, json] = /<script type="application\/json" id="recordings">(.*?)<\/script>/.exec(html)!;
    const { title, lanes } = JSON.parse(json) as {
      title: string;
      lanes: { recording: { frames: string[]; seed: number } }[];
    };
    expect(title).toBe('cartpole, trained by ppo: cartpole, seed 5');
    expect([lanes.length, lanes[0].recording.seed]).toEqual([1, 5]);
    expect(lanes[0].recording.frames.length).toBeGreaterThan(100);
    const file = join(mkdtempSync(join(tmpdir(), 'ngplus-saved-')), 'match.html');
    writeFileSync(file, html);
    const page = await at.browser.newPage();
    await page.goto(pathToFileURL(file).href);
    while (Number(await page.getAttribute('[data-match]', 'data-frame')) < 3) await page.waitForTimeout(20);
    await page.close();
  });

  test('and a comparison is saved with all its lanes, each by its own checkpoint', async () => {
    const folder = emptyFolder();
    await storeStudy(join(folder, 'study'), { isFinished: true });
    const ids = ['scratch-breakout-0', 'transfer-freeway-breakout-full-0'].map((id) => `study/jobs/${id}`);
    await at.open({ library: openLibrary(folder) }, undefined, `#compare?ids=${ids.join()}&step=900&seed=4`);
    await at.page.waitForSelector('.match:nth-child(2)[data-frame]');
    const html = String(await saved('Save as a file'));
    const [, json] = /<script type="application\/json" id="recordings">(.*?)<\/script>/.exec(html)!;
    const { lanes } = JSON.parse(json) as {
      lanes: { label: string; arm: string; recording: { trainingStep: number } }[];
    };
    expect(lanes.map(({ label, arm, recording }) => [label, arm, recording.trainingStep])).toEqual([
      ['scratch 1', 'scratch', 1000],
      ['transfer 1', 'transferred', 1000],
    ]);
    const gif = readGif(await saved('Save as GIF'));
    expect(gif.width).toBe(12 + 2 * (280 + 12));
  });

  test('is saved as a GIF with a picture a step, the same bytes every time', async () => {
    // An untrained agent: the episode is short.
    const folder = emptyFolder();
    await storeStudy(join(folder, 'study'), { isFinished: true });
    const hash = '#replay?id=study/jobs/scratch-breakout-0&seed=5';
    await at.open({ library: openLibrary(folder) }, undefined, hash);
    await at.page.waitForSelector('.match[data-frame]');
    const bytes = await saved('Save as GIF');
    const { width, height, frames } = readGif(bytes);
    const length = Number(/^\d+ \/ (\d+)$/.exec((await at.page.textContent('.place'))!)![1]);
    expect([width, height]).toEqual([304, 360]);
    expect(frames).toHaveLength(length + 1);
    expect(frames.slice(0, -1).every(({ delayMs }) => delayMs === 80)).toBe(true);
    expect(await at.page.textContent('.save-status')).toBe('Saved.');
    expect((await saved('Save as GIF')).equals(bytes)).toBe(true);
    // A browser can show it, and it is not blank.
    const page = await at.browser.newPage({ viewport: { width: 304, height: 360 } });
    await page.setContent(`<body style="margin:0"><img src="data:image/gif;base64,${bytes.toString('base64')}">`);
    await page.waitForTimeout(300);
    const pixels = await decodePng(at.browser, await page.screenshot());
    expect(countColours(pixels)).toBeGreaterThan(30);
    await page.close();
  });
});
