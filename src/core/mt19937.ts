import type { Rng } from './rng.ts';

const WORDS = 624;
const SHIFT = 397;

/**
 * The 32-bit Mersenne Twister MT19937 (Matsumoto & Nishimura 1998) with the draws of NumPy's legacy `RandomState`: the
 * same seed gives the same `rand()` and `randint()` as in Python. Seeds are whole numbers below 2^32.
 */
export class Mt19937 implements Rng {
  private readonly words = new Uint32Array(WORDS);
  private position = WORDS;

  constructor(seed: number) {
    const words = this.words;
    words[0] = seed;
    for (let i = 1; i < WORDS; i++) {
      const previous = words[i - 1];
      words[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  float(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  int(low: number, high: number): number {
    const largest = high - 1 - low;
    if (largest === 0) return low;
    const mask = 0xffffffff >>> Math.clz32(largest);
    let value = (this.word() & mask) >>> 0;
    while (value > largest) value = (this.word() & mask) >>> 0;
    return low + value;
  }

  fillFloats(out: Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.float();
  }

  fillInts(out: Int32Array | Uint8Array, low: number, high: number): void {
    for (let i = 0; i < out.length; i++) out[i] = this.int(low, high);
  }

  save(): Uint32Array {
    return Uint32Array.of(...this.words, this.position);
  }

  load(state: ArrayLike<number>): void {
    for (let i = 0; i < WORDS; i++) this.words[i] = state[i];
    this.position = state[WORDS];
  }

  /** The next 32 bits. */
  private word(): number {
    if (this.position === WORDS) this.refresh();
    let word = this.words[this.position++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  private refresh(): void {
    const words = this.words;
    for (let i = 0; i < WORDS; i++) {
      const mixed = (words[i] & 0x80000000) | (words[(i + 1) % WORDS] & 0x7fffffff);
      words[i] = words[(i + SHIFT) % WORDS] ^ (mixed >>> 1) ^ ((mixed & 1) === 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }
}
