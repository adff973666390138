import { describe, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import type { MatchSource } from '../../src/live/match-source.ts';
import { DUEL } from '../../src/live/protocol.ts';
import type { MatchSnapshot } from '../../web/src/match-view.ts';
import { freshPolicy } from '../live/fresh-policy.ts';
import { hasBrowser } from './browser.ts';
import { difference } from './pixels.ts';
import { useViewerPage } from './viewer-page.ts';

/** Freeway: an episode lasts 2,500 steps whatever happens to the chicken. */
const freeway: MatchSource = {
  id: 'a',
  label: 'an agent',
  env: 'freeway?sticky=0',
  latest: async (after) => (after < 9 ? { step: 9, bytes: freshPolicy('freeway?sticky=0', 9) } : null),
};
const PHONE = { width: 390, height: 844, hasTouch: true };
const row = (match: MatchSnapshot): number => match.sprites.find(({ role }) => role === 'self')!.y;
const scores = async (text: Promise<string | null>) => [...((await text) ?? '').matchAll(/\d+/g)].map(Number);

describe.skipIf(!hasBrowser())('a human in the browser', () => {
  const at = useViewerPage();
  const duel = (query: string, size?: typeof PHONE) =>
    at.open({ library: openLibrary(null), matches: [] }, size, `#play?${query}`);
  const board = (id: string) => `[data-match="${id}"] .board`;

  test('plays against an agent with the same luck, each to the end', async () => {
    await duel('id=zoo:breakout&seed=5');
    const start = await at.drawn(DUEL.you, ({ info }) => info.state === 'ready');
    const theirs = await at.drawn(DUEL.agent, ({ frame }) => frame!.step === 0);
    expect(theirs.frame!.picture).toEqual(start.frame!.picture);
    expect(await at.page.textContent('.duel-sentence')).toContain('Your first key begins it');
    const before = await at.screenshot(board(DUEL.agent));
    // The paddle away from the ball: this is lost soon, and the agent plays on.
    await at.page.keyboard.down('ArrowLeft');
    const out = await at.drawn(DUEL.you, ({ frame }) => frame!.terminated);
    await at.page.keyboard.up('ArrowLeft');
    expect(out.frame!.human).toBe('now');
    const agent = (await at.snapshot(DUEL.agent))!;
    expect(agent.frame!.human).toBeUndefined();
    await at.page.locator('.duel-sentence', { hasText: 'the agent plays on' }).waitFor();
    await expect
      .poll(async () => difference(before, await at.screenshot(board(DUEL.agent))), { timeout: 10_000 })
      .toBeGreaterThan(0.002);
    expect(await at.page.locator(`[data-match="${DUEL.you}"] .human-badge`).textContent()).toBe('human');
    expect(await at.page.locator(`[data-match="${DUEL.agent}"] .human-badge`).isVisible()).toBe(false);

    // What is on the boards is what the score says.
    await at.drawn(DUEL.agent, ({ frame }) => frame!.episodeReturn > 0);
    const [mine, other] = await scores(at.page.textContent('.duel-score'));
    expect(mine).toBe(out.frame!.episodeReturn);
    expect(other).toBeGreaterThan(0);
    await at.page.keyboard.press('n');
    await at.drawn(DUEL.you, ({ info, frame }) => info.state === 'ready' && frame!.episode === 1);
  });

  test('chooses an agent to play against, in step with it', async () => {
    await duel('');
    await at.page.getByRole('link', { name: /freeway/ }).click();
    await at.drawn(DUEL.you, ({ info }) => info.stage!.game === 'freeway' && info.state === 'ready');
    expect(await at.page.evaluate('location.hash')).toBe('#play?id=zoo%3Afreeway&seed=0');
    await at.page.keyboard.press('ArrowUp');
    await at.drawn(DUEL.you, ({ frame }) => frame!.step > 5);
    const steps = (await at.page.evaluate(
      `['${DUEL.you}', '${DUEL.agent}'].map((id) => __ngplus.match(id).frame.step)`,
    )) as number[];
    expect(Math.abs(steps[0] - steps[1])).toBeLessThanOrEqual(1);
    // Leaving ends it.
    await at.page.getByRole('link', { name: 'Live', exact: true }).click();
    await at.page.waitForSelector('.duel', { state: 'detached' });
  });

  test('meets an agent in the luck of a replay', async () => {
    await at.open({ library: openLibrary(null), matches: [] }, undefined, '#replay?id=zoo:freeway&seed=9');
    const start = await at.drawn('zoo:freeway', ({ frame }) => frame!.step >= 0);
    await at.page.getByRole('link', { name: 'Play against it' }).click();
    const { info } = await at.drawn(DUEL.you, (match) => match.info.state === 'ready');
    expect(info.stage).toEqual(start.info.stage);
    expect(await at.page.evaluate('location.hash')).toContain('seed=9');
  });

  test('plays with any luck that commands and replays know; after the last comes the first', async () => {
    await duel('id=zoo:breakout&seed=4294967294');
    await at.drawn(DUEL.you, ({ info }) => info.state === 'ready');
    const other = at.page.getByRole('link', { name: 'Other luck' });
    expect(await other.getAttribute('href')).toBe('#play?id=zoo%3Abreakout&seed=4294967295');
    await other.click();
    await at.page.waitForSelector('.links a[href="#play?id=zoo%3Abreakout&seed=0"]');
    await at.drawn(DUEL.you, ({ info }) => info.state === 'ready');
  });

  test('hears why there is no duel', async () => {
    await duel('id=zoo:chess&seed=1');
    await at.page.locator('.notice', { hasText: 'unknown agent "zoo:chess"' }).waitFor();
  });

  test('takes over in mid-match by T, plays, and hands back', async () => {
    await at.open({ matches: [freeway] });
    await at.drawn('a', ({ frame }) => frame!.frame > 10);
    const badge = at.page.locator('[data-match="a"] .board-frame .human-badge');
    expect(await badge.isVisible()).toBe(false);
    await at.page.keyboard.press('t');
    const taken = await at.drawn('a', ({ info }) => info.driver === 'keys');
    expect(taken.frame!.episode).toBe(0);
    expect(await badge.textContent()).toBe('you play');
    await at.page.keyboard.down('ArrowUp');
    await at.drawn('a', (match) => match.frame!.human === 'now' && row(match) < 8);
    await at.page.keyboard.up('ArrowUp');
    await at.page.getByRole('button', { name: 'Hand back' }).click();
    const back = await at.drawn('a', ({ info, frame }) => info.driver === 'policy' && frame!.human === 'before');
    expect(back.frame!.episode).toBe(0);
    expect(back.frame!.step).toBeGreaterThan(taken.frame!.step);
    expect(await badge.textContent()).toBe('with human help');
    // An arrow key is time again, and the next episode is the agent's alone.
    await at.page.keyboard.press('ArrowLeft');
    expect((await at.snapshot('a'))!.time.isFollowing).toBe(false);
    await at.page.keyboard.press('l');
    await at.page.keyboard.press('n');
    await at.drawn('a', ({ frame }) => frame!.episode === 1 && frame!.human === undefined);
    await at.page.waitForSelector('[data-match="a"] .board-frame .human-badge', { state: 'hidden' });
  });

  test('takes over by a click, after which space is fire', async () => {
    await at.open({ matches: [freeway] });
    await at.drawn('a', ({ frame }) => frame!.frame > 2);
    await at.page.getByRole('button', { name: 'Take over' }).click();
    await at.drawn('a', ({ info }) => info.driver === 'keys');
    await at.page.keyboard.down('Space');
    await at.page.waitForSelector('.key.fire.chosen');
    await at.page.keyboard.up('Space');
    await at.page.waitForSelector('.key.fire:not(.chosen)');
    await at.frameAfter('a', (await at.frameOf('a')) + 3);
    expect((await at.snapshot('a'))!.info.driver).toBe('keys');
  });

  test('holds a key on after another was tapped, by keys and by the pad', async () => {
    await at.open({ matches: [{ id: 'a', label: 'You', driver: 'keys', env: 'freeway?sticky=0' }] });
    await at.drawn('a', ({ info }) => info.state === 'ready');
    await at.page.keyboard.down('ArrowUp');
    await at.page.waitForSelector('.key.up.chosen');
    await at.page.keyboard.down('Space');
    await at.page.waitForSelector('.key.fire.chosen');
    await at.page.keyboard.up('Space');
    await at.page.waitForSelector('.key.up.chosen');
    const before = (await at.snapshot('a'))!;
    await at.drawn('a', (match) => row(match) < row(before) - 0.5);
    await at.page.keyboard.up('ArrowUp');
    await at.page.waitForSelector('.pad:not(:has(.chosen))');
    await at.page.locator('.key.down').dispatchEvent('pointerdown');
    await at.page.locator('.key.fire').dispatchEvent('pointerdown');
    await at.page.waitForSelector('.key.fire.chosen');
    await at.page.locator('.key.fire').dispatchEvent('pointerup');
    await at.page.waitForSelector('.key.down.chosen');
  });

  test('is seen at play by others, who cannot take over or press', async () => {
    await at.open({ matches: [freeway] });
    await at.drawn('a', ({ frame }) => frame!.frame > 2);
    const other = await at.browser.newPage();
    await other.goto(at.viewer.url);
    await other.waitForSelector('[data-match="a"][data-frame]');
    await other.getByRole('button', { name: 'Take over' }).click();
    await at.drawn('a', ({ info }) => info.driver === 'keys');
    expect(await at.page.locator('[data-match="a"] .board-frame .human-badge').textContent()).toBe('human');
    expect(await at.page.locator('.take-over').isVisible()).toBe(false);
    expect(await at.page.locator('button.key').count()).toBe(0);
    await other.close();
    await at.drawn('a', ({ info }) => info.driver === 'policy');
  });

  test('plays by touch on a phone, with both boards and the pad in sight', async () => {
    await duel('id=zoo:freeway&seed=2', PHONE);
    const start = await at.drawn(DUEL.you, ({ info }) => info.state === 'ready');
    expect(await at.page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
    for (const selector of [board(DUEL.you), board(DUEL.agent), 'button.key.up', 'button.key.fire']) {
      const box = (await at.page.locator(selector).boundingBox())!;
      expect(box.y + box.height, selector).toBeLessThanOrEqual(PHONE.height);
      expect(box.width, selector).toBeGreaterThan(selector.includes('board') ? 160 : 44);
    }
    // A finger on the pad, held down; real touches, which the browser makes into pointers.
    const { x, y, width, height } = (await at.page.locator('button.key.up').boundingBox())!;
    const session = await at.page.context().newCDPSession(at.page);
    const finger = { x: x + width / 2, y: y + height / 2 };
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [finger] });
    await at.drawn(DUEL.you, (match) => row(match) < row(start) - 1.5);
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await at.drawn(DUEL.agent, ({ frame }) => frame!.step > 5);
  });
});
