import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import { storeStudy } from '../live/stored-study.ts';
import { hasBrowser } from './browser.ts';
import { useViewerPage } from './viewer-page.ts';

describe.skipIf(!hasBrowser())('the dashboard in a browser', () => {
  const at = useViewerPage();
  let folder: string;
  /** Removed when the last page is closed: one that is open reads. */
  const folders: string[] = [];
  async function newFolder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'ngplus-dashboard-'));
    folders.push(made);
    return made;
  }
  beforeAll(async () => {
    folder = await newFolder();
    await storeStudy(join(folder, 'study'), { isFinished: true });
  });
  afterAll(() => Promise.all(folders.map((each) => rm(each, { recursive: true }))));

  async function openDashboard(query = '', size = { width: 1400, height: 1000 }): Promise<void> {
    await at.open({ library: openLibrary(folder) }, size, `#dashboard${query}`);
    await at.page.waitForSelector('.runs table');
  }

  const cell = (name: RegExp) => at.page.getByRole('button', { name });
  const texts = (selector: string) => at.page.locator(selector).allTextContents();

  /** The text of the file that a key saves. */
  async function saved(section: string, kind: string): Promise<{ name: string; text: string }> {
    const [file] = await Promise.all([
      at.page.waitForEvent('download'),
      at.page.getByRole('region', { name: section }).getByRole('button', { name: kind, exact: true }).click(),
    ]);
    return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
  }

  test('leads from a cell of the matrix to its curves and to a replay', async () => {
    await openDashboard();
    expect(await at.page.textContent('.study-verdict')).toContain('transfer helped in 1');
    const helped = cell(/^freeway to breakout: .* interval .* ▲ helped$/);
    expect(await helped.textContent()).toContain('▲ helped');
    const unclear = cell(/^freeway to asterix: /);
    expect(await unclear.textContent()).not.toMatch(/[▲▼]/);
    // Red, green and blue of what decides nothing are equal.
    const colourOf = (button: typeof unclear): Promise<string> =>
      button.evaluate((element) => element.ownerDocument.defaultView!.getComputedStyle(element).backgroundColor);
    expect(await colourOf(unclear)).toMatch(/^rgb\((\d+), \1, \1\)$/);
    expect(await colourOf(helped)).not.toMatch(/^rgb\((\d+), \1, \1\)$/);
    await helped.click();
    expect(await helped.getAttribute('aria-pressed')).toBe('true');
    await at.until('location.hash.includes("source=freeway&target=breakout")');
    await at.page.waitForSelector('.curves-panel svg:has-text("return on breakout, from freeway and from scratch")');
    await at.page.locator('.curves-panel summary').click();
    // It is filled once the browser has told that it is open.
    await expect.poll(() => texts('.curves-panel tbody tr'), { timeout: 10_000 }).toHaveLength(3);
    const rows = await texts('.curves-panel tbody tr');
    // Runs end at 9, 9.1, 9.2 and 9.3: mean 9.15, and t(0.975, 3) = 3.182 times 0.0645.
    expect(rows[2]).toBe('1k5.15 [4.94, 5.36], n=49.15 [8.94, 9.36], n=4');
    await at.page.getByRole('button', { name: '9.15' }).click();
    const links = at.page.locator('.curves-panel .replays a');
    expect(await links.allTextContents()).toEqual([
      'seed 1000',
      'seed 1001',
      'seed 1002',
      'seed 1003',
      '“from scratch” and “from freeway” side by side',
    ]);
    const address = await links.first().getAttribute('href');
    expect(address).toBe('#replay?id=study%2Fjobs%2Ftransfer-freeway-breakout-full-0&step=1000');
    // Up to here there was no board to draw: what draws them is not loaded, Phaser least of all.
    expect(at.requests.some((url) => url.includes('/dashboard-'))).toBe(true);
    expect(at.requests.filter((url) => /stage|phaser|canvas-boards/i.test(url))).toEqual([]);
    await links.last().click();
    await at.page.waitForSelector('.compare .match:nth-child(2)[data-frame]');
    await at.page.goBack();
    await at.page.locator('.curves-panel summary').click();
    await at.page.getByRole('button', { name: '9.15' }).click();
    await links.first().click();
    await at.drawn('study/jobs/transfer-freeway-breakout-full-0', ({ frame }) => frame!.trainingStep === 1000);
    expect(at.requests.some((url) => url.includes('/canvas-boards-'))).toBe(true);
  });

  test('a point of the chart itself leads to its replays', async () => {
    await openDashboard('?study=study&source=freeway&target=breakout');
    // The mark farthest to the right: step 1000.
    const points = at.page.locator(
      '.curves-panel .plots svg path[fill="#56B4E9"], .curves-panel .plots svg path[fill="rgb(86,180,233)"]',
    );
    await points.first().waitFor();
    const replays = '.replays:has-text("Replays of “from freeway” near step 1k")';
    // The chart may be drawn anew, or move, between looking and clicking.
    for (let tries = 0; tries < 40 && !(await at.page.isVisible(replays)); tries++) {
      await points
        .first()
        .scrollIntoViewIfNeeded({ timeout: 2000 })
        .catch(() => {});
      const boxes = await Promise.all(
        (await points.all()).map((point) => point.boundingBox({ timeout: 2000 }).catch(() => null)),
      );
      const marks = boxes.filter((box) => box !== null && box.width < 14 && box.height < 14);
      const last = marks.toSorted((a, b) => b!.x - a!.x).at(0);
      if (last) await at.page.mouse.click(last.x + last.width / 2, last.y + last.height / 2);
      await at.page.waitForTimeout(250);
    }
    expect(await at.page.isVisible(replays)).toBe(true);
  });

  test('is reached by keys: arrows go from cell to cell, over the empty ones', async () => {
    await openDashboard();
    await cell(/^freeway to breakout/).focus();
    await at.page.keyboard.press('ArrowRight');
    expect(await at.page.evaluate('document.activeElement.textContent')).toMatch(/^freeway to asterix/);
    await at.page.keyboard.press('Enter');
    await at.until('location.hash.includes("target=asterix")');
    // The same cell of the table that was drawn anew still has the focus.
    expect(await at.page.evaluate('document.activeElement.textContent')).toMatch(/^freeway to asterix/);
  });

  test('shows a result that comes after the last run', async () => {
    const result = join(folder, 'study', 'result.json');
    const text = await readFile(result);
    await rm(result);
    try {
      await openDashboard();
      const helped = cell(/^freeway to breakout: /);
      expect(await helped.textContent()).toContain('4 runs, not finished');
      await writeFile(result, text);
      // A hidden page that is seen again asks at once.
      await at.page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
      await cell(/^freeway to breakout: .* ▲ helped$/).waitFor();
    } finally {
      await writeFile(result, text);
    }
  });

  test('lists runs with what differs between them, sorted and filtered', async () => {
    await openDashboard();
    const heads = await texts('.runs thead th');
    expect(heads).toEqual(['run', 'environment', 'arm', 'seed', 'state', 'steps', 'return', 'gamma']);
    expect(await at.page.locator('.runs tbody tr').count()).toBe(20);
    // Four runs have another gamma than the other sixteen.
    expect(await texts('.runs td.differs')).toEqual(['0.95', '0.95', '0.95', '0.95']);
    await at.page.getByRole('button', { name: 'return', exact: true }).click();
    await at.page.getByRole('button', { name: 'return ↑' }).click();
    expect(await at.page.locator('.runs thead th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
    const returns = await texts('.runs tbody td:nth-child(7)');
    expect(returns.slice(0, 5)).toEqual(['13', '12', '11', '10', '9.3']);
    await at.page.getByRole('searchbox').fill('asterix transfer');
    expect(await texts('.runs tbody th')).toEqual(['● transfer 4', '● transfer 3', '● transfer 2', '● transfer 1']);
  });

  test('lists runs without an evaluation last, whichever way they are sorted', async () => {
    const some = await newFolder();
    await storeStudy(join(some, 'study'), { isFinished: false });
    await rm(join(some, 'study/jobs/scratch-breakout-0/evaluations.jsonl'));
    await at.open({ library: openLibrary(some) }, { width: 1400, height: 1000 }, '#dashboard');
    await at.page.waitForSelector('.runs table');
    for (const [head, arrow, first] of [
      ['return', '↑', '5'],
      ['return ↑', '↓', '13'],
    ]) {
      await at.page.getByRole('button', { name: head, exact: true }).click();
      await at.page.getByRole('button', { name: `return ${arrow}`, exact: true }).waitFor();
      const returns = await texts('.runs tbody td:nth-child(7)');
      expect([returns[0], returns.at(-1)]).toEqual([first, '']);
    }
  });

  test('shows the training of a run, with its settings', async () => {
    await openDashboard();
    await at.page.getByRole('searchbox').fill('breakout transfer');
    await at.page.locator('.runs tbody button').first().click();
    const details = at.page.getByRole('region', { name: 'Training of transfer 1' });
    await details.locator('svg:has-text("entropy"):has-text("value loss")').waitFor();
    expect(await details.locator('.replays a').allTextContents()).toEqual(['0 steps', '1k steps']);
    await details.locator('summary').click();
    expect(await details.locator('tr.differs').allTextContents()).toContain('algorithmConfig.gamma0.95');
    const { name, text } = await saved('Training of transfer 1', 'CSV');
    expect(name).toBe('diagnostics-transfer-1.csv');
    expect(text.split('\n')).toHaveLength(1 + 500 + 1);
    expect(text.split('\n').slice(0, 2)).toEqual(['step,entropy,valueLoss', '0,2,1']);
  });

  test('saves every picture as SVG and what is behind it as CSV', async () => {
    await openDashboard('?study=study&source=freeway&target=breakout');
    const matrix = await saved('Transfer matrix', 'CSV');
    expect(matrix.name).toBe('matrix.csv');
    expect(matrix.text.split('\n')[1]).toMatch(/^freeway,breakout,full,,4,4,1000,1000,0.5,ratio,helped,/);
    expect((await saved('Transfer matrix', 'SVG')).text).toMatch(/^<svg[^]+▲ helped[^]+<\/svg>$/);
    const curves = await saved('Learning curves', 'CSV');
    expect(curves.text.split('\n').slice(0, 2)).toEqual(['arm,step,mean,low,high,runs', 'from scratch,0,1,1,1,4']);
    expect(curves.text.split('\n')).toHaveLength(1 + 6 + 1);
    const svg = (await saved('Learning curves', 'SVG')).text;
    expect(svg).toMatch(/^<svg[^]+from scratch[^]+from freeway[^]+<\/svg>$/);
    // What stands alone must be well-formed.
    const fault = await at.page.evaluate(
      `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').querySelector('parsererror')?.textContent`,
    );
    expect(fault).toBeUndefined();
    expect((await saved('Runs', 'CSV')).text.split('\n')).toHaveLength(1 + 20 + 1);
  });

  test('goes on with what is stored while it is looked at', async () => {
    const live = await newFolder();
    await storeStudy(join(live, 'study'), { isFinished: false });
    await rm(join(live, 'study/jobs/scratch-breakout-0/result.json'));
    await at.open({ library: openLibrary(live) }, { width: 500, height: 900 }, '#dashboard?env=breakout');
    await at.page.waitForSelector('.matrix .unknown');
    expect(await cell(/^freeway to breakout: 4 runs, not finished/).count()).toBe(1);
    await at.page.locator('.curves-panel summary').click();
    await at.page.waitForSelector('.curves-panel tbody tr:nth-child(3)');
    expect(await at.page.locator('.curves-panel tbody tr').count()).toBe(3);
    // Neither the focus nor what has been scrolled moves when it does.
    const point = at.page.locator('.curves-panel tbody button').last();
    await point.focus();
    const text = await point.textContent();
    await at.page.evaluate(`document.querySelector('.runs .scroll').scrollLeft = 60`);
    await appendFile(join(live, 'study/jobs/scratch-breakout-0/evaluations.jsonl'), '{"step":1500,"mean":7}\n');
    await at.page.waitForSelector('.curves-panel tbody tr:nth-child(4):has-text("7, n=1")', { timeout: 20_000 });
    expect(await at.page.evaluate('document.activeElement.textContent')).toBe(text);
    expect(await at.page.evaluate(`document.querySelector('.runs .scroll').scrollLeft`)).toBe(60);
  });

  test('fits a phone also with a matrix that does not', async () => {
    const wide = await newFolder();
    await storeStudy(wide, { isFinished: false });
    const file = join(wide, 'study.json');
    const { jobs } = JSON.parse(await readFile(file, 'utf8')) as { jobs: object[] };
    const targets = ['seaquest', 'space-invaders', 'cartpole', 'acrobot', 'mountaincar'];
    const more = targets.map((env) => ({ key: `transfer/freeway->${env}/full/0`, id: env, arm: 'transfer', env }));
    await writeFile(file, JSON.stringify({ jobs: [...jobs, ...more] }));
    await at.open({ library: openLibrary(wide) }, { width: 390, height: 844 }, '#dashboard');
    await cell(/^freeway to mountaincar/).waitFor();
    const width = (selector: string) => at.page.locator(selector).evaluate(({ scrollWidth }) => scrollWidth);
    expect(await width('.scroll:has(.matrix)')).toBeGreaterThan(600);
    expect(await at.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  test('fits a phone, and says what to do where nothing is stored', async () => {
    await openDashboard('', { width: 390, height: 844 });
    expect(await at.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await at.page.close();
    await at.viewer.close();
    await at.open({ library: openLibrary(null) }, undefined, '#dashboard');
    await at.page.waitForSelector('.notice:has-text("No run is stored here yet")');
  });
});
