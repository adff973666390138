import { BATCH_MS } from '../../src/live/protocol.ts';

/**
 * Shows the frames of batches in their own time, each as long after it was played as a batch may wait. What is still to
 * be shown when the next one comes is shown at once, so that order is kept however late one was.
 */
export function createPlayOut(show: (match: string, text: string) => void) {
  const waiting = new Map<string, { readonly text: string; readonly timer: ReturnType<typeof setTimeout> }[]>();
  const showNext = (match: string): void => show(match, waiting.get(match)!.shift()!.text);
  return (match: string, texts: readonly string[], ages: readonly number[]): void => {
    for (const { text, timer } of waiting.get(match) ?? []) {
      clearTimeout(timer);
      show(match, text);
    }
    waiting.set(match, []);
    texts.forEach((text, i) => {
      const delayMs = BATCH_MS - ages[i];
      if (delayMs <= 0) return show(match, text);
      waiting.get(match)!.push({ text, timer: setTimeout(showNext, delayMs, match) });
    });
  };
}
