/**
 * For long work in a process that has others to serve: awaited between its pieces, it lets them go first whenever the
 * work has gone on for longer than `mostMs`.
 */
export function turns(mostMs: number): () => Promise<void> {
  let sinceMs = performance.now();
  return async () => {
    if (performance.now() - sinceMs < mostMs) return;
    await new Promise((resolve) => setTimeout(resolve));
    sinceMs = performance.now();
  };
}
