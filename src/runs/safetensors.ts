import { UserError } from '../core/errors.ts';
import { crc32c } from './crc32c.ts';

/**
 * The safetensors format (https://huggingface.co/docs/safetensors, "Format"): the size of the header as a
 * little-endian 64-bit number, the header (JSON: tensor name → dtype, shape, byte range), then the values, row-major and
 * little-endian, without holes. No Node modules: browsers read checkpoints with this file too.
 */

const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

export type Dtype = keyof typeof ARRAYS;
export type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** `data` holds the product of `shape` numbers, row-major. */
export interface SafeTensor {
  /** That of the array if left out; `BOOL` must be said (a Uint8Array of 0 and 1). */
  readonly dtype?: Dtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface SafetensorsContent {
  readonly tensors: Record<string, Required<SafeTensor>>;
  readonly metadata: Record<string, string>;
  /** Was there a checksum (and so did it match)? Files of other programs have none. */
  readonly sealed: boolean;
}

interface Entry {
  readonly dtype: Dtype;
  readonly shape: number[];
  readonly data_offsets: [begin: number, end: number];
}

const METADATA = '__metadata__';
const SEAL_KEY = 'crc32c';
/** A file of ours starts with this header, so that the checksum has a fixed place; it is taken with zeros there. */
const SEAL_PREFIX = `{"${METADATA}":{"${SEAL_KEY}":"`;
const SEAL_ZEROS = '00000000';
const SEAL_START = 8 + SEAL_PREFIX.length;
const SEAL_END = SEAL_START + SEAL_ZEROS.length;
/** The limit that the reference implementation sets. */
const MAX_HEADER_BYTES = 100_000_000;

/** The dtype of a typed array; undefined for every other value. */
export function dtypeOf(value: unknown): Dtype | undefined {
  return (Object.keys(ARRAYS) as Dtype[]).find((dtype) => value instanceof ARRAYS[dtype]);
}

const byteRange = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, dimension) => size * dimension, 1);

/**
 * The bytes of a safetensors file. Tensors are laid out widest type first, then by name (so that all are aligned and
 * equal content gives equal bytes), and a checksum of the whole file is kept in the metadata as `crc32c`.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, SafeTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = Object.entries(tensors).sort(byWidthThenName);
  const header = [field(METADATA, jsonObject(metadataFields(metadata)))];
  let end = 0;
  for (const [name, tensor] of ordered) {
    const dtype = checkedDtype(name, tensor);
    const begin = end;
    end += tensor.data.byteLength;
    header.push(field(name, JSON.stringify({ dtype, shape: tensor.shape, data_offsets: [begin, end] })));
  }
  const text = new TextEncoder().encode(jsonObject(header));
  // Spaces fill the header up, so that the values start at a multiple of 8.
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end).fill(0x20, 8, 8 + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(text, 8);
  let at = 8 + headerBytes;
  for (const [, tensor] of ordered) {
    file.set(byteRange(tensor.data), at);
    at += tensor.data.byteLength;
  }
  file.set(asciiBytes(hex(crc32c(file))), SEAL_START);
  return file;
}

/**
 * Reads a safetensors file; every array is a copy of its own. `name` is the file's, for messages.
 * Throws a `UserError` where the bytes are no whole and consistent safetensors file, or do not match their checksum.
 */
export function decodeSafetensors(bytes: Uint8Array, name: string): SafetensorsContent {
  const fail = (reason: string): never => {
    throw new UserError(`${name}: ${reason}`);
  };
  const { header, values } = splitFile(bytes, fail);
  const entries = Object.entries(header).filter(([key]) => key !== METADATA);
  const tensors: [string, Required<SafeTensor>][] = [];
  for (const [key, value] of entries) {
    const { dtype, shape, data_offsets: range } = readEntry(key, value, fail);
    if (range[1] > values.length) {
      fail(`truncated: tensor "${key}" ends at byte ${range[1]} of the values, the file has ${values.length}`);
    }
    const data = new Uint8Array(range[1] - range[0]);
    data.set(values.subarray(range[0], range[1]));
    if (dtype === 'BOOL' && data.some((value) => value > 1)) fail(`tensor "${key}": a BOOL is neither 0 nor 1`);
    tensors.push([key, { dtype, shape, data: new ARRAYS[dtype](data.buffer) }]);
  }
  checkLayout(
    entries.map(([key, value]) => [key, ...(value as Entry).data_offsets]),
    values.length,
    fail,
  );
  const metadata = readMetadata(header, fail);
  const sealed = checkSeal(bytes, fail);
  if (sealed) delete metadata[SEAL_KEY];
  return { tensors: Object.fromEntries(tensors), metadata, sealed };
}

type Fail = (reason: string) => never;

// Written by hand, since an object would put keys like "0" before the checksum.
const field = (key: string, json: string): string => `${JSON.stringify(key)}:${json}`;
const jsonObject = (fields: readonly string[]): string => `{${fields.join(',')}}`;

function metadataFields(metadata: Readonly<Record<string, string>>): string[] {
  const rest = Object.entries(metadata).filter(([key]) => key !== SEAL_KEY);
  return [[SEAL_KEY, SEAL_ZEROS], ...rest].map(([key, value]) => field(key, JSON.stringify(value)));
}

function byWidthThenName([a, x]: [string, SafeTensor], [b, y]: [string, SafeTensor]): number {
  return y.data.BYTES_PER_ELEMENT - x.data.BYTES_PER_ELEMENT || (a < b ? -1 : 1);
}

function checkedDtype(name: string, { dtype, shape, data }: SafeTensor): Dtype {
  if (name === METADATA) throw new Error(`a tensor can't be named ${METADATA}`);
  if (data.length !== sizeOf(shape)) {
    throw new Error(`tensor "${name}": ${data.length} values do not fill the shape [${shape.join(', ')}]`);
  }
  const own = dtypeOf(data)!;
  if (dtype !== undefined && !(data instanceof ARRAYS[dtype]))
    throw new Error(`tensor "${name}" is ${own}, not ${dtype}`);
  return dtype ?? own;
}

function splitFile(bytes: Uint8Array, fail: Fail): { header: Record<string, unknown>; values: Uint8Array } {
  if (bytes.length < 8) fail(`not a safetensors file: ${bytes.length} bytes are too short for one`);
  const size = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (size > MAX_HEADER_BYTES) fail(`not a safetensors file: a header of ${size} bytes`);
  const start = 8 + Number(size);
  if (start > bytes.length) fail(`truncated or no safetensors file: ${bytes.length} bytes, the header needs ${start}`);
  return { header: parseHeader(bytes.subarray(8, start), fail), values: bytes.subarray(start) };
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    fail('not a safetensors file, or corrupt: the header is not JSON');
  }
  if (!isObject(header)) return fail('not a safetensors file: the header is not a JSON object');
  return header;
}

function readMetadata(header: Record<string, unknown>, fail: Fail): Record<string, string> {
  const metadata = header[METADATA] ?? {};
  if (!isObject(metadata)) return fail(`${METADATA} is not an object`);
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') fail(`${METADATA}: "${key}" is not a string`);
  }
  return metadata as Record<string, string>;
}

function readEntry(name: string, value: unknown, fail: Fail): Entry {
  const at = `tensor "${name}"`;
  if (!isObject(value)) return fail(`${at}: its entry is not an object`);
  const { dtype, shape, data_offsets: range } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(ARRAYS, dtype)) {
    return fail(`${at}: dtype ${JSON.stringify(dtype)} is not supported; valid: ${Object.keys(ARRAYS).join(', ')}`);
  }
  if (!isCounts(shape)) return fail(`${at}: bad shape ${JSON.stringify(shape)}`);
  if (!isCounts(range) || range.length !== 2 || range[0] > range[1]) {
    return fail(`${at}: bad data_offsets ${JSON.stringify(range)}`);
  }
  const expected = sizeOf(shape) * ARRAYS[dtype as Dtype].BYTES_PER_ELEMENT;
  if (range[1] - range[0] !== expected) {
    fail(`${at}: ${dtype} [${shape.join(', ')}] needs ${expected} bytes, its range has ${range[1] - range[0]}`);
  }
  return { dtype: dtype as Dtype, shape, data_offsets: [range[0], range[1]] };
}

/** The ranges must follow one another and fill the values: no overlap, no hole, no bytes left over. */
function checkLayout(ranges: [name: string, begin: number, end: number][], size: number, fail: Fail): void {
  let filled = 0;
  for (const [name, begin, end] of ranges.sort((a, b) => a[1] - b[1] || a[2] - b[2])) {
    if (begin < filled) fail(`tensor "${name}" overlaps the one before it`);
    if (begin > filled) fail(`${begin - filled} bytes before tensor "${name}" belong to no tensor`);
    filled = end;
  }
  if (filled < size) fail(`${size - filled} bytes after the last tensor`);
}

/** True where the file has a checksum of ours; fails where it has one that does not match. */
function checkSeal(bytes: Uint8Array, fail: Fail): boolean {
  const prefix = bytes.subarray(8, SEAL_START);
  if (String.fromCharCode(...prefix) !== SEAL_PREFIX || bytes.length < SEAL_END) return false;
  const seal = String.fromCharCode(...bytes.subarray(SEAL_START, SEAL_END));
  const head = crc32c(asciiBytes(SEAL_ZEROS), crc32c(bytes.subarray(0, SEAL_START)));
  if (hex(crc32c(bytes.subarray(SEAL_END), head)) !== seal) {
    fail(`corrupt: its checksum does not match (another program that rewrites it must drop "${SEAL_KEY}")`);
  }
  return true;
}

const hex = (sum: number): string => sum.toString(16).padStart(8, '0');
const asciiBytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
