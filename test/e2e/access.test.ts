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
});
