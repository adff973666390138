import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { resolveBackend } from '../../src/engine/index.ts';
import { resolveTraining, resolveTransfer, type RunConfig } from '../../src/runs/config.ts';
import { trainRun } from '../../src/runs/run.ts';
import type { SourceCheckpoint } from '../../src/runs/training.ts';
import { hasBrowser, launchBrowser } from './browser.ts';
import { seriousFaults } from './faults.ts';
import { decodePng, difference } from './pixels.ts';
import { serveStatic } from './static-server.ts';

const STEPS = 8192;
const EVALUATIONS = 4;
const EPISODES = 5;
const SEED = 3;
const SHORT = `seed=${SEED}&steps=${STEPS}&evaluations=${EVALUATIONS}&episodes=${EPISODES}`;

/** The same three trainings as runs of Node, by the public way; the checkpoint file of each arm. */
async function trainOnNode(folder: string): Promise<Record<string, Uint8Array>> {
  const engine = await resolveBackend('wasm');
  const request = (env: string, seed: number) => ({
    env,
    seed,
    totalTimesteps: STEPS,
    evaluations: EVALUATIONS,
    evaluationEpisodes: EPISODES,
    algorithmConfig: { numSteps: 32, numMinibatches: 4 },
  });
  const run = async (arm: string, config: RunConfig, source: SourceCheckpoint | null): Promise<Uint8Array> => {
    const { checkpoint } = await trainRun(join(folder, arm), config, source);
    return readFile(join(folder, arm, checkpoint));
  };
  // The seeds of a study's first runs.
  const base = SEED * 10_000;
  const source = await run('source', resolveTraining(request('breakout?paddleWidth=2', base + 1000), engine), null);
  const target = resolveTransfer(request('breakout', base + 3000), { id: 'source', info: null }, engine);
  return {
    source,
    transferred: await run('transferred', target, { name: 'source', bytes: source }),
    scratch: await run('scratch', resolveTraining(request('breakout', base + 2000), engine), null),
  };
}

describe.skipIf(!hasBrowser())('the demo in the browser', () => {
  let browser: Browser;
  let folder: string;
  let server: Server;
  let url: string;
  let page: Page;
  let complaints: string[];
  let requests: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ngplus-web-demo-'));
    const outDir = join(folder, 'site');
    await build({ configFile: 'web/demo/vite.config.ts', logLevel: 'error', build: { outDir, emptyOutDir: true } });
    ({ url, server } = await serveStatic(outDir, '/deep/below/'));
    browser = await launchBrowser();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => ([complaints, requests] = [[], []]));
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
    const elsewhere = requests.filter((each) => !each.startsWith(url) && !/^(data|blob):/.test(each));
    expect(elsewhere).toEqual([]);
  });

  async function open(query: string, viewport = { width: 1280, height: 900 }): Promise<void> {
    page = await browser.newPage({ viewport });
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(`${url}?${query}`);
  }

  const stateIs = (state: string) =>
    page.waitForFunction(`__ngplusDemo.state === '${state}'`, null, { timeout: 250_000 });

  /** Points of the curve of an arm. */
  const points = async (colour: string): Promise<number> => {
    const paths = page.locator(`#target .curves path[stroke="${colour}"][fill="none"]`);
    const lines = await paths.evaluateAll((all) => all.map((path) => path.getAttribute('d') ?? ''));
    return Math.max(0, ...lines.map((line) => line.split(/[LC]/).length));
  };

  test('trains what runs on Node train, bit for bit, and shows it while it does', { timeout: 600_000 }, async () => {
    const { kernels } = await resolveBackend('wasm');
    const expected = await trainOnNode(join(folder, 'runs'));
    // Node may lack relaxed SIMD where the browser has it; those kernels round otherwise.
    await open(`${SHORT}${kernels.includes('simd') ? '&kernels=simd' : ''}`);
    expect(await page.evaluate('crossOriginIsolated')).toBe(false);
    expect(await page.evaluate('typeof SharedArrayBuffer')).toBe('undefined');
    await page.getByRole('button', { name: 'Start training' }).click();

    await page.waitForSelector('#plan:not([hidden])', { timeout: 120_000 });
    expect(await page.locator('#plan tbody tr').count()).toBe(8);
    expect(await page.locator('#plan tr.fresh').count()).toBe(2);
    await page.waitForSelector('#target .curves svg path', { state: 'attached', timeout: 60_000 });
    await stateIs('finished');
    expect(await page.evaluate('__ngplusDemo.kernels')).toBe(kernels);
    expect(await page.textContent('#verdict')).toMatch(/^With seed 3, .* got more/);
    expect(await page.textContent('#verdict')).toContain('One seed is an anecdote');
    expect(await page.textContent('.repeat code')).toContain("--sources 'breakout?paddleWidth=2'");

    for (const arm of ['source', 'transferred', 'scratch']) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: `${arm}.safetensors` }).click(),
      ]);
      const bytes = await readFile(await download.path());
      expect(Buffer.compare(bytes, expected[arm]), arm).toBe(0);
    }
    // The boards go on.
    const board = async () => decodePng(browser, await page.locator('[data-match="transferred"] .board').screenshot());
    const before = await board();
    const frame = Number(await page.getAttribute('[data-match="transferred"]', 'data-frame'));
    await page.waitForFunction(
      `Number(document.querySelector('[data-match="transferred"]').dataset.frame) > ${frame + 4}`,
    );
    await expect.poll(async () => difference(before, await board()), { timeout: 10_000 }).toBeGreaterThan(0.002);
  });

  test('grows its curves, waits while it is paused, and begins again', { timeout: 600_000 }, async () => {
    await open(`seed=${SEED}&steps=16384&evaluations=8&episodes=${EPISODES}`);
    await page.getByRole('button', { name: 'Start training' }).click();
    await page.waitForFunction(`document.querySelectorAll('#plan tr.copied').length === 6`, null, { timeout: 120_000 });
    await expect.poll(() => points('#E69F00'), { timeout: 60_000 }).toBeGreaterThan(1);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await stateIs('paused');
    // An evaluation that was under way may still report; then nothing moves.
    const movesOn = async (): Promise<boolean> => {
      const words = await page.textContent('.phase:last-child .words');
      await page.waitForTimeout(1500);
      return words !== (await page.textContent('.phase:last-child .words'));
    };
    await expect.poll(movesOn, { timeout: 60_000 }).toBe(false);
    const stood = await points('#E69F00');
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => points('#E69F00'), { timeout: 60_000 }).toBeGreaterThan(stood);
    await stateIs('finished');
    await page.getByRole('button', { name: 'Again, next seed' }).click();
    expect(await page.inputValue('#seed')).toBe(String(SEED + 1));
    await stateIs('running');
    await stateIs('finished');
    expect(await page.textContent('.repeat')).toMatch(/transfer was ahead with \d of 2 seeds/);
  });

  test('fits a phone', { timeout: 120_000 }, async () => {
    await open('', { width: 390, height: 844 });
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Start training' }).click();
    // The source's board moves while it learns, in a training of the usual length.
    await page.waitForFunction(`document.querySelector('[data-match="source"]')?.dataset.frame > 5`);
    expect(await page.evaluate('__ngplusDemo.state')).toBe('running');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect((await page.locator('[data-match="source"] .board').boundingBox())!.width).toBeGreaterThan(320);
    expect(await page.textContent('.phase:first-child .words')).toContain('of 61k steps');
    expect(await seriousFaults(page)).toEqual([]);
  });
});
