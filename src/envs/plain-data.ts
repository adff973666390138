/**
 * Copies `source` into `target` in place, so that `target` stays the very object (and the fast shape) a game made. What
 * does not fit in place is replaced by a copy. Plain data only.
 */
export function restorePlainData(target: object, source: object): void {
  const to = target as Record<string, unknown>;
  const from = source as Record<string, unknown>;
  if (Array.isArray(target)) target.length = (source as unknown[]).length;
  for (const key of Object.keys(to)) if (!Object.hasOwn(from, key)) delete to[key];
  for (const key of Object.keys(from)) {
    const value = from[key];
    const present = to[key];
    if (ArrayBuffer.isView(value)) {
      if (isSameArray(present, value)) (present as Uint8Array).set(value as Uint8Array);
      else to[key] = structuredClone(value);
    } else if (isObject(value)) {
      if (isObject(present) && Array.isArray(present) === Array.isArray(value)) restorePlainData(present, value);
      else to[key] = structuredClone(value);
    } else {
      to[key] = value;
    }
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);

const isSameArray = (a: unknown, b: ArrayBufferView): boolean =>
  ArrayBuffer.isView(a) && a.constructor === b.constructor && a.byteLength === b.byteLength;
