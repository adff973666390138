/** More is asked for than can be made in good time. */
export class BusyError extends Error {
  override name = 'BusyError';
}

/**
 * Makes what is asked for by key, keeps the `most` newest for those who ask again, and makes at most `atOnce` at a time.
 * What failed is forgotten. Where `mostWaiting` wait already, the next one is refused: rejects with a `BusyError`.
 */
export function keepNewest<T>(
  most: number,
  atOnce: number,
  mostWaiting = Infinity,
): (key: string, make: () => Promise<T>) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  const making = new Set<Promise<unknown>>();
  let waiting = 0;
  return (key, make) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    if (waiting >= mostWaiting) return Promise.reject(new BusyError('too many wait already; ask again in a moment'));
    const fresh = (async () => {
      waiting++;
      while (making.size >= atOnce) await Promise.race(making);
      waiting--;
      const work = make();
      const settled = work.catch(() => made.delete(key)).finally(() => making.delete(settled));
      making.add(settled);
      return work;
    })();
    made.set(key, fresh);
    if (made.size > most) made.delete(made.keys().next().value!);
    return fresh;
  };
}
