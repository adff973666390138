import { isSoftwareRendered } from './software.ts';

/** Pictures a second where no graphics processor helps: what draws then is a core that may be training. */
const SOFTWARE_FPS = 30;

const acts = new Set<() => void>();
let isWaiting = false;

/** Does this before every picture that the screen shows, of which software makes fewer. Returns a function that ends it. */
export function everyFrame(act: () => void): () => void {
  acts.add(act);
  wait(0);
  return () => void acts.delete(act);
}

/** Waits this long and then for the screen's next picture. */
function wait(delayMs: number): void {
  if (isWaiting || acts.size === 0) return;
  isWaiting = true;
  if (delayMs > 0) setTimeout(requestAnimationFrame, delayMs, pass);
  else requestAnimationFrame(pass);
}

function pass(now: number): void {
  isWaiting = false;
  for (const act of acts) act();
  // The screen's next picture comes up to 16 ms later.
  wait(isSoftwareRendered() ? now + 1000 / SOFTWARE_FPS - 8 - performance.now() : 0);
}
