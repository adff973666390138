import { type Browser, chromium } from 'playwright-core';
import { findChromium } from '../../scripts/chromium.ts';
import { isCi } from '../../scripts/debian.ts';

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
  if (isCi()) throw new Error(advice);
  console.warn(`browser tests are skipped, ${advice}`);
  return false;
}

/** A real, headless Chromium that renders without a GPU. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), args: FLAGS });
}
