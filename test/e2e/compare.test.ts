import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { divergence } from '../../src/live/divergence.ts';
import { openLibrary } from '../../src/live/library.ts';
import { decodeFrame } from '../../src/live/protocol.ts';
import { recordEpisode } from '../../src/live/recording.ts';
import { makeTinyStudy, TINY_STEPS } from '../live/tiny-library.ts';
import { hasBrowser } from './browser.ts';
import { difference } from './pixels.ts';
import { useViewerPage } from './viewer-page.ts';

describe.skipIf(!hasBrowser())('agents side by side', () => {
  const at = useViewerPage();
  let runs: string;
  let ids: Awaited<ReturnType<typeof makeTinyStudy>>;
  beforeAll(async () => {
    runs = await mkdtemp(join(tmpdir(), 'ngplus-compare-'));
    ids = await makeTinyStudy(runs);
  });
  afterAll(() => rm(runs, { recursive: true }));

  const open = (query: string) =>
    at.open({ library: openLibrary(runs) }, { width: 1280, height: 900 }, `#compare${query}`);
  const lane = (id: string) => at.page.locator(`[data-match="${id}"]`);
  const bothAt = (step: number) =>
    at.page.waitForSelector(`.lane[data-training-step="${step}"] ~ .lane[data-training-step="${step}"]`);
  const trainingSteps = () =>
    at.page
      .locator('.lane')
      .evaluateAll((lanes) => lanes.map((lane) => Number((lane as HTMLElement).dataset['trainingStep'])));
  const framesOf = async (id: string, step: number, seed: number, mode: 'sampled' | 'greedy' = 'sampled') => {
    const { bytes, name } = await openLibrary(runs).checkpoint(id, step);
    const { frames, stage } = await recordEpisode(bytes, name, { seed, mode, maxSteps: 1000 });
    return frames.map((text) => decodeFrame(text, stage.board));
  };

  test('takes a pair of a study by itself, and shows both at the same step at all times', async () => {
    await open('?seed=3&frame=0');
    for (const id of [ids.scratch, ids.transferred]) await at.drawn(id, ({ frame }) => frame !== null);
    const order = await at.page.locator('.lane').evaluateAll((lanes) => lanes.map((lane) => lane.dataset['match']));
    expect(order).toEqual([ids.scratch, ids.transferred]);
    const lengths = new Map(
      await Promise.all(
        order.map(async (id) => [id!, (await framesOf(id!, TINY_STEPS.at(-1)!, 3)).length - 1] as const),
      ),
    );
    await at.page.keyboard.press('l');
    await at.page.keyboard.press('p');
    // Read in one go, many times while it plays: each at the clock's step, or at its own end.
    const seen = new Set<number>();
    for (let tries = 0; tries < 40; tries++) {
      const [clock, ...frames] = (await at.page.evaluate(`[
        document.querySelector('.compare').dataset.step,
        ...[...document.querySelectorAll('.lane')].map((lane) => lane.dataset.frame),
      ].map(Number)`)) as number[];
      seen.add(clock);
      expect(frames).toEqual(order.map((id) => Math.min(clock, lengths.get(id!)!)));
      await at.page.waitForTimeout(40);
    }
    expect(seen.size).toBeGreaterThan(3);
  });

  test('marks where the agents part, where the pure function says it is', async () => {
    // Some luck under which they part in the midst of it.
    const played = await Promise.all(
      Array.from({ length: 20 }, async (_, seed) => {
        const episodes = [await framesOf(ids.scratch, 512, seed), await framesOf(ids.transferred, 512, seed)];
        return { seed, last: Math.max(...episodes.map(({ length }) => length)) - 1, expected: divergence(episodes) };
      }),
    );
    const { seed, last, expected } = played.find(
      ({ expected: { action, state } }) => action !== null && action > 0 && state !== null && state > action,
    )!;
    await open(`?seed=${seed}&frame=0`);
    await at.drawn(ids.scratch, ({ frame }) => frame!.frame === 0);
    await at.page.waitForSelector(`.compare[data-action-at="${expected.action}"][data-state-at="${expected.state}"]`);
    const marks = await at.page
      .locator('.parting .marks span')
      .evaluateAll((all) => all.map((mark) => mark.dataset['at']));
    expect(marks.map(Number)).toEqual([expected.action, expected.state]);
    const places = await at.page
      .locator('.parting .marks span')
      .evaluateAll((all) => all.map((mark) => mark.style.left));
    expect(parseFloat(places[1])).toBeCloseTo((100 * expected.state!) / last, 2);

    await at.page.getByRole('button', { name: 'First different state' }).click();
    for (const id of [ids.scratch, ids.transferred]) {
      await at.drawn(id, ({ frame }) => frame!.frame === expected.state);
      expect(await lane(id).locator('.parted').textContent()).toBe(
        `≠ other action, step ${expected.action} · ◇ other state, step ${expected.state}`,
      );
    }
    await at.until(`location.hash.endsWith('frame=${expected.state}')`);
    await at.page.keyboard.press('ArrowLeft');
    await at.drawn(ids.scratch, ({ frame }) => frame!.frame === expected.state! - 1);
    expect(await lane(ids.scratch).locator('.parted').textContent()).not.toContain('other state');
  });

  test('says who wins', async () => {
    const [a, b] = [await framesOf(ids.scratch, 512, 3), await framesOf(ids.transferred, 512, 3)];
    await open('?seed=3&frame=0');
    await at.drawn(ids.scratch, ({ frame }) => frame!.frame === 0);
    expect(await at.page.textContent('.standing')).toBe('Level: 0 each. Step 0.');
    await at.page.keyboard.press('End');
    await at.drawn(ids.scratch, ({ frame }) => frame!.terminated);
    const [mine, other] = [a.at(-1)!.episodeReturn, b.at(-1)!.episodeReturn];
    const who = mine > other ? '▲ Scratch' : '● Transferred';
    const wanted =
      mine === other ? `A draw: ${mine} each.` : `${who} wins, ${Math.max(mine, other)} to ${Math.min(mine, other)}.`;
    await at.page.getByText(wanted, { exact: true }).waitFor();
    expect(await lane(ids.scratch).locator('.overlay').textContent()).toContain(`return ${mine}`);
  });

  test('says the return of one alone, and asks for agents where none is left', async () => {
    const frames = await framesOf(ids.transferred, 512, 3);
    const last = frames.length - 1;
    await open(`?seed=3&frame=${last}`);
    await at.drawn(ids.transferred, ({ frame }) => frame!.frame === last);
    await lane(ids.scratch).getByRole('button', { name: 'Leave out' }).click();
    const alone = new RegExp(`: return ${frames[last].episodeReturn}\\. Step ${last}\\.$`);
    await at.page.locator('.standing', { hasText: alone }).waitFor();
    await lane(ids.transferred).getByRole('button', { name: 'Leave out' }).click();
    await at.page.waitForSelector('.matches:empty', { state: 'attached' });
    // Nothing of the episode is left: no time goes on, and none can be gone to.
    await at.page.locator('.transport .place', { hasText: '0 / 0' }).waitFor();
    await at.page.keyboard.press('ArrowRight');
    await at.page.keyboard.press('p');
    const picture = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`;
    await at.page.evaluate(picture);
    expect(await at.page.textContent('.standing')).toBe('Choose the agents to compare: nobody plays yet.');
    expect(await at.page.locator('.parting .plot path, .parting .marks span').count()).toBe(0);
    await at.page.getByRole('combobox', { name: 'Add an agent' }).selectOption(ids.scratch);
    await at.drawn(ids.scratch, ({ frame }) => frame !== null);
    await at.page.locator('.standing', { hasText: ': return ' }).waitFor();
  });

  test('replays how both learned by a slider over training steps', async () => {
    await open('?seed=3&frame=2&step=512');
    await at.drawn(ids.scratch, ({ frame }) => frame!.frame === 2);
    expect(await trainingSteps()).toEqual([512, 512]);
    const slider = at.page.getByRole('slider', { name: 'Training step' });
    await slider.fill('1');
    await bothAt(128);
    expect(await at.page.textContent('.training-step')).toBe('128 steps of training');
    for (const id of [ids.scratch, ids.transferred]) {
      const snapshot = await at.drawn(id, ({ frame }) => frame!.trainingStep === 128);
      const frames = await framesOf(id, 128, 3);
      const { frame } = snapshot.frame!;
      expect(snapshot.frame!.probabilities).toEqual(frames[frame].probabilities);
    }
    // The playhead stands on the curve where the slider says.
    const playhead = at.page.locator('.learning .cursor');
    expect(parseFloat((await playhead.getAttribute('style'))!.replace('left: ', ''))).toBeCloseTo(25, 1);
    await at.page.keyboard.press('.');
    await bothAt(256);

    // Episodes of such beginners are short, and it goes on by itself: the first is to be seen.
    await at.page.getByRole('combobox', { name: 'Speed' }).selectOption('0.25');
    await at.page.getByRole('button', { name: 'Replay how it learned' }).click();
    await bothAt(0);
    await at.page.getByRole('combobox', { name: 'Speed' }).selectOption('16');
    await bothAt(512);
  });

  test('takes the nearest checkpoint of an agent that has no other, and says so', async () => {
    const zoo = 'zoo:breakout';
    await open(`?ids=${ids.scratch},${zoo}&step=128&frame=0`);
    await at.drawn(zoo, ({ frame }) => frame!.frame === 0);
    expect(await lane(ids.scratch).locator('.facts').textContent()).not.toContain('nearest');
    expect(await lane(zoo).locator('.facts').textContent()).toContain('the nearest kept');
    await at.page.getByRole('button', { name: 'Leave out' }).first().click();
    await at.page.waitForSelector('.matches > .lane:only-child');
    await at.page.getByRole('combobox', { name: 'Add an agent' }).selectOption(ids.transferred);
    await at.drawn(ids.transferred, ({ frame }) => frame !== null);
    expect(await at.page.locator('.lane').count()).toBe(2);
  });

  test('shows what agents see, by the names of the planes', async () => {
    await open('?seed=3&frame=4');
    const { frame } = await at.drawn(ids.scratch, ({ frame }) => frame!.frame === 4);
    const board = `[data-match="${ids.scratch}"] .board-frame`;
    const before = await at.screenshot(board);
    await at.page.keyboard.press('v');
    const planes = lane(ids.scratch).locator('.raw figure');
    expect(await planes.evaluateAll((all) => all.map((plane) => plane.dataset['channel']))).toEqual([
      'paddle',
      'ball',
      'trail',
      'brick',
    ]);
    expect(difference(before, await at.screenshot(board))).toBeGreaterThan(0.2);
    // Each cell that is set is drawn, and no other.
    const drawn = (await at.page.evaluate(`[...document.querySelectorAll('${board} .raw canvas')].map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return Array.from({ length: 100 }, (_, cell) => {
        const i = ((Math.floor(cell / 10) * 8 + 3) * canvas.width + (cell % 10) * 8 + 3) * 4;
        return data[i] > 100 ? 1 : 0;
      });
    })`)) as number[][];
    const cells = (await at.page.evaluate(
      `Array.from(__ngplus.match('${ids.scratch}').frame.picture.cells)`,
    )) as number[];
    expect(drawn).toEqual([0, 1, 2, 3].map((channel) => cells.filter((_, i) => i % 4 === channel)));
    expect(frame!.frame).toBe(4);
    await at.page.keyboard.press('v');
    expect(difference(before, await at.screenshot(board))).toBeLessThan(0.02);
  });
});
