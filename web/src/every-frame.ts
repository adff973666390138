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

/** Waits this long, then for the screen's next picture. */
function wait(delayMs: number): void {
  if (isWaiting || acts.size === 0) return;
  isWaiting = true;
  if (delayMs > 0) setTimeout(requestAnimationFrame, delayMs, pass);
  else requestAnimationFrame(pass);
}

function pass(): void {
  isWaiting = false;
  // Half a picture of a usual screen early, so as not to miss the one that is meant.
  wait(isSoftwareRendered() ? 1000 / SOFTWARE_FPS - 8 : 0);
  for (const act of acts) act();
}
