import { describe, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import { hasBrowser } from './browser.ts';
import { countColours, difference } from './pixels.ts';
import { freshPolicy } from '../live/fresh-policy.ts';
import { useViewerPage } from './viewer-page.ts';

const ID = 'zoo:breakout';
const BOARD = `[data-match="${ID}"] .board`;

describe.skipIf(!hasBrowser())('a replay in a browser', () => {
  const at = useViewerPage();
  const openReplay = (query = `id=${ID}`, size?: { width: number; height: number }) =>
    at.open({ library: openLibrary(null) }, size, `#replay?${query}`);
  const time = async () => (await at.snapshot(ID))!.time;
  const press = (key: string) => at.page.keyboard.press(key);

  test('plays an episode, pauses, steps back and forward', async () => {
    await openReplay();
    await at.drawn(ID, ({ frame }) => frame!.step > 5);
    expect(countColours(await at.screenshot(BOARD))).toBeGreaterThan(30);
    await at.page.getByRole('button', { name: 'Pause' }).click();
    const stood = (await at.drawn(ID, ({ info }) => info.state === 'paused')).time.index;
    await at.page.waitForTimeout(400);
    const before = await at.screenshot(BOARD);
    expect((await time()).index).toBe(stood);
    for (let i = 0; i < 3; i++) await press('ArrowLeft');
    const { frame } = await at.drawn(ID, ({ time }) => time.index === stood - 3);
    expect(frame!.step).toBe(stood - 3);
    await expect
      .poll(async () => difference(before, await at.screenshot(BOARD)), { timeout: 10_000 })
      .toBeGreaterThan(0.001);
    await at.page.getByRole('button', { name: 'Step forward' }).click();
    await at.drawn(ID, ({ time }) => time.index === stood - 2);
    await press('p');
    await at.frameAfter(ID, stood + 5);
  });

  test('opens at the frame of a link, and shows exactly that', async () => {
    await openReplay(`id=${ID}&seed=3&frame=100`);
    const { frame, time: at100, sprites } = await at.drawn(ID, ({ time }) => time.index === 100);
    expect([frame!.step, at100.isPlaying]).toEqual([100, false]);
    const first = await at.screenshot(BOARD);
    await press('Home');
    await press('ArrowRight');
    await at.until('location.hash.endsWith("frame=1")');
    for (const key of ['End', 'Home']) await press(key);
    // Whatever was on show before: the link of a paused frame leads to that frame.
    await at.page.getByRole('slider', { name: 'Time' }).fill('100');
    await at.until('location.hash.endsWith("frame=100")');
    const link: string = await at.page.evaluate('location.href');
    await at.page.goto('about:blank');
    await at.page.goto(link);
    const again = await at.drawn(ID, ({ time }) => time.index === 100);
    expect(again.frame).toEqual(frame);
    expect(again.sprites).toEqual(sprites);
    expect(difference(first, await at.screenshot(BOARD))).toBeLessThan(0.02);
  });

  test('changes its address only where its time bar comes to rest', async () => {
    await openReplay(`id=${ID}&seed=3&frame=0`);
    await at.until('location.hash.includes("mode=sampled")');
    await at.page.evaluate(`{
      window.changes = 0;
      const { replaceState } = history;
      history.replaceState = (...given) => {
        changes++;
        replaceState.apply(history, given);
      };
      const bar = document.querySelector('input[aria-label="Time"]');
      for (let frame = 1; frame <= 60; frame++) {
        bar.value = frame;
        bar.dispatchEvent(new Event('input'));
      }
    }`);
    await at.until('location.hash.endsWith("frame=60")');
    expect(await at.page.evaluate('changes')).toBe(1);
  });

  test('goes as fast as it is told, and in a circle', async () => {
    await openReplay();
    await at.drawn(ID, ({ frame }) => frame!.step > 1);
    await at.page.getByLabel('Speed').selectOption('64');
    const { end } = await time();
    const startedMs = performance.now();
    await at.drawn(ID, ({ time }) => time.index === end - 1);
    // At speed 1 it would take as long as this many frames at 12 a second.
    expect(performance.now() - startedMs).toBeLessThan(((end - 1) / 12) * 1000 * 0.5);
    await at.drawn(ID, ({ time }) => !time.isPlaying);
    await at.page.getByRole('button', { name: 'Loop' }).click();
    for (let i = 0; i < 3; i++) await press('[');
    await press('p');
    await at.drawn(ID, ({ time }) => time.isPlaying && time.speed === 8 && time.index < end / 2);
    await press('End');
    await at.drawn(ID, ({ time }) => time.isPlaying && time.index < end / 2);
  });

  test('another episode has another end of its own, and its link', async () => {
    await openReplay(`id=${ID}&seed=5`);
    await at.drawn(ID, ({ frame }) => frame!.step > 1);
    // A letter is the same under Caps Lock.
    await press('N');
    await at.until('location.hash.includes("seed=6")');
    await at.page.getByLabel('How the agent acts').selectOption('greedy');
    await at.until('location.hash.includes("mode=greedy")');
    await at.drawn(ID, ({ frame }) => frame!.step > 1);
  });

  test('says what cannot be replayed', async () => {
    await openReplay('id=zoo:nothing');
    await at.until('document.querySelector(".overlay")?.textContent.includes("can’t be replayed")');
    expect(await at.page.textContent('.overlay')).toContain('zoo:nothing');
    // The browser itself reports the 404.
    at.complaints = at.complaints.filter((text) => !text.includes('404'));
  });

  test('takes what an address says wrongly for not said', async () => {
    await openReplay(`id=${ID}&step=x&seed=-1&mode=best&frame=1e3`);
    await at.drawn(ID, ({ frame, time }) => frame!.step > 1 && time.isPlaying);
  });

  test('fits a phone', async () => {
    await openReplay(`id=${ID}&frame=40`, { width: 390, height: 844 });
    await at.drawn(ID, ({ time }) => time.index === 40);
    expect(await at.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    const bar = (await at.page.locator('.transport').boundingBox())!;
    expect(bar.y + bar.height).toBeLessThanOrEqual(844);
    // No word on a key is cut off.
    const cut = await at.page
      .locator('.replay .controls > *')
      .evaluateAll((keys) => keys.filter((key) => key.scrollWidth > key.clientWidth).map((key) => key.textContent));
    expect(cut).toEqual([]);
  });
});

describe.skipIf(!hasBrowser())('the time of a live match', () => {
  const at = useViewerPage();
  const agent = {
    id: 'a',
    label: 'an agent',
    env: 'breakout',
    latest: async (after: number) => (after < 9 ? { step: 9, bytes: freshPolicy('breakout', 9) } : null),
  };

  test('is the page’s own: it steps back while the match goes on, and returns', async () => {
    await at.open({ matches: [agent] });
    await at.drawn('a', ({ frame }) => frame!.frame > 15);
    const other = await at.browser.newPage();
    await other.goto(at.viewer.url);
    await at.page.keyboard.press('p');
    const stood = await at.frameOf('a');
    for (let i = 0; i < 5; i++) await at.page.keyboard.press('ArrowLeft');
    const back = await at.drawn('a', ({ time }) => time.behind >= 24);
    expect(back.frame!.frame).toBe(stood - 5);
    expect(await at.page.textContent('.live-badge')).toMatch(/^\d+ s behind live$/);
    // Nobody else has been held up.
    await expect
      .poll(async () => Number(await other.getAttribute('[data-match="a"]', 'data-frame')), { timeout: 10_000 })
      .toBeGreaterThan(stood + 10);
    expect(await other.getAttribute('[data-match="a"]', 'data-state')).toBe('playing');
    await other.close();
    // It catches up by its speed, without a gap.
    await at.page.getByLabel('Speed').selectOption('8');
    await at.page.keyboard.press('p');
    await at.drawn('a', ({ time }) => time.isFollowing);
    await at.page.keyboard.press('Home');
    expect((await at.drawn('a', ({ time }) => time.behind > 0)).time.isFollowing).toBe(false);
    await at.page.locator('.live-badge').click();
    await at.drawn('a', ({ time, frame }) => time.isFollowing && frame!.frame > stood + 20);
    expect(await at.page.textContent('.live-badge')).toBe('Live');
  });
});
