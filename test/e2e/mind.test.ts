import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import { openMind } from '../../src/live/mind.ts';
import { freshPolicy } from '../live/fresh-policy.ts';
import { makeTinyStudy } from '../live/tiny-library.ts';
import { hasBrowser } from './browser.ts';
import { contrast, countColours, difference } from './pixels.ts';
import { useViewerPage } from './viewer-page.ts';

describe.skipIf(!hasBrowser())('an agent’s mind', () => {
  const at = useViewerPage();
  let runs: string;
  let ids: Awaited<ReturnType<typeof makeTinyStudy>>;
  beforeAll(async () => {
    runs = await mkdtemp(join(tmpdir(), 'ngplus-mind-page-'));
    ids = await makeTinyStudy(runs);
  });
  afterAll(() => rm(runs, { recursive: true }));

  const open = (hash: string) => at.open({ library: openLibrary(runs) }, { width: 1280, height: 900 }, hash);
  const overlayShown = (id: string) => at.page.waitForSelector(`[data-match="${id}"] .saliency:not([hidden])`);

  test('is lit over the board where the clock stands, other at other moments', async () => {
    const id = ids.transferred;
    await open(`#replay?id=${id}&seed=3&frame=2`);
    await at.drawn(id, ({ frame }) => frame!.frame === 2);
    const board = `[data-match="${id}"] .board-frame`;
    const plain = await at.screenshot(board);
    await at.page.keyboard.press('s');
    await overlayShown(id);
    const lit = await at.screenshot(board);
    expect(difference(plain, lit)).toBeGreaterThan(0.1);
    expect(countColours(lit)).toBeGreaterThan(20);
    // Not blank, and not the same at another moment.
    const overlay = () => at.page.evaluate<string>(`document.querySelector('.saliency canvas').toDataURL()`);
    const first = await overlay();
    for (let step = 0; step < 3; step++) await at.page.keyboard.press('ArrowRight');
    await at.drawn(id, ({ frame }) => frame!.frame === 5);
    await overlayShown(id);
    expect(await overlay()).not.toEqual(first);

    // The strongest cell of the outside source is where most light is.
    const { bytes, name } = await openLibrary(runs).checkpoint(id);
    const mind = await openMind(bytes, name, { seed: 3, mode: 'sampled', maxSteps: 1000 });
    const { saliency } = await mind.look(5);
    const strongest = saliency.logProb.reduce(
      (best, change, cell) => (Math.abs(change) > Math.abs(saliency.logProb[best]) ? cell : best),
      0,
    );
    const pixels = await at.screenshot(board);
    const cell = pixels.width / 10;
    const [x, y] = [(strongest % 10) * cell, Math.floor(strongest / 10) * cell];
    expect(contrast(pixels, x, y, cell, cell)).toBeGreaterThan(20);
    const words = await at.page.textContent('.mind .words');
    expect(words).toContain(`(column ${(strongest % 10) + 1}, row ${Math.floor(strongest / 10) + 1})`);

    // While time passes there is none.
    await at.page.keyboard.press('p');
    await at.page.waitForSelector('.saliency', { state: 'hidden' });
  });

  test('has probabilities, value and entropy over the episode', async () => {
    const id = ids.transferred;
    await open(`#replay?id=${id}&seed=3&frame=4`);
    const { frame } = await at.drawn(id, ({ frame }) => frame!.frame === 4);
    expect(await at.page.locator('.mind').isVisible()).toBe(false);
    await at.page.keyboard.press('m');
    await at.page.waitForSelector('.mind .actions li.chosen');
    const shares = await at.page.locator('.mind .actions output').allTextContents();
    expect(shares).toEqual(frame!.probabilities!.map((share) => `${Math.round(100 * share)} %`));
    const charts = at.page.locator('.mind .line-chart');
    expect(await charts.locator('figcaption').allTextContents()).toEqual([
      expect.stringContaining(`Value ${Number(frame!.value!.toFixed(2))}`),
      expect.stringMatching(/^Entropy \d+ %$/),
    ]);
    for (const path of await charts.locator('path').all()) expect(await path.getAttribute('d')).toMatch(/^M.*L/);
    // Pressed in its middle, a chart leads there.
    const plot = (await charts.first().locator('.plot').boundingBox())!;
    await at.page.mouse.click(plot.x + plot.width / 2, plot.y + plot.height / 2);
    const middle = Math.round((await at.snapshot(id))!.time.end / 2 - 0.5);
    await at.drawn(id, ({ frame }) => Math.abs(frame!.frame - middle) <= 1);
  });

  test('shows which layers came from where, and filters before and after', async () => {
    await open(`#compare?ids=${ids.scratch},${ids.transferred}&seed=3&frame=0&step=512`);
    await at.drawn(ids.transferred, ({ frame }) => frame!.frame === 0);
    await at.page.keyboard.press('m');
    const mind = at.page.locator(`[data-match="${ids.transferred}"] .mind`);
    await mind.locator('.plan-picture').waitFor();
    expect(await mind.locator('.plan-picture').getAttribute('aria-label')).toContain('From space-invaders to breakout');
    const origins = await mind
      .locator('.plan-picture [data-tensor]')
      .evaluateAll((all) => all.map((box) => [box.getAttribute('data-tensor'), box.classList[1]]));
    expect(origins).toContainEqual(['stem/kernel', 'mapped']);
    expect(origins).toContainEqual(['trunk/0/kernel', 'copied']);
    expect(origins).toContainEqual(['heads/value/kernel', 'fresh']);
    expect(await mind.locator('.plan-picture .ribbon.mapped').first().locator('path').count()).toBe(2);
    expect(await mind.locator('.matches-text').textContent()).toContain('paddle ← cannon');

    const channels = mind.locator('.filters li');
    expect(await channels.evaluateAll((all) => all.map((row) => row.dataset['channel']))).toEqual([
      'paddle',
      'ball',
      'trail',
      'brick',
    ]);
    expect(await channels.first().locator('canvas').count()).toBe(2);
    const labels = await channels
      .first()
      .locator('canvas')
      .evaluateAll((all) => all.map((canvas) => canvas.ariaLabel));
    expect(labels).toEqual([
      expect.stringContaining('paddle after 0 steps'),
      expect.stringContaining('paddle after 512 steps'),
    ]);
    const scratch = at.page.locator(`[data-match="${ids.scratch}"] .mind`);
    await scratch.getByText('it learned from scratch').waitFor();
  });

  test('of a game of features has bars by name', async () => {
    await open('#replay?id=zoo:cartpole&frame=3');
    await at.drawn('zoo:cartpole', ({ frame }) => frame!.frame === 3);
    await at.page.keyboard.press('v');
    const names = at.page.locator('.raw [data-feature]');
    expect(await names.evaluateAll((all) => all.map((row) => row.dataset['feature']))).toEqual([
      'cart_position',
      'cart_velocity',
      'pole_angle',
      'pole_velocity',
    ]);
    expect(new Set(await names.locator('output').allTextContents()).size).toBeGreaterThan(1);
    await at.page.keyboard.press('v');
    await at.page.keyboard.press('s');
    await overlayShown('zoo:cartpole');
    expect(await at.page.locator('.saliency li').count()).toBe(4);
    expect(await at.page.textContent('.mind .words')).toMatch(/Most for “(left|right)”/);
  });

  test('does not hide what it sees in a match that plays live', async () => {
    const bytes = freshPolicy('freeway', 0);
    const latest = async (after: number) => (after < 0 ? { step: 0, bytes } : null);
    await at.open({ matches: [{ id: 'live', label: 'live', env: 'freeway', latest }] });
    await at.drawn('live', ({ frame }) => frame!.frame > 1);
    await at.page.keyboard.press('v');
    const names = await at.page
      .locator('.raw figure')
      .evaluateAll((all) => all.map((plane) => plane.dataset['channel']));
    expect(names.slice(0, 2)).toEqual(['chicken', 'car']);
    const cars = () => at.page.evaluate<string>(`document.querySelector('[data-channel="car"] canvas').toDataURL()`);
    const before = await cars();
    await at.frameAfter('live', (await at.frameOf('live')) + 3);
    await expect.poll(cars, { timeout: 10_000 }).not.toBe(before);
    await at.page.getByRole('button', { name: 'What it sees' }).click();
    await at.page.waitForSelector('.raw', { state: 'hidden' });
  });
});
