import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import { lobbyMatches } from '../../src/live/lobby-matches.ts';
import type { MatchSource } from '../../src/live/match-source.ts';
import { DUEL } from '../../src/live/protocol.ts';
import { freshPolicy } from '../live/fresh-policy.ts';
import { storeStudy } from '../live/stored-study.ts';
import { makeTinyStudy } from '../live/tiny-library.ts';
import { hasBrowser } from './browser.ts';
import { seriousFaults } from './faults.ts';
import { useViewerPage } from './viewer-page.ts';

const agent = (id: string, env: string, arm?: string): MatchSource => ({
  id,
  label: `${env} ${arm ?? 'agent'}`,
  arm,
  env,
  latest: async (after) => (after < 84_000 ? { step: 84_000, bytes: freshPolicy(env, 84_000) } : null),
});

describe.skipIf(!hasBrowser())('who uses keys, a screen reader or less motion', () => {
  const at = useViewerPage();
  let runs: string;
  let stored: string;
  let ids: Awaited<ReturnType<typeof makeTinyStudy>>;
  beforeAll(async () => {
    runs = await mkdtemp(join(tmpdir(), 'ngplus-access-'));
    stored = await mkdtemp(join(tmpdir(), 'ngplus-access-stored-'));
    ids = await makeTinyStudy(runs);
    await storeStudy(join(stored, 'study'), { isFinished: true });
  });
  afterAll(() => Promise.all([runs, stored].map((folder) => rm(folder, { recursive: true }))));

  const openRuns = (hash: string) => at.open({ library: openLibrary(runs) }, { width: 1280, height: 900 }, hash);
  const faults = () => seriousFaults(at.page);

  describe('finds no serious fault, as axe-core sees it,', () => {
    test('in live matches', async () => {
      await at.open({
        library: openLibrary(runs),
        matches: [
          agent('a', 'breakout', 'scratch'),
          agent('b', 'asterix', 'transferred'),
          agent('c', 'freeway', 'source'),
          agent('d', 'cartpole'),
          agent('e', 'breakout', 'scratch'),
          { id: 'w', label: 'late', env: 'breakout', latest: async () => null },
        ],
        status: { caption: 'Learned Asterix, now learning Breakout.' },
      });
      at.viewer.setStatus({
        caption: 'Done.',
        verdict: 'Transfer needed 40 % fewer steps.',
        report: '/report',
        curvesTitle: 'return on breakout',
        curves: [
          {
            label: 'scratch',
            arm: 'scratch',
            points: [
              [0, 1, 0, 2],
              [1000, 5, 3, 8],
            ],
          },
        ],
        jobs: [
          { id: '1', label: 'seed 1', arm: 'scratch', state: 'running', progress: 0.25 },
          { id: '2', label: 'seed 2', arm: 'transferred', state: 'failed', progress: 0.5 },
        ],
      });
      for (const id of ['a', 'b', 'c', 'd']) await at.drawn(id, ({ frame }) => frame!.frame > 2);
      await at.page.waitForSelector('.curves svg path', { state: 'attached' });
      expect(await faults()).toEqual([]);
      // On every arm's colour an action of probability 1 can be read, too.
      for (const id of ['a', 'b', 'c', 'd'])
        await at.page.locator(`[data-match="${id}"]`).getByRole('button', { name: 'Pause (P)' }).first().click();
      await at.page.evaluate(`document.querySelectorAll('.key').forEach((key) => {
        key.style.setProperty('--share', '1');
        key.querySelector('.share').textContent = '100';
      })`);
      await at.page.locator('[data-match="b"]').getByRole('button', { name: 'What it sees' }).click();
      await at.page.locator('[data-match="d"]').getByRole('button', { name: 'What it sees' }).click();
      expect(await faults()).toEqual([]);
    });

    test('in a match that keys play', async () => {
      await at.open({ matches: [{ id: 'play', label: 'You', driver: 'keys', env: 'freeway?sticky=0' }] });
      await at.drawn('play', ({ info }) => info.state === 'ready');
      expect(await faults()).toEqual([]);
      await at.page.keyboard.press('ArrowUp');
      await at.drawn('play', ({ frame }) => frame!.frame > 2);
      expect(await faults()).toEqual([]);
    });

    test('in the lobby', async () => {
      const library = openLibrary(runs);
      await at.open({ library, home: 'lobby', matches: lobbyMatches(library, runs) });
      await at.drawn('zoo:breakout', ({ frame }) => frame !== null);
      expect(await faults()).toEqual([]);
      await at.page.getByRole('searchbox').fill('nobody like this');
      await at.page.waitForSelector('.lobby-notice:not([hidden])');
      expect(await faults()).toEqual([]);
    });

    test('in a replay with the mind open', async () => {
      await openRuns(`#replay?id=${ids.transferred}&seed=3&frame=2`);
      await at.drawn(ids.transferred, ({ frame }) => frame!.frame === 2);
      await at.page.keyboard.press('m');
      await at.page.keyboard.press('s');
      await at.page.waitForSelector('.plan-picture');
      await at.page.waitForSelector('.saliency:not([hidden])');
      expect(await faults()).toEqual([]);
    });

    test('in a comparison with the minds open', async () => {
      await openRuns('#compare?seed=3&frame=5');
      await at.drawn(ids.scratch, ({ frame }) => frame !== null);
      expect(await faults()).toEqual([]);
      await at.page.keyboard.press('m');
      await at.page.waitForSelector('.plan-picture');
      expect(await faults()).toEqual([]);
    });

    test('in the dashboard', async () => {
      await at.open({ library: openLibrary(stored) }, { width: 1400, height: 1000 }, '#dashboard');
      await at.page.waitForSelector('.runs table');
      await at.page.getByRole('button', { name: /^freeway to breakout/ }).click();
      await at.page.locator('.runs tbody button').first().click();
      await at.page.locator('.curves-panel summary').click();
      await at.page.waitForSelector('.curves-panel tbody button');
      expect(await faults()).toEqual([]);
    });

    test('in a duel, and in the choice of one', async () => {
      await at.open({ library: openLibrary(null), matches: [] }, undefined, '#play?');
      await at.page.waitForSelector('.opponents a');
      expect(await faults()).toEqual([]);
      await at.page.getByRole('link', { name: /freeway/ }).click();
      await at.drawn(DUEL.you, ({ info }) => info.state === 'ready');
      expect(await faults()).toEqual([]);
    });
  });

  /** Goes through the page by Tab; what of its visible controls is not reached or shows no focus, and how many there are. */
  async function byTab(): Promise<{ count: number; missed: string[]; unseen: string[] }> {
    await at.page.evaluate(`document.activeElement.blur()`);
    const count = (await at.page.evaluate(`{
      const controls = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')];
      const seen = controls.filter((each) => !each.disabled && each.checkVisibility({ visibilityProperty: true }));
      seen.forEach((each) => (each.dataset.waits = ''));
      seen.length;
    }`)) as number;
    const unseen: string[] = [];
    for (let i = 0; i < count + 2; i++) {
      await at.page.keyboard.press('Tab');
      const bare = (await at.page.evaluate(`{
        const { activeElement } = document;
        delete activeElement.dataset.waits;
        const { outlineStyle, outlineWidth } = getComputedStyle(activeElement);
        const isBare = outlineStyle === 'none' || parseFloat(outlineWidth) < 2;
        activeElement === document.body || !isBare ? '' : activeElement.outerHTML.slice(0, 120);
      }`)) as string;
      if (bare !== '') unseen.push(bare);
    }
    const missed = (await at.page.evaluate(
      `[...document.querySelectorAll('[data-waits]')].map((each) => each.outerHTML.slice(0, 120))`,
    )) as string[];
    return { count, missed, unseen };
  }

  const news = () => at.page.locator('#news').textContent();

  describe('by keyboard', () => {
    test('reaches every control and sees where the focus is', async () => {
      await openRuns('#compare?seed=3&frame=5');
      await at.drawn(ids.scratch, ({ frame }) => frame !== null);
      await at.page.keyboard.press('m');
      await at.page.waitForSelector('.plan-picture');
      const compare = await byTab();
      expect(compare).toMatchObject({ missed: [], unseen: [] });
      expect(compare.count).toBeGreaterThan(20);
      for (const [hash, ready] of [
        [`#replay?id=${ids.transferred}&seed=3&frame=2`, '.replay:has(.take-over[href]) .training:not([hidden])'],
        ['#lobby', '[data-agent]'],
        ['#dashboard', '.runs table'],
        ['#play', '.opponents a'],
      ]) {
        await at.page.evaluate(`location.hash = '${hash}'`);
        await at.page.waitForSelector(ready);
        expect(await byTab(), hash).toMatchObject({ missed: [], unseen: [] });
      }
    });

    test('skips to the main part, and stays on a link of the navigation', async () => {
      await openRuns('#lobby');
      await at.page.waitForSelector('[data-agent]');
      await at.page.keyboard.press('Tab');
      expect(await at.page.evaluate('document.activeElement.textContent')).toBe('Skip to the main part');
      expect(await at.page.locator('#skip').boundingBox()).toMatchObject({ y: expect.closeTo(6, 0) });
      await at.page.keyboard.press('Enter');
      expect(await at.page.evaluate('document.activeElement.id')).toBe('view');
      expect(await at.page.evaluate('location.hash')).toBe('#lobby');
      await at.page.getByRole('link', { name: 'Compare', exact: true }).focus();
      await at.page.keyboard.press('Enter');
      await at.page.waitForSelector('.compare');
      expect(await at.page.evaluate('document.activeElement.textContent')).toBe('Compare');
      expect(await at.page.locator('nav [aria-current]').textContent()).toBe('Compare');
      expect(await at.page.title()).toBe('Compare · New Game+');
    });

    test('is in the main part where the link that was followed has gone', async () => {
      await openRuns('#lobby?kind=zoo');
      await at.page.waitForSelector('[data-agent]');
      await at.page.keyboard.press('ArrowRight');
      await at.page.keyboard.press('Enter');
      await at.page.waitForSelector('.replay');
      expect(await at.page.evaluate('document.activeElement.id')).toBe('view');
    });

    test('is told the keys of the view by ?, and closes them by Escape', async () => {
      await openRuns('#compare?seed=3&frame=5');
      await at.drawn(ids.scratch, ({ frame }) => frame !== null);
      const button = at.page.getByRole('button', { name: 'Keys (?)' });
      await button.focus();
      await at.page.keyboard.press('?');
      const dialog = at.page.getByRole('dialog', { name: 'Keys' });
      expect(await dialog.textContent()).toContain('to the first different action');
      expect(await faults()).toEqual([]);
      // The page behind it hears nothing.
      await at.page.keyboard.press('n');
      expect(await at.page.textContent('.comparison .small')).toContain('no. 3');
      await at.page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(await at.page.evaluate('document.activeElement.id')).toBe('keys');
      await at.page.keyboard.press('Enter');
      await dialog.getByRole('button', { name: 'Close' }).click();
      await dialog.waitFor({ state: 'detached' });
    });

    test('presses the keys of the pad', async () => {
      await at.open({ matches: [{ id: 'play', label: 'You', driver: 'keys', env: 'freeway?sticky=0' }] });
      const start = await at.drawn('play', ({ info }) => info.state === 'ready');
      const row = (match: typeof start) => match.sprites.find(({ role }) => role === 'self')!.y;
      await at.page.getByRole('button', { name: 'up', exact: true }).focus();
      await at.page.keyboard.down('Enter');
      await at.drawn('play', (match) => row(match) < row(start) - 1.5);
      await at.page.keyboard.up('Enter');
    });
  });

  describe('by screen reader', () => {
    test('hears what is on a board, where it stands and on demand', async () => {
      await openRuns(`#replay?id=${ids.transferred}&seed=3&frame=2`);
      await at.drawn(ids.transferred, ({ frame }) => frame!.frame === 2);
      const board = at.page.getByRole('img', { name: 'The board of breakout, a replay' });
      const description = () =>
        board.evaluate((element) => {
          const id = element.getAttribute('aria-describedby')!;
          return element.ownerDocument.getElementById(id)!.textContent;
        });
      const stood = await description();
      expect(stood).toMatch(
        /^Episode 1, step 2, return 0. Next action: \w+. 10 rows, 10 columns. paddle \(self\): row 10, column/,
      );
      expect(stood).toContain(
        'brick (target): row 2, columns 1 to 10; row 3, columns 1 to 10; row 4, columns 1 to 10.',
      );
      const { sprites } = (await at.snapshot(ids.transferred))!;
      const ball = sprites.find(({ name }) => name === 'ball')!;
      expect(stood).toContain(`ball: row ${ball.y + 0.5}, column ${ball.x + 0.5}.`);
      await at.page.keyboard.press('ArrowRight');
      await at.drawn(ids.transferred, ({ frame }) => frame!.frame === 3);
      expect(await description()).toMatch(/^Episode 1, step 3,/);
      expect(await news()).toBe('');
      await at.page.keyboard.press('r');
      expect(await news()).toBe(await description());
    });

    test('hears how a live match goes, now and then, and reads its board by a key', async () => {
      await at.open({ matches: [agent('a', 'breakout'), agent('b', 'asterix')] });
      await at.drawn('a', ({ frame }) => frame!.frame > 2);
      await at.page.evaluate(`{
        window.heard = [];
        new MutationObserver(() => heard.push([performance.now(), document.getElementById('news').textContent])).observe(
          document.getElementById('news'),
          { childList: true },
        );
      }`);
      await at.until('heard.length > 1');
      const heard = (await at.page.evaluate('heard')) as [number, string][];
      // Of the first match alone, never in a rush.
      for (const [, sentence] of heard)
        expect(sentence).toMatch(/^breakout agent: (Episode \d+ (is over, return|begins)|\d+ gained)/);
      expect(heard[1][0] - heard[0][0]).toBeGreaterThan(2500);
      await at.page.locator('[data-match="b"]').getByRole('button', { name: 'Describe the board (R)' }).focus();
      // While it stands, nobody else says anything.
      await at.page.keyboard.press('p');
      await at.page.keyboard.press('Enter');
      expect(await news()).toMatch(/^Episode \d+, step \d+, .* player \(self\): row/);
    });
  });

  test('who wants less motion sees things jump from cell to cell, with no effects', async () => {
    await at.open({ matches: [] });
    await at.page.emulateMedia({ reducedMotion: 'reduce' });
    at.viewer.addMatch(agent('a', 'asterix'));
    await at.drawn('a', ({ frame }) => frame!.step > 3);
    const places = (await at.page.evaluate(`new Promise((resolve) => {
      const places = new Set();
      const until = performance.now() + 2500;
      const look = () => {
        for (const { x, y } of __ngplus.match('a').sprites) places.add(x % 1).add(y % 1);
        if (performance.now() < until) requestAnimationFrame(look);
        else resolve([...places]);
      };
      look();
    })`)) as number[];
    expect(places).toEqual([0.5]);
    expect(await at.page.evaluate('document.getAnimations().length')).toBe(0);
    // And as a check of the check: others see them glide.
    await at.page.emulateMedia({ reducedMotion: 'no-preference' });
    await at.until(`__ngplus.match('a').sprites.some(({ x, y }) => x % 1 !== 0.5 || y % 1 !== 0.5)`);
  });
});
