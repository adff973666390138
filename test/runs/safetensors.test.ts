import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { crc32c } from '../../src/runs/crc32c.ts';
import type { SafeTensor } from '../../src/runs/safetensors.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/runs/safetensors.ts';

const fixture = new URL('./fixtures/from-python.safetensors', import.meta.url);

const every: Record<string, SafeTensor> = {
  f64: { shape: [2], data: Float64Array.of(-0, 1e-310) },
  f32: { shape: [2, 1, 2], data: Float32Array.of(NaN, -Infinity, 0.1, 3.4e38) },
  i64: { shape: [1], data: BigInt64Array.of(-(2n ** 63n)) },
  u64: { shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
  i32: { shape: [], data: Int32Array.of(-7) },
  u32: { shape: [1], data: Uint32Array.of(4294967295) },
  i16: { shape: [1], data: Int16Array.of(-32768) },
  u16: { shape: [1], data: Uint16Array.of(65535) },
  i8: { shape: [3], data: Int8Array.of(-128, 0, 127) },
  u8: { shape: [0, 5], data: new Uint8Array(0) },
  'a mask/Ω': { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
};

/** A file with this header (an object, or raw text) before `dataBytes` zeros. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype: unknown = 'F32'): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test('crc32c matches the check value of RFC 3720 and sums over pieces', () => {
  const bytes = new TextEncoder().encode('123456789');
  expect(crc32c(bytes)).toBe(0xe3069283);
  expect(crc32c(bytes.subarray(4), crc32c(bytes.subarray(0, 4)))).toBe(0xe3069283);
  // RFC 3720, B.4: 32 bytes of zeros give aa 36 91 8a (least significant byte first).
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});

describe('round trip', () => {
  it('keeps every dtype, shape, value and the metadata', () => {
    const decoded = decodeSafetensors(encodeSafetensors(every, { note: '"ü"', 0: 'zero' }), 'x');
    expect(decoded.metadata).toEqual({ note: '"ü"', 0: 'zero' });
    expect(decoded.sealed).toBe(true);
    expect(Object.keys(decoded.tensors).sort()).toEqual(Object.keys(every).sort());
    for (const [name, { shape, data }] of Object.entries(every)) {
      expect(decoded.tensors[name].shape).toEqual(shape);
      expect(decoded.tensors[name].data).toEqual(data);
    }
    expect(decoded.tensors['a mask/Ω'].dtype).toBe('BOOL');
  });

  it('gives equal bytes for equal content in another order, aligned to 8', () => {
    const bytes = encodeSafetensors(every, { a: 'b' });
    expect(encodeSafetensors(Object.fromEntries(Object.entries(every).reverse()), { a: 'b' })).toEqual(bytes);
    expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
  });

  it('reads from the middle of a larger buffer', () => {
    const bytes = encodeSafetensors(every);
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    expect(decodeSafetensors(larger.subarray(3), 'x').tensors.f64.data).toEqual(every.f64.data);
  });

  it('refuses tensors whose values do not fill their shape or dtype', () => {
    expect(() => encodeSafetensors({ a: { shape: [3], data: new Float32Array(2) } })).toThrow('do not fill');
    expect(() => encodeSafetensors({ a: { shape: [2], data: new Float32Array(2), dtype: 'BOOL' } })).toThrow(
      'not BOOL',
    );
    expect(() => encodeSafetensors({ __metadata__: { shape: [0], data: new Float32Array(0) } })).toThrow('named');
  });
});

describe('files of the Python package', () => {
  // Made with safetensors 0.8.0:
  // save_file({'trunk/0/kernel': np.arange(6, dtype=np.float32).reshape(2, 3) / 4, 'step': np.array(7, dtype=np.int64),
  //   'bias': np.array([0.1, -2.5e300]), 'mask': np.array([True, False, True]),
  //   'bytes': np.array([1, 255], dtype=np.uint8), 'ints': np.array([[-1], [2**31 - 1]], dtype=np.int32),
  //   'words': np.array([2**32 - 1], dtype=np.uint32), 'empty': np.zeros((0, 3), dtype=np.float32)},
  //   'from-python.safetensors', metadata={'format': 'pt', 'note': 'größer'})
  it('are read', () => {
    const { tensors, metadata, sealed } = decodeSafetensors(readFileSync(fixture), 'from-python.safetensors');
    expect(metadata).toEqual({ format: 'pt', note: 'größer' });
    expect(sealed).toBe(false);
    expect(tensors).toEqual({
      'trunk/0/kernel': { dtype: 'F32', shape: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) },
      step: { dtype: 'I64', shape: [], data: BigInt64Array.of(7n) },
      bias: { dtype: 'F64', shape: [2], data: Float64Array.of(0.1, -2.5e300) },
      mask: { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
      bytes: { dtype: 'U8', shape: [2], data: Uint8Array.of(1, 255) },
      ints: { dtype: 'I32', shape: [2, 1], data: Int32Array.of(-1, 2147483647) },
      words: { dtype: 'U32', shape: [1], data: Uint32Array.of(4294967295) },
      empty: { dtype: 'F32', shape: [0, 3], data: new Float32Array(0) },
    });
  });

  const hasPython = spawnSync('python3', ['-c', 'import safetensors']).status === 0;

  it.skipIf(!hasPython)('ours are read by the Python package (where it is installed)', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'ngplus-')), 'ours.safetensors');
    writeFileSync(file, encodeSafetensors(every, { note: 'ü' }));
    const script = `
import json, sys, safetensors
read = safetensors.deserialize(open(sys.argv[1], 'rb').read())
print(json.dumps({name: [t['dtype'], list(t['shape']), bytes(t['data']).hex()] for name, t in read}))`;
    const read = JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }));
    for (const [name, { shape, data }] of Object.entries(every)) {
      const hex = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
      expect(read[name].slice(1), name).toEqual([shape, hex]);
    }
    expect(Object.keys(read)).toHaveLength(Object.keys(every).length);
  });
});

describe('refuses in one line that names the file', () => {
  const good = encodeSafetensors({ a: { shape: [4], data: new Float32Array(4) } }, { m: 'x' });
  const corrupt = good.slice();
  corrupt[corrupt.length - 2] ^= 4;
  const otherName = good.slice();
  otherName[Buffer.from(good).indexOf('"a":') + 1] = 'b'.charCodeAt(0);

  test.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), '0 bytes are too short'],
    ['random text', new TextEncoder().encode('PK\x03\x04 this is a zip, honestly'), 'not a safetensors file'],
    ['a header size past the limit', fileOf(' '.repeat(10)).fill(255, 0, 5), 'a header of'],
    ['a header size past the end', fileOf('{}').fill(200, 0, 1), 'the header needs 208'],
    ['a header that is no JSON', fileOf('{"a":'), 'the header is not JSON'],
    ['a header that is no UTF-8', fileOf('{"abc":1}').fill(0xff, 10, 12), 'the header is not JSON'],
    ['a header that is a list', fileOf([1]), 'not a JSON object'],
    ['half of the values', good.subarray(0, good.length - 5), 'truncated: tensor "a" ends at byte 16'],
    ['half of the header', good.subarray(0, 20), 'truncated'],
    ['bytes at the end', Buffer.concat([good, new Uint8Array(2)]), '2 bytes after the last tensor'],
    ['a flipped bit', corrupt, 'checksum does not match'],
    ['a flipped bit in a name', otherName, 'checksum does not match'],
    ['overlapping tensors', fileOf({ a: entry(0, 8), b: entry(4, 12) }, 12), '"b" overlaps'],
    ['a hole', fileOf({ a: entry(0, 4), b: entry(8, 12) }, 12), '4 bytes before tensor "b"'],
    ['an end past the file', fileOf({ a: entry(0, 16) }, 12), 'truncated'],
    ['offsets the wrong way round', fileOf({ a: entry(8, 4, []) }, 8), 'bad data_offsets [8,4]'],
    ['negative offsets', fileOf({ a: entry(-4, 0) }, 0), 'bad data_offsets'],
    ['a shape that does not fit', fileOf({ a: entry(0, 8, [3]) }, 8), 'needs 12 bytes, its range has 8'],
    ['a shape with a fraction', fileOf({ a: entry(0, 8, [0.5]) }, 8), 'bad shape [0.5]'],
    ['an unknown dtype', fileOf({ a: entry(0, 8, [4], 'BF16') }, 8), 'dtype "BF16" is not supported; valid: F64'],
    ['a dtype of Object.prototype', fileOf({ a: entry(0, 8, [4], 'toString') }, 8), 'not supported'],
    ['an entry that is no object', fileOf({ a: 3 }), 'its entry is not an object'],
    ['metadata that are no strings', fileOf({ __metadata__: { a: 1 } }), '"a" is not a string'],
    ['a BOOL of 2', fileOf({ a: entry(0, 1, [1], 'BOOL') }, 1).fill(2, -1), 'neither 0 nor 1'],
  ])('%s', (_, bytes, reason) => {
    const read = (): unknown => decodeSafetensors(bytes, 'runs/a/step.safetensors');
    expect(read).toThrow(UserError);
    expect(read).toThrow(reason);
    expect(read).toThrow(/^runs\/a\/step\.safetensors: [^\n]+$/);
  });
});
