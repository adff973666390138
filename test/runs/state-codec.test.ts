import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { createRng } from '../../src/core/rng.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/runs/safetensors.ts';
import { decodeState, encodeState } from '../../src/runs/state-codec.ts';

const roundTrip = (tree: unknown): unknown => decodeState(encodeState(tree), 'state');

// Bits, not values: `toEqual` takes every NaN for the same.
const float64 = fc
  .bigInt({ min: 0n, max: 2n ** 64n - 1n })
  .map((bits) => new Float64Array(BigUint64Array.of(bits).buffer));
const typedArray = fc.oneof(
  float64,
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int8Array(),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
);
const key = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', '$tensor', '$number', '$$', '', 'a/b', '__metadata__', '1'),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.double(),
    fc.constantFrom(NaN, Infinity, -Infinity, -0, null, true, false),
    fc.string({ unit: 'binary' }),
    typedArray,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
  ),
}));

/** The same tree with typed arrays as their type and hexadecimal bytes, to compare bits. */
function withBits(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const hex = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
    return `${Object.prototype.toString.call(value)} ${hex}`;
  }
  if (Array.isArray(value)) return value.map(withBits);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([k, v]) => [k, withBits(v)]);
}

test('any tree of plain data comes back bit for bit', () => {
  fc.assert(
    fc.property(tree, (value) => {
      expect(withBits(roundTrip(value))).toStrictEqual(withBits(value));
    }),
    { numRuns: 500 },
  );
});

describe('a training state', () => {
  const rng = createRng(3, 'state');
  const state = {
    step: 12_800,
    params: { 'trunk/0/kernel': Float32Array.from({ length: 50 }, () => rng.float()) },
    rngs: [rng.save(), createRng(4).save()],
    lastLoss: NaN,
    schedule: undefined,
  };

  it('drops undefined fields, keeps the rest, and names tensors by their path', () => {
    const bytes = encodeState(state);
    expect(decodeState(bytes, 'x')).toStrictEqual({
      step: 12_800,
      params: state.params,
      rngs: state.rngs,
      lastLoss: NaN,
    });
    const names = Object.keys(decodeSafetensors(bytes, 'x').tensors).sort();
    expect(names).toEqual(['params/trunk/0/kernel', 'rngs/0', 'rngs/1']);
  });

  it('shares no memory with what was saved', () => {
    const values = Float32Array.of(1, 2);
    const back = roundTrip({ values }) as { values: Float32Array };
    values[0] = 9;
    expect([...back.values]).toEqual([1, 2]);
  });

  it('gives the same bytes for the same state', () => {
    expect(encodeState(structuredClone(state))).toEqual(encodeState(state));
  });
});

describe('refuses', () => {
  test.each<[unknown, string]>([
    [{ a: { b: () => 1 } }, 'can\'t hold [object Function] at "a/b"'],
    [{ a: [new Map()] }, '[object Map] at "a/0"'],
    [[1, undefined], '[object Undefined] at "1"'],
    [{ at: new Date(0) }, '[object Date]'],
    [{ a: new DataView(new ArrayBuffer(2)) }, '[object DataView]'],
    [3n, '[object BigInt]'],
  ])('what is not plain data (%#)', (value, reason) => {
    expect(() => encodeState(value)).toThrow(reason);
  });

  it('every single flipped bit and every truncation', () => {
    const bytes = encodeState({ step: 3, weights: Float32Array.of(1, 2, 3) });
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const broken = bytes.slice();
      broken[bit >> 3] ^= 1 << (bit & 7);
      expect(() => decodeState(broken, 'resume.safetensors'), `bit ${bit}`).toThrow(UserError);
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeState(bytes.subarray(0, length), 'resume.safetensors')).toThrow(/^resume\.safetensors: .+$/);
    }
  });

  it('a file that is no state', () => {
    expect(() => decodeState(encodeSafetensors({}), 'a.safetensors')).toThrow('a.safetensors: not a saved state');
  });
});
