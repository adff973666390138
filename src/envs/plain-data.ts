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

/**
 * Says what in a value is not plain data: `state.board is a Map`. Undefined where all is numbers, strings, booleans,
 * null, typed arrays, arrays and plain objects.
 */
export function plainDataProblem(value: unknown, path = 'state'): string | undefined {
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return undefined;
  if (typeof value !== 'object')
    return `${path} is ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
    return `${path} is a ${value.constructor.name}`;
  }
  for (const [key, item] of Object.entries(value)) {
    const problem = plainDataProblem(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
