import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { browserRequired, findChromium } from '../../scripts/chromium.ts';

/** For `describe.skipIf`: no browser here, and nobody insists on one (CI=1 does). */
export const withoutBrowser = findChromium() === undefined && !browserRequired();

/** The system's Chromium without a window, able to draw with WebGL where there is no GPU. Throws where there is none. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('no Chromium found; install one or set CHROMIUM_PATH');
  // Root, as in containers, can't use the sandbox.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--enable-unsafe-swiftshader'] });
}
