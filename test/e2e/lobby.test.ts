import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import { lobbyMatches } from '../../src/live/lobby-matches.ts';
import type { MatchSource } from '../../src/live/match-source.ts';
import { startViewer, type ViewerOptions } from '../../src/live/server.ts';
import { freshPolicy } from '../live/fresh-policy.ts';
import { hasBrowser } from './browser.ts';
import { countColours, difference } from './pixels.ts';
import { useViewerPage } from './viewer-page.ts';

interface RunFiles {
  readonly env?: string;
  readonly steps?: readonly number[];
  readonly isFinished?: boolean;
  readonly config?: object;
}

/** A run's folder, with untrained weights. */
async function makeRun(folder: string, { env = 'breakout', steps = [], isFinished = true, config }: RunFiles) {
  await mkdir(join(folder, 'checkpoints'), { recursive: true });
  const whole = { env, algorithm: 'ppo', seed: 7, totalTimesteps: 1000, modules: [], ...config };
  await writeFile(join(folder, 'config.json'), JSON.stringify(whole));
  const rows = steps.map((step, i) => JSON.stringify({ step, mean: i * 2 }));
  await writeFile(join(folder, 'evaluations.jsonl'), rows.join('\n'));
  for (const step of steps) {
    const name = `${String(step).padStart(12, '0')}.safetensors`;
    await writeFile(join(folder, 'checkpoints', name), freshPolicy(env, step, step));
  }
  if (isFinished) await writeFile(join(folder, 'result.json'), '{}');
}

async function makeStudy(folder: string, runs: Readonly<Record<string, RunFiles & { readonly arm: string }>>) {
  for (const [id, run] of Object.entries(runs)) await makeRun(join(folder, 'jobs', id), run);
  const jobs = Object.entries(runs).map(([id, { arm }]) => ({ id, arm }));
  await writeFile(join(folder, 'study.json'), JSON.stringify({ jobs }));
}

describe.skipIf(!hasBrowser())('the lobby in a browser', () => {
  const at = useViewerPage();
  let root: string;
  let many: string;
  /** Removed when the last page is closed: one that is open reads. */
  const folders: string[] = [];
  async function newFolder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'ngplus-lobby-'));
    folders.push(made);
    return made;
  }
  beforeAll(async () => {
    root = await newFolder();
    many = await newFolder();
    await makeRun(join(root, 'alone'), { env: 'asterix', steps: [0, 500, 1000], config: { label: 'the lone one' } });
    await makeStudy(join(root, 'study'), {
      s0: { arm: 'source', env: 'freeway', steps: [1000] },
      t0: { arm: 'transfer', steps: [1000] },
    });
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    await Promise.all(numbers.map((i) => makeRun(join(many, `run-${i}`), { steps: i < 30 ? [1000] : [] })));
  });
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  async function openLobby(folder = root, size?: { width: number; height: number }, hash = '', rest?: ViewerOptions) {
    const library = openLibrary(folder);
    await at.open({ library, home: 'lobby', matches: lobbyMatches(library, folder), ...rest }, size, hash);
    await at.page.waitForSelector('[data-agent]');
  }
  const agents = (): Promise<string[]> =>
    at.page.locator('[data-agent]').evaluateAll((cards) => cards.map((card) => card.dataset['agent']!));
  const address = (): Promise<string> => at.page.evaluate('location.hash');

  test('shows every agent, in its group, on a board that plays', async () => {
    await openLobby();
    expect(await at.page.textContent('.navigation [aria-current]')).toBe('Lobby');
    const groups = await at.page.locator('.group h2').allTextContents();
    expect(groups.toSorted()).toEqual(['Runs', 'Study study', 'The zoo']);
    expect(await agents()).toEqual(expect.arrayContaining(['alone', 'study/jobs/s0', 'study/jobs/t0', 'zoo:seaquest']));
    const card = at.page.locator('[data-agent="study/jobs/t0"]');
    expect(await card.locator('.mark').textContent()).toBe('●');
    expect(await at.page.textContent('[data-agent="alone"]')).toContain('the lone one');
    await at.drawn('alone', ({ time }) => time.index > 2);
    const board = '[data-agent="alone"] .board';
    const before = await at.screenshot(board);
    expect(countColours(before)).toBeGreaterThan(20);
    const { index } = (await at.snapshot('alone'))!.time;
    await at.drawn('alone', ({ time }) => time.index > index + 4 || time.index < index);
    await expect
      .poll(async () => difference(before, await at.screenshot(board)), { timeout: 10_000 })
      .toBeGreaterThan(0.002);
    expect(await at.page.locator('.agent .board').count()).toBeLessThanOrEqual(12);
  });

  test('finds by words and by choice, keeps that in its address, and says how to begin anew', async () => {
    await openLobby();
    await at.page.keyboard.press('/');
    await at.page.keyboard.type('STUDY freeway');
    await at.until('document.querySelectorAll("[data-agent]").length === 1');
    expect(await agents()).toEqual(['study/jobs/s0']);
    await at.until(`location.hash === '#lobby?search=STUDY+freeway'`);
    await at.page.reload();
    await at.page.waitForSelector('[data-agent]');
    expect(await agents()).toEqual(['study/jobs/s0']);
    await at.page.getByLabel('Search').fill('');
    await at.page.getByLabel('Game').selectOption('asterix');
    await at.page.getByLabel('Kind').selectOption('run');
    expect(await agents()).toEqual(['alone']);
    await at.until(`location.hash === '#lobby?game=asterix&kind=run'`);
    await at.page.getByLabel('State').selectOption('running');
    expect(await agents()).toEqual([]);
    await at.page.getByRole('button', { name: 'Clear the filters' }).click();
    expect((await agents()).length).toBeGreaterThan(6);
    await at.until(`location.hash === '#lobby'`);
  });

  test('leads by keyboard to a replay, and there to what the agent did earlier in its training', async () => {
    await openLobby(root, undefined, '#lobby?kind=run');
    await at.page.keyboard.press('ArrowRight');
    expect(await at.page.evaluate('document.activeElement.dataset.agent')).toBe('alone');
    expect(await at.page.evaluate('document.activeElement.matches(":focus-visible")')).toBe(true);
    await at.page.keyboard.press('Enter');
    await at.page.waitForSelector('body[data-view="replay"]');
    await at.drawn('alone', ({ frame }) => frame!.trainingStep === 1000);
    await at.page.getByLabel('Training step').press('ArrowLeft');
    await at.drawn('alone', ({ frame }) => frame!.trainingStep === 500);
    await at.until('location.hash.includes("step=500")');
    // On the curve, too.
    await at.page.locator('.training .small-curve').click({ position: { x: 3, y: 20 } });
    await at.drawn('alone', ({ frame }) => frame!.trainingStep === 0);
    await at.page.goBack();
    await at.page.waitForSelector('body[data-view="lobby"]');
  });

  test('arrows go as the cards lie', async () => {
    await openLobby(root, { width: 700, height: 900 }, '#lobby?kind=zoo');
    const focused = async (key: string) => {
      await at.page.keyboard.press(key);
      return at.page.evaluate<number>('[...document.querySelectorAll("[data-agent]")].indexOf(document.activeElement)');
    };
    // Two cards in a row.
    expect(await focused('ArrowDown')).toBe(0);
    expect(await focused('ArrowRight')).toBe(1);
    expect(await focused('ArrowDown')).toBe(3);
    expect(await focused('ArrowLeft')).toBe(2);
    expect(await focused('ArrowUp')).toBe(0);
  });

  test('shows what trains now in large, and takes in what begins later', async () => {
    const later = await newFolder();
    await openLobby(later);
    expect(await at.page.isVisible('.hero')).toBe(false);
    await makeRun(join(later, 'now'), { env: 'freeway', steps: [0], isFinished: false });
    await at.page.waitForSelector('.hero [data-match="now"]');
    await at.drawn('now', ({ frame }) => frame!.frame > 5);
    await at.page.waitForSelector('[data-agent="now"][data-state="running"]');
    expect(await at.page.textContent('#caption')).toContain('1 training');
    // Space is a heading's own key, though it pauses the large match elsewhere.
    await at.page.locator('.group summary').first().focus();
    await at.page.keyboard.press('Space');
    await at.page.waitForSelector('.group:not([open])');
    expect((await at.snapshot('now'))!.time.isPlaying).toBe(true);
    await at.page.keyboard.press('Space');
    // Its card leads to the match itself.
    await at.page.locator('[data-agent="now"]').click();
    await at.page.waitForSelector('body[data-view="live"]');
    expect(await address()).toBe('#live?match=now');
    await at.drawn('now', ({ frame }) => frame!.frame > 5);
    expect(await at.page.locator('[data-match]').count()).toBe(1);
  });

  test('watches on after a break, in large and on cards', async () => {
    const folder = await newFolder();
    const ids = ['one', 'two'];
    const latest = async (after: number) => (after < 0 ? { step: 0, bytes: freshPolicy('freeway', 0) } : null);
    for (const id of ids) await makeRun(join(folder, id), { env: 'freeway', steps: [0], isFinished: false });
    const matches = ids.map((id) => ({ id, label: id, env: 'freeway', latest }));
    await openLobby(folder, undefined, '', { matches });
    for (const id of ids) await at.drawn(id, ({ frame }) => frame!.frame > 2);
    const { port } = at.viewer;
    await at.viewer.close();
    await at.page.waitForSelector('body[data-connection="lost"]');
    const before = await Promise.all(ids.map(async (id) => (await at.snapshot(id))!.frame!.frame));
    at.viewer = await startViewer({ port, root: at.root, library: openLibrary(folder), home: 'lobby', matches });
    for (const [i, id] of ids.entries()) await at.drawn(id, ({ frame }) => frame!.frame !== before[i]);
    // The browser itself reports each failed attempt to reconnect.
    at.complaints = at.complaints.filter((text) => !/WebSocket connection|ERR_CONNECTION_REFUSED/.test(text));
  });

  test('lets go of the keys that play its large match', async () => {
    const matches: MatchSource[] = [{ id: 'play', label: 'You', driver: 'keys', env: 'freeway?sticky=0' }];
    await openLobby(root, undefined, '#lobby', { matches });
    await at.drawn('play', ({ info }) => info.state === 'ready');
    await at.page.keyboard.down('w');
    await at.page.waitForSelector('.key.up.chosen');
    await at.page.keyboard.up('w');
    await at.page.waitForSelector('.key.up:not(.chosen)');
  });

  test('says what could not be fetched, and loads the page anew', async () => {
    await openLobby();
    await at.page.route('**/assets/dashboard-*.js', (route) => route.abort());
    await at.page.getByRole('link', { name: 'Dashboard' }).click();
    await at.page.locator('#problem', { hasText: 'This view can’t be fetched' }).waitFor();
    await at.page.unroute('**/assets/dashboard-*.js');
    await at.page.getByRole('button', { name: 'Reload' }).click();
    await at.page.waitForSelector('.dashboard');
    expect(await at.page.isVisible('#problem')).toBe(false);
    // Nor does a board that can't be drawn go unmentioned.
    await at.page.route('**/assets/canvas-boards-*.js', (route) => route.abort());
    await at.page.getByRole('link', { name: 'Lobby' }).click();
    await at.page.locator('#problem', { hasText: 'The boards can’t be drawn' }).waitFor();
    // The browser itself reports what it can't load.
    at.complaints = at.complaints.filter((text) => !text.includes('ERR_FAILED'));
  });

  test('of a thousand runs is quick, and shows more when it is asked', async () => {
    const startedMs = performance.now();
    await openLobby(many);
    expect(performance.now() - startedMs).toBeLessThan(30_000);
    expect(await at.page.textContent('.filters .count')).toMatch(/^10\d\d agents$/);
    const runs = at.page.locator('[data-group="run"] [data-agent]');
    expect(await runs.count()).toBe(24);
    await at.page.getByRole('button', { name: 'Show 24 more of' }).click();
    expect(await runs.count()).toBe(48);
    const searchedMs = performance.now();
    await at.page.getByLabel('Search').fill('run-777');
    await at.until('document.querySelectorAll("[data-agent]").length === 1');
    expect(performance.now() - searchedMs).toBeLessThan(10_000);
    await at.page.getByLabel('Search').fill('');
    await at.until('document.querySelectorAll(".agent .board").length > 3');
    await at.page.evaluate('window.scrollTo(0, 1500)');
    await at.page.waitForTimeout(500);
    expect(await at.page.locator('.agent .board').count()).toBeLessThanOrEqual(12);
  });

  test('of an empty folder shows the zoo and what to try, on a phone, too', async () => {
    await openLobby(join(root, 'nothing'), { width: 390, height: 844 });
    expect(await at.page.textContent('.lobby-notice')).toContain('ngplus train breakout');
    expect((await agents()).every((id) => id.startsWith('zoo:'))).toBe(true);
    expect(await at.page.textContent('#caption')).toContain('here is the zoo');
    expect(await at.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  test('a point of a small curve leads to the weights of that time', async () => {
    await openLobby();
    const curve = at.page.locator('[data-agent="alone"] .small-curve');
    const { width } = (await curve.boundingBox())!;
    await curve.click({ position: { x: width / 2 + 2, y: 10 } });
    await at.page.waitForSelector('body[data-view="replay"]');
    expect(await address()).toBe('#replay?id=alone&step=500');
    await at.drawn('alone', ({ frame }) => frame!.trainingStep === 500);
  });

  test('a point of a learning curve, too', async () => {
    const status = {
      caption: 'Learning.',
      curvesTitle: 'return',
      curves: [
        {
          label: 'alone',
          arm: '',
          env: 'asterix',
          points: [
            [0, 0],
            [500, 2],
            [1000, 4],
          ] as [number, number][],
        },
      ],
    };
    await openLobby(root, undefined, '#lobby', { matches: [], status });
    await at.page.getByRole('link', { name: 'Live' }).click();
    await at.page.waitForSelector('.curves svg path', { state: 'attached' });
    // The symbols of the three points, below the legend; the middle one.
    const { y: top } = (await at.page.locator('.curves').boundingBox())!;
    const symbols = async () => {
      const boxes = await at.page
        .locator('.curves svg path')
        .evaluateAll((paths) => paths.map((path) => path.getBoundingClientRect()));
      return boxes.filter(({ y, width, height }) => y > top + 40 && Math.min(width, height) > 4 && width < 14);
    };
    await expect.poll(symbols, { timeout: 10_000 }).toHaveLength(3);
    const { x, y, width, height } = (await symbols()).toSorted((a, b) => a.x - b.x)[1];
    await at.page.mouse.click(x + width / 2, y + height / 2);
    await at.until('location.hash.startsWith("#replay?id=alone&step=500")');
  });
});
