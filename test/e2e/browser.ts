import { type Browser, chromium } from 'playwright-core';
import { browserRequired, findChromium } from '../../scripts/chromium.ts';

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

/**
 * Is there a browser to test in? Without one the tests are skipped, with a line that says so; under CI they fail.
 * Use as `describe.skipIf(!hasBrowser())`.
 */
export function hasBrowser(): boolean {
  if (findChromium() !== undefined) return true;
  const advice = 'no Chromium found: install one (apt-get install chromium) or set CHROMIUM_PATH';
  if (browserRequired()) throw new Error(advice);
  console.warn(`browser tests are skipped, ${advice}`);
  return false;
}

/** A real, headless Chromium that renders without a GPU. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), args: FLAGS });
}
