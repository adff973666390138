import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineGame } from '../../src/core/game.ts';
import { registerGame } from '../../src/envs/index.ts';
import { openLibrary } from '../../src/live/library.ts';
import type { MatchSource } from '../../src/live/match-source.ts';
import { startViewer } from '../../src/live/server.ts';
import type { MatchSnapshot } from '../../web/src/match-view.ts';
import { freshPolicy } from '../live/fresh-policy.ts';
import { hasBrowser } from './browser.ts';
import { contrast, countColours, difference, meanColour } from './pixels.ts';
import { useViewerPage } from './viewer-page.ts';

/** One thing of each role, on a board that never changes. */
const ROLES = [
  'self',
  'self-part',
  'threat',
  'target',
  'pickup',
  'ball',
  'own-projectile',
  'threat-projectile',
  'trail',
  'wall',
  'gauge',
  'opponent',
  'never heard of',
];
const SIZE = 8;
/** Where the thing of a role is: spread over the board, no two in neighbouring cells. */
const cellOf = (role: string): { x: number; y: number } => {
  const i = ROLES.indexOf(role);
  return { x: (i % 4) * 2, y: Math.floor(i / 4) * 2 };
};

const museum = defineGame({
  id: 'museum',
  revision: 1,
  summary: 'One thing of each role, none of which moves.',
  players: 1,
  variants: z.object({}),
  actions: [{ name: 'noop', roles: ['noop'] }],
  observation: () => ({
    kind: 'planes',
    height: SIZE,
    width: SIZE,
    channels: ROLES.map((role) => ({ name: `the ${role}`, roles: [role] })),
  }),
  create: () => ({}),
  reset: () => undefined,
  step(_state, _actions, _rng, rewards) {
    rewards[0] = 0;
    return false;
  },
  observe(_state, _player, out, offset) {
    out.fill(0, offset, offset + SIZE * SIZE * ROLES.length);
    ROLES.forEach((role, channel) => {
      const { x, y } = cellOf(role);
      out[offset + (y * SIZE + x) * ROLES.length + channel] = 1;
    });
  },
});

/** Before the page's own scripts: WebGL no longer says that it is computed by the processor. */
const HIDE_SOFTWARE = `{
  const { prototype } = WebGLRenderingContext;
  const { getParameter } = prototype;
  prototype.getParameter = function (name) {
    return name === 0x9246 ? 'a graphics processor' : getParameter.call(this, name);
  };
}`;

const agent = (id: string, env: string, arm?: string): MatchSource => ({
  id,
  label: `${env} ${arm ?? 'agent'}`,
  arm,
  env,
  latest: async (after) => (after < 84_000 ? { step: 84_000, bytes: freshPolicy(env, 84_000) } : null),
});

describe.skipIf(!hasBrowser())('the viewer in a browser', () => {
  const at = useViewerPage();
  beforeAll(() => registerGame(museum));

  test('draws the sprite of each role in its cell', async () => {
    await at.open({ matches: [{ id: 'm', label: 'museum', driver: 'random', env: 'museum' }] });
    const { sprites } = await at.drawn('m', ({ frame }) => frame!.frame > 3);
    expect(sprites.length).toBe(ROLES.length);
    for (const role of ROLES) {
      const { x, y } = cellOf(role);
      const sprite = sprites.find((candidate) => candidate.role === role)!;
      expect([role, sprite.x, sprite.y], role).toEqual([role, expect.closeTo(x + 0.5, 3), expect.closeTo(y + 0.5, 3)]);
    }
    // And it can be seen there, in grey too, while cells that hold nothing are empty.
    const pixels = await at.screenshot('[data-match="m"] .board');
    const cell = pixels.width / SIZE;
    const contrastAt = (x: number, y: number) =>
      contrast(pixels, (x + 0.1) * cell, (y + 0.1) * cell, cell * 0.8, cell * 0.8);
    for (const role of ROLES) expect(contrastAt(cellOf(role).x, cellOf(role).y), role).toBeGreaterThan(10);
    for (const [x, y] of [
      [1, 1],
      [3, 3],
      [5, 1],
      [7, 7],
    ])
      expect(contrastAt(x, y), `${x},${y}`).toBeLessThan(6);
  });

  test('shows running matches that move, with what the agent thinks', async () => {
    await at.open({
      matches: [agent('a', 'breakout', 'scratch'), agent('b', 'asterix', 'transferred'), agent('c', 'cartpole')],
      status: { caption: 'Learned Asterix, now learning Breakout.' },
    });
    for (const id of ['a', 'b', 'c']) await at.drawn(id, ({ frame }) => frame!.frame > 2);
    const before = await at.frameOf('a');
    const first = await at.screenshot('[data-match="a"] .board');
    expect(countColours(first)).toBeGreaterThan(30);
    await at.frameAfter('a', before + 5);
    await expect
      .poll(async () => difference(first, await at.screenshot('[data-match="a"] .board')), { timeout: 10_000 })
      .toBeGreaterThan(0.002);

    expect(await at.page.textContent('#caption')).toBe('Learned Asterix, now learning Breakout.');
    const card = at.page.locator('[data-match="a"]');
    expect(await card.locator('.facts').textContent()).toBe('breakout · 84k steps of training');
    expect(await card.locator('.key').count()).toBe(6);
    const shares = await card.locator('.share').allTextContents();
    const total = shares.reduce((sum, share) => sum + Number(share), 0);
    expect(shares.every((share) => share === '') || Math.abs(total - 100) <= 3).toBe(true);
    // Scratch stands before transferred, and what is neither after both.
    const order = await at.page
      .locator('[data-match]')
      .evaluateAll((cards) => cards.map((card) => card.dataset['match']));
    expect(order).toEqual(['a', 'b', 'c']);
    // No curves, no chart library.
    expect(at.requests.some((url) => url.includes('curves-chart'))).toBe(false);
  });

  test('draws on 2D canvases in software what Phaser draws with a graphics processor', async () => {
    const matches: MatchSource[] = [
      agent('a', 'breakout'),
      { id: 'm', label: 'museum', driver: 'random', env: 'museum' },
    ];
    // Small: WebGL is computed by the processor here.
    await at.open({ matches }, { width: 800, height: 500 });
    const hasPhaser = (): boolean => at.requests.some((url) => url.includes('/stage-'));
    const moves = async (): Promise<void> => {
      await at.drawn('a', ({ frame }) => frame!.frame > 2);
      const first = await at.screenshot('[data-match="a"] .board');
      expect(countColours(first)).toBeGreaterThan(30);
      await at.frameAfter('a', (await at.frameOf('a')) + 5);
      await expect
        .poll(async () => difference(first, await at.screenshot('[data-match="a"] .board')), { timeout: 10_000 })
        .toBeGreaterThan(0.002);
    };
    // Nothing of it breathes: what differs is drawn differently.
    await at.page.emulateMedia({ reducedMotion: 'reduce' });
    const still = async () => {
      await at.drawn('m', ({ frame }) => frame!.frame > 2);
      return at.screenshot('[data-match="m"] .board');
    };

    await moves();
    const software = await still();
    expect(await at.page.locator('.board canvas').count()).toBe(2);
    expect(hasPhaser()).toBe(false);

    await at.page.addInitScript(HIDE_SOFTWARE);
    await at.page.reload();
    await moves();
    const hardware = await still();
    const cell = software.width / SIZE;
    for (const role of ROLES) {
      const { x, y } = cellOf(role);
      const [a, b] = [software, hardware].map((pixels) => meanColour(pixels, x * cell, y * cell, cell, cell));
      expect(Math.max(...a.map((mean, k) => Math.abs(mean - b[k]))), role).toBeLessThan(5);
    }
    expect(await at.page.locator('.board canvas').count()).toBe(0);
    expect(hasPhaser()).toBe(true);
  }, 120_000);

  test('lets figures outside the window wait until they are seen', async () => {
    await at.open({ matches: [agent('a', 'breakout'), agent('b', 'asterix')] }, { width: 700, height: 400 });
    await at.drawn('b', ({ frame }) => frame!.frame > 2);
    const figure = `document.querySelector('[data-match="b"] .panel .small').textContent`;
    const before = await at.page.evaluate(figure);
    await at.frameAfter('b', (await at.frameOf('b')) + 5);
    expect(await at.page.evaluate(figure)).toBe(before);
    await at.page.locator('[data-match="b"] .panel').scrollIntoViewIfNeeded();
    await at.until(`${figure}.includes('step ' + __ngplus.match('b').frame.step)`);
  });

  test('draws a moving cell where the frame says it is', async () => {
    await at.open({ matches: [agent('a', 'breakout')] });
    await at.drawn('a', ({ frame }) => frame!.step > 1);
    await at.page.keyboard.press('p');
    await at.drawn('a', ({ info }) => info.state === 'paused');
    await at.page.waitForTimeout(300);
    const { sprites } = (await at.snapshot('a'))!;
    const frame = (await at.page.evaluate(`Array.from(__ngplus.match('a').frame.picture.cells)`)) as number[];
    const cells = frame.flatMap((bit, i) =>
      bit === 1 && i % 4 !== 2 ? [[i % 4, Math.floor(i / 4) % 10, Math.floor(i / 40)]] : [],
    );
    const channels = ['paddle', 'ball', 'trail', 'brick'];
    const seen = sprites.map(({ name, x, y }) => [channels.indexOf(name), x - 0.5, y - 0.5]);
    const byPlace = (a: number[], b: number[]) => a[2] - b[2] || a[1] - b[1] || a[0] - b[0];
    expect(seen.map((cell) => cell.map((n) => Math.round(n * 1000) / 1000)).toSorted(byPlace)).toEqual(
      cells.toSorted(byPlace),
    );
  });

  test('pauses, hastens and goes on, by click and by key', async () => {
    await at.open({ matches: [agent('a', 'freeway')] });
    await at.drawn('a', ({ frame }) => frame!.frame > 2);
    await at.page.getByRole('button', { name: 'Pause' }).click();
    await at.page.waitForSelector('[data-match="a"][data-state="paused"]');
    expect(await at.page.textContent('.overlay')).toContain('Paused');
    const stood = await at.frameOf('a');
    await at.page.waitForTimeout(400);
    expect(await at.frameOf('a')).toBe(stood);
    await at.page.keyboard.press('+');
    await at.page.waitForSelector('.speed:text-is("2×")');
    await at.page.keyboard.press('p');
    await at.frameAfter('a', stood + 3);
    await at.page.keyboard.press('n');
    await at.drawn('a', ({ frame }) => frame!.episode === 1);
  });

  test('is played by keys before any training', async () => {
    // Freeway: an episode lasts 2,500 steps whatever happens to the chicken.
    await at.open({ matches: [{ id: 'play', label: 'You', driver: 'keys', env: 'freeway?sticky=0' }] });
    const start = await at.drawn('play', ({ info }) => info.state === 'ready');
    expect(await at.page.textContent('.overlay')).toContain('Your turn');
    const row = (match: MatchSnapshot) => match.sprites.find(({ role }) => role === 'self')!.y;
    await at.page.keyboard.down('ArrowUp');
    // A pointer that only passes over the pad lets go of nothing.
    await at.page.locator('.key.down').hover();
    await at.page.locator('.facts').hover();
    await at.drawn('play', (match) => row(match) < row(start) - 1.5);
    await at.page.keyboard.up('ArrowUp');
    // The pad's own keys do the same: down, or back to the start where a car comes.
    await at.page.locator('.key.down').dispatchEvent('pointerdown');
    await at.drawn('play', (match) => row(match) === row(start));
  });

  test('says what it waits for, and what is lost, and comes back by itself', async () => {
    await at.open({ matches: [] });
    await at.page.waitForSelector('#notice:not([hidden])');
    expect(await at.page.textContent('#notice')).toContain('Nothing plays yet');
    let bytes: Uint8Array | null = null;
    at.viewer.addMatch({ id: 'w', label: 'late', env: 'breakout', latest: async () => bytes && { step: 0, bytes } });
    await at.page.waitForSelector('[data-match="w"][data-state="waiting"]');
    expect(await at.page.textContent('.overlay')).toContain('Waiting for the first weights');
    bytes = freshPolicy('breakout', 0);
    await at.drawn('w', ({ info }) => info.state === 'playing');

    const { port } = at.viewer;
    await at.viewer.close();
    await at.page.waitForSelector('body[data-connection="lost"]');
    expect(await at.page.textContent('#connection')).toContain('Start the command again');
    at.viewer = await startViewer({ port, root: at.root, matches: [agent('w', 'breakout')] });
    expect(at.viewer.port).toBe(port);
    await at.page.waitForSelector('body[data-connection="connected"]');
    await at.drawn('w', ({ frame }) => frame!.trainingStep === 84_000);
    // The browser itself reports each failed attempt to reconnect.
    at.complaints = at.complaints.filter((text) => !text.includes('WebSocket connection'));
  });

  test('counts among the best an episode that its limit has ended', async () => {
    const { bytes } = await openLibrary(null).checkpoint('zoo:cartpole');
    const latest = async (after: number) => (after < 1 ? { step: 1, bytes } : null);
    await at.open({ matches: [{ id: 'c', label: 'balances', env: 'cartpole', latest }] });
    await at.drawn('c', ({ frame }) => frame!.frame > 2);
    for (const speed of ['2×', '4×', '8×', '16×', '32×', '64×']) {
      await at.page.keyboard.press('+');
      await at.page.waitForSelector(`.speed:text-is("${speed}")`);
    }
    await at.until(`document.querySelector('.panel').textContent.includes('best 500')`);
  });

  test('shows curves, jobs and the verdict', async () => {
    await at.open({ matches: [agent('a', 'breakout')] });
    at.viewer.setStatus({
      caption: 'Done.',
      verdict: 'Transfer needed 40 % fewer steps.',
      curvesTitle: 'return on breakout',
      curves: ['scratch', 'transferred'].map((arm) => ({
        label: arm,
        arm,
        points: [
          [0, 1, 0, 2],
          [1000, 5, 3, 8],
        ],
      })),
      jobs: [{ id: '1', label: 'seed 1', arm: 'scratch', state: 'running', progress: 0.25 }],
    });
    await at.page.waitForSelector('.curves svg path', { state: 'attached' });
    expect(await at.page.textContent('.verdict')).toContain('40 % fewer steps');
    expect(await at.page.textContent('.curves')).toContain('return on breakout');
    expect(await at.page.textContent('.jobs')).toContain('25 %');
    await at.page.getByRole('img', { name: 'Learning curves: return on breakout.' }).waitFor();
    await at.page.getByText('The same as a table').click();
    await at.page.locator('.curves tbody button').first().waitFor();
    expect(await at.page.locator('.curves tbody tr').allTextContents()).toEqual([
      '01 [0, 2]1 [0, 2]',
      '1k5 [3, 8]5 [3, 8]',
    ]);
  });

  test('offers more matches by keys that keep the focus, and stay where all are shown', async () => {
    await at.open({
      matches: [
        agent('a', 'breakout', 'scratch'),
        agent('b', 'breakout', 'scratch'),
        agent('c', 'breakout', 'scratch'),
      ],
    });
    await at.page.waitForSelector('[data-match="a"]');
    const shown = () => at.page.locator('[data-match]').evaluateAll((all) => all.map((each) => each.dataset['match']));
    const row = at.page.getByRole('navigation', { name: 'More matches' });
    const chip = (i: number) => row.getByRole('button').nth(i);
    expect(await shown()).toEqual(['a']);
    for (const [i, expected] of [
      [1, ['a', 'b']],
      [2, ['a', 'b', 'c']],
    ] as const) {
      await chip(i).focus();
      await at.page.keyboard.press('Enter');
      await at.page.waitForSelector(`[data-match="${expected[i]}"]`);
      expect(await shown()).toEqual(expected);
      expect(await chip(i).evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    }
    await at.page.keyboard.press('Enter');
    await at.page.waitForSelector('[data-match="c"]', { state: 'detached' });
    expect(await shown()).toEqual(['a', 'b']);
  });

  test('has no row of matches where all are shown unasked', async () => {
    await at.open({ matches: [agent('a', 'breakout', 'scratch'), agent('b', 'breakout', 'transferred')] });
    await at.page.waitForSelector('[data-match="b"]');
    expect(await at.page.locator('#more').isVisible()).toBe(false);
  });

  test('draws no curve that is no longer named', async () => {
    await at.open({ matches: [agent('a', 'breakout')] });
    const tell = (labels: readonly string[]) =>
      at.viewer.setStatus({
        caption: 'Learning.',
        curvesTitle: labels.join(' and '),
        curves: labels.map((label, i) => ({
          label,
          arm: 'transferred',
          points: [
            [0, 1 + i, i, 2 + i],
            [1000, 5 + i, 3 + i, 8 + i],
          ],
        })),
      });
    const bands = at.page.locator('.curves svg path[fill-opacity="0.16"]');
    tell(['transferred', 'scratch']);
    await at.page.locator('.curves svg text', { hasText: 'transferred and scratch' }).waitFor();
    await expect.poll(() => bands.count()).toBe(2);
    tell(['from asterix']);
    await at.page
      .locator('.curves svg text', { hasText: /^from asterix$/ })
      .first()
      .waitFor();
    await expect.poll(() => bands.count()).toBe(1);
  });

  test('fits a phone', async () => {
    await at.open(
      { matches: [agent('a', 'seaquest', 'scratch'), agent('b', 'space-invaders', 'transferred')] },
      { width: 390, height: 844 },
    );
    await at.drawn('a', ({ frame }) => frame!.frame > 1);
    expect(await at.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    const board = (await at.page.locator('[data-match="a"] .board').boundingBox())!;
    expect(board.width).toBeGreaterThan(320);
    // Below the fold nothing is lost: the second board is drawn once it is scrolled to.
    await at.page.locator('[data-match="b"] .board').scrollIntoViewIfNeeded();
    await at.drawn('b', ({ frame }) => frame!.frame > 1);
    await expect
      .poll(async () => countColours(await at.screenshot('[data-match="b"] .board')), { timeout: 10_000 })
      .toBeGreaterThan(20);
  });
});
