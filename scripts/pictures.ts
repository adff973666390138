/**
 * Pictures of the viewer, of a folder of runs, into docs/images:
 *
 *     npm run build && npx tsx scripts/pictures.ts FOLDER 'lobby=#lobby' 'replay=#replay?id=ID&frame=120' 'phone@390x844=#lobby'
 *
 * Each is NAME[@WIDTH[xHEIGHT]][+KEYS]=ADDRESS, taken after 12 s: the whole page where only a width is given. With keys,
 * those are pressed then, and 12 s pass again.
 */
import { openLibrary } from '../src/live/library.ts';
import { lobbyMatches } from '../src/live/lobby-matches.ts';
import { startViewer } from '../src/live/server.ts';
import { launchBrowser } from '../test/e2e/browser.ts';

const WAIT_MS = 12_000;
const PICTURE = /^([\w-]+)(?:@(\d+)(?:x(\d+))?)?(?:\+(\w+))?=(.*)$/;

const [folder, ...pictures] = process.argv.slice(2);
const library = openLibrary(folder);
const viewer = await startViewer({ port: 0, library, home: 'lobby', matches: lobbyMatches(library, folder) });
const browser = await launchBrowser();
for (const picture of pictures) {
  const [, name, width, height, keys = '', address] = PICTURE.exec(picture)!;
  const page = await browser.newPage({ viewport: { width: Number(width ?? 1280), height: Number(height ?? 900) } });
  await page.goto(viewer.url + address);
  await page.waitForTimeout(WAIT_MS);
  for (const key of keys) await page.keyboard.press(key);
  if (keys !== '') await page.waitForTimeout(WAIT_MS);
  const fullPage = width !== undefined && height === undefined;
  await page.screenshot({ path: `docs/images/${name}.png`, fullPage });
  await page.close();
}
await browser.close();
await viewer.close();
