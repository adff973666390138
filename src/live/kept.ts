/**
 * Makes what is asked for by key, keeps the `most` newest for those who ask again, and makes at most `atOnce` at a time.
 * What failed is forgotten.
 */
export function keepNewest<T>(most: number, atOnce: number): (key: string, make: () => Promise<T>) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  const making = new Set<Promise<unknown>>();
  return (key, make) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = (async () => {
      while (making.size >= atOnce) await Promise.race(making);
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
