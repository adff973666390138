import { UserError } from '../core/errors.ts';
import type { SafeTensor, TensorData } from './safetensors.ts';
import { decodeSafetensors, dtypeOf, encodeSafetensors } from './safetensors.ts';

/**
 * A tree of plain data as one safetensors file: typed arrays are tensors named by their path (`optimizer/m/0`), the
 * rest is JSON in the metadata field `state`, in which `{"$tensor": name}` stands for an array and `{"$number": "NaN"}`
 * for a number that JSON lacks; keys that start with `$` get one more in front.
 */
const STATE_KEY = 'state';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * The bytes of a tree of objects, arrays, typed arrays, numbers (NaN, ±Infinity and -0 too), strings, booleans and
 * null. Fields that are undefined are dropped. Throws where the tree holds anything else, naming its path.
 */
export function encodeState(tree: unknown): Uint8Array {
  const tensors = new Map<string, SafeTensor>();
  const json = toJson(tree, '', tensors);
  return encodeSafetensors(Object.fromEntries(tensors), { [STATE_KEY]: JSON.stringify(json) });
}

/** The tree, bit for bit. Throws a `UserError` naming the file where it is foreign, truncated or corrupt. */
export function decodeState(bytes: Uint8Array, name: string): unknown {
  const { tensors, metadata, sealed } = decodeSafetensors(bytes, name);
  if (!sealed || metadata[STATE_KEY] === undefined) {
    throw new UserError(`${name}: not a saved state of ngplus (no state, or no checksum, in its metadata)`);
  }
  return fromJson(JSON.parse(metadata[STATE_KEY]), tensors);
}

function toJson(value: unknown, path: string, tensors: Map<string, SafeTensor>): Json {
  if (typeof value === 'number') return numberToJson(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return Array.from(value, (item, i) => toJson(item, within(path, i), tensors));
  if (isTypedArray(value)) return arrayToJson(value, path, tensors);
  if (isPlainObject(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(
      fields.map(([key, field]) => [key.startsWith('$') ? `$${key}` : key, toJson(field, within(path, key), tensors)]),
    );
  }
  throw new Error(`state can't hold ${Object.prototype.toString.call(value)} at "${path}"`);
}

function numberToJson(value: number): Json {
  if (Object.is(value, -0)) return { $number: '-0' };
  return Number.isFinite(value) ? value : { $number: String(value) };
}

function arrayToJson(view: TensorData | Uint8ClampedArray, path: string, tensors: Map<string, SafeTensor>): Json {
  let name = path || 'state';
  while (tensors.has(name) || name === '__metadata__') name += "'";
  const clamped = view instanceof Uint8ClampedArray;
  const data: TensorData = clamped ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : view;
  tensors.set(name, { shape: [data.length], data });
  return clamped ? { $tensor: name, $clamped: true } : { $tensor: name };
}

function fromJson(json: Json, tensors: Readonly<Record<string, SafeTensor>>): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => fromJson(item, tensors));
  if (Object.hasOwn(json, '$number')) return Number(json.$number);
  if (Object.hasOwn(json, '$tensor')) {
    const { data } = tensors[json.$tensor as string];
    return json.$clamped === true ? new Uint8ClampedArray(data.buffer as ArrayBuffer) : data;
  }
  // fromEntries, not assignment: a key may be "__proto__".
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key.startsWith('$') ? key.slice(1) : key, fromJson(value, tensors)]),
  );
}

const within = (path: string, key: string | number): string => (path === '' ? String(key) : `${path}/${key}`);

const isTypedArray = (value: unknown): value is TensorData | Uint8ClampedArray =>
  value instanceof Uint8ClampedArray || dtypeOf(value) !== undefined;

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
