import { expect, it } from 'vitest';
import { Sfc32, streamKey } from '../../src/core/rng.ts';

/** sfc32 as PractRand states it (sfc.cpp: rotate 21, shift right 9, add shifted left 3), in whole numbers mod 2^32. */
function reference(state: number[], count: number): number[] {
  const mod = (x: number): number => x % 2 ** 32;
  let [a, b, c, counter] = state;
  return Array.from({ length: count }, () => {
    const word = mod(a + b + counter);
    counter = mod(counter + 1);
    a = (b ^ (b >>> 9)) >>> 0;
    b = mod(c + mod(c * 8));
    c = mod((((c << 21) | (c >>> 11)) >>> 0) + word);
    return word;
  });
}

const START = [0xdeadbeef, 0x12345678, 0xcafef00d, 0xffffffff];

it('draws the words of sfc32', () => {
  const rng = new Sfc32(streamKey(1));
  rng.load(START);
  const drawn = Array.from({ length: 1000 }, () => rng.float() * 2 ** 32);
  expect(drawn).toEqual(reference(START, 1000));
});

it('starts a stream sixteen words after its key', () => {
  const key = Uint32Array.from(START);
  for (const [a, b] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1023, 123_456],
  ]) {
    const words = [
      START[0] ^ Math.imul(a + 1, 0x9e3779b1),
      START[1] ^ Math.imul(b + 1, 0x85ebca77),
      START[2] ^ Math.imul(a + 0x165667b1, 0xc2b2ae3d) ^ Math.imul(b + 0x27d4eb2f, 0x165667b1),
      START[3] | 1,
    ].map((word) => word >>> 0);
    const rng = new Sfc32(key);
    rng.reseed(key, a, b);
    const drawn = Array.from({ length: 5 }, () => rng.float() * 2 ** 32);
    expect(drawn).toEqual(reference(words, 21).slice(16));
  }
});
