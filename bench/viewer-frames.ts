/**
 * What many boards on one page cost a browser that draws without a graphics processor, and how soon the first is there:
 * `npx tsx bench/viewer-frames.ts [--boards 16] [--seconds 10]`. Boards outside the window are
 * not drawn.
 *
 * The page itself draws at most 30 pictures a second in software. So the time of a picture is that of its work on the page's
 * thread, from the browser's call until that thread is free again: scripts, drawing until the pixels of every board can be
 * read (boards are drawn by that thread: 2D canvases in software), then style, layout and painting of the page. Other threads
 * make pixels of the page's text and put all together: the processor time (Linux only) has theirs, too. The time between the
 * browser's calls says how often it gets round to a picture. All grow with whatever shares the machine, the processor time
 * least.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { games } from '../src/envs/index.ts';
import { startViewer } from '../src/live/server.ts';
import { launchBrowser } from '../test/e2e/browser.ts';
import { freshPolicy } from '../test/live/fresh-policy.ts';

const { values: options } = parseArgs({
  options: { boards: { type: 'string', default: '16' }, seconds: { type: 'string', default: '10' } },
});
const boards = Number(options.boards);
/** The kernel counts in hundredths of a second. */
const MS_A_TICK = 10;

const SIZE = { width: 1280, height: 900 };

/** Runs in the page before its own scripts. Text: the compiler must not touch it. */
const WATCH = `{
  const bench = (window.__bench = { works: [], drawings: [], intervals: [], firstMs: null, isOn: false });
  const drawn = new Set();
  function watch({ prototype }, names) {
    for (const name of names) {
      const draw = prototype[name];
      prototype[name] = function (...args) {
        drawn.add(this);
        return draw.apply(this, args);
      };
    }
  }
  watch(WebGLRenderingContext, ['drawElements', 'drawArrays']);
  watch(CanvasRenderingContext2D, ['drawImage', 'fillRect', 'clearRect', 'fill']);
  const pixel = new Uint8Array(4);
  function finish(ink) {
    if (ink instanceof CanvasRenderingContext2D) ink.getImageData(0, 0, 1, 1);
    else ink.readPixels(0, 0, 1, 1, ink.RGBA, ink.UNSIGNED_BYTE, pixel);
  }
  const { port1, port2 } = new MessageChannel();
  let startMs = 0;
  port1.onmessage = () => {
    const endMs = performance.now();
    if (bench.isOn) bench.works.push(endMs - startMs);
    if (bench.firstMs === null && window.__ngplus?.match('match-0')?.sprites.length > 0) bench.firstMs = endMs;
  };
  const request = window.requestAnimationFrame;
  let callbacks = [];
  let lastMs = null;
  const tick = (now) => {
    const due = callbacks;
    callbacks = [];
    drawn.clear();
    startMs = performance.now();
    for (const callback of due) callback(now);
    if (bench.isOn && lastMs !== null) bench.intervals.push(now - lastMs);
    lastMs = now;
    const pictures = [...drawn].filter(({ canvas }) => canvas.isConnected);
    if (pictures.length === 0) return;
    pictures.forEach(finish);
    if (bench.isOn) bench.drawings.push(performance.now() - startMs);
    port2.postMessage(null);
  };
  window.requestAnimationFrame = (callback) => {
    if (callbacks.length === 0) request(tick);
    return callbacks.push(callback);
  };
  window.cancelAnimationFrame = () => undefined;
}`;

/** Processor time of each thread of the browser so far, in ms: of all processes that come from this one. */
function threadTimes(): Map<string, number> {
  const parents = new Map(pidsIn('/proc').map((pid) => [pid, Number(statOf(`/proc/${pid}/stat`)[1] ?? 0)]));
  const isOurs = (pid: number): boolean => pid === process.pid || (pid > 1 && isOurs(parents.get(pid) ?? 0));
  const browsers = [...parents.keys()].filter((pid) => pid !== process.pid && isOurs(pid));
  return new Map(
    browsers.flatMap((pid) =>
      pidsIn(`/proc/${pid}/task`).map((thread) => {
        const stat = statOf(`/proc/${pid}/task/${thread}/stat`);
        return [`${pid}/${thread}`, (Number(stat[11] ?? 0) + Number(stat[12] ?? 0)) * MS_A_TICK] as const;
      }),
    ),
  );
}

function pidsIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return []; // It has just ended.
  }
}

/** What follows the name in a stat file of the kernel: state, parent, …; empty where the thread has just ended. */
function statOf(file: string): string[] {
  try {
    const text = readFileSync(file, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

interface Watched {
  readonly works: readonly number[];
  readonly drawings: readonly number[];
  readonly intervals: readonly number[];
  readonly firstMs: number | null;
}

const planes = games.filter((game) => game.observation({}).kind === 'planes').map(({ id }) => id);
const root = await mkdtemp(join(tmpdir(), 'ngplus-viewer-frames-'));
await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { outDir: root, emptyOutDir: true } });
const matches = Array.from({ length: boards }, (_, i) => {
  const env = planes[i % planes.length];
  const bytes = freshPolicy(env, 1, i);
  return {
    id: `match-${i}`,
    label: env,
    env,
    latest: async (after: number) => (after < 1 ? { step: 1, bytes } : null),
  };
});
const viewer = await startViewer({ port: 0, root, matches });
const browser = await launchBrowser();
const page = await browser.newPage({ viewport: SIZE });
await page.addInitScript(WATCH);
await page.goto(viewer.url);
const watched = (): Promise<Watched> => page.evaluate('__bench');
while ((await watched()).firstMs === null) await sleep(20);
for (;;) {
  const chip = page.locator('#more [aria-pressed="false"]').first();
  if ((await chip.count()) === 0) break;
  await chip.click();
}
await page.evaluate('scrollTo(0, 0)');
await sleep(2000);
await page.evaluate('__bench.isOn = true');
const before = threadTimes();
await sleep(1000 * Number(options.seconds));
const after = threadTimes();
const { works, drawings, intervals, firstMs } = await watched();
const seen = await page.evaluate(
  `[...document.querySelectorAll('.board')].filter((board) => board.getBoundingClientRect().top < innerHeight).length`,
);
const at = (values: readonly number[], share: number): string =>
  values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))].toFixed(1);
const summary = (values: readonly number[]): string =>
  `median ${at(values, 0.5)}, 95th percentile ${at(values, 0.95)} ms`;
console.log(`load of the machine: ${loadavg()[0].toFixed(1)}`);
console.log(`first board drawn after ${firstMs!.toFixed(0)} ms`);
console.log(`${boards} boards, ${seen} of them in a window of ${SIZE.width} x ${SIZE.height} pixels`);
console.log(`work of a picture: ${summary(works)} (${works.length} pictures in ${options.seconds} s)`);
console.log(`of it, scripts and drawing: ${summary(drawings)}`);
const spent = [...after].map(([thread, ms]) => (ms - (before.get(thread) ?? 0)) / works.length);
const whole = spent.reduce((sum, ms) => sum + ms, 0);
console.log(
  `processor time of a picture: ${whole.toFixed(0)} ms, of one thread at most ${Math.max(...spent).toFixed(0)} ms`,
);
console.log(`between the browser's calls: ${summary(intervals)}`);
await browser.close();
await viewer.close();
await rm(root, { recursive: true });
