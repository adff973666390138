import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const USUAL_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executablePath = [process.env['CHROMIUM_PATH'], ...USUAL_PATHS].find((path) => path && existsSync(path));

/**
 * Is there a browser to test in? Without one the tests are skipped, with a line that says so; under CI they fail.
 * Use as `describe.skipIf(!hasBrowser())`.
 */
export function hasBrowser(): boolean {
  if (executablePath !== undefined) return true;
  const advice = 'no Chromium found: install one (apt-get install chromium) or set CHROMIUM_PATH';
  if (process.env['CI']) throw new Error(advice);
  console.warn(`browser tests are skipped, ${advice}`);
  return false;
}

/** A real, headless Chromium that renders without a GPU. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS });
}
