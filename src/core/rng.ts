import seedrandom from 'seedrandom';

/** A source of random draws. Games and agents are handed one; nothing in core, envs, nets or agents makes its own. */
export interface Rng {
  /** Uniform in [0, 1). */
  float(): number;
  /** Whole number, uniform in `low <= k < high`. */
  int(low: number, high: number): number;
  /** Fills `out` with uniforms in [0, 1), in order. */
  fillFloats(out: Float64Array): void;
  /** Fills `out` with whole numbers in `low <= k < high`, in order. */
  fillInts(out: Int32Array | Uint8Array, low: number, high: number): void;
  /** The whole state, as words. */
  save(): Uint32Array;
  load(state: ArrayLike<number>): void;
}

/** 128 bits from which streams of draws are derived. */
export type StreamKey = Uint32Array;

/** The key of the stream with this seed and these names, e.g. `streamKey(7, 'env')`. Derived by seedrandom. */
export function streamKey(seed: number | string, ...names: (string | number)[]): StreamKey {
  const source = seedrandom([seed, ...names].join('/'));
  return Uint32Array.from({ length: 4 }, () => source.int32() >>> 0);
}

/** A generator at the start of the stream with this seed and these names. */
export function createRng(seed: number | string, ...names: (string | number)[]): Sfc32 {
  return new Sfc32(streamKey(seed, ...names));
}

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, no allocation per draw. Used for all bulk draws. */
export class Sfc32 implements Rng {
  private readonly s = new Uint32Array(4);

  constructor(key: StreamKey) {
    this.reseed(key);
  }

  /** Moves to the start of the sub-stream (`a`, `b`) of `key`, e.g. environment and episode. Allocates nothing. */
  reseed(key: StreamKey, a = 0, b = 0): void {
    let x = key[0] ^ Math.imul(a + 1, 0x9e3779b1);
    let y = key[1] ^ Math.imul(b + 1, 0x85ebca77);
    let z = key[2] ^ Math.imul(a + 0x165667b1, 0xc2b2ae3d) ^ Math.imul(b + 0x27d4eb2f, 0x165667b1);
    let counter = key[3] | 1;
    // Sixteen words as `word` draws them, in locals: short episodes would notice the way to memory and back.
    for (let i = 0; i < 16; i++) {
      const t = (x + y + counter) | 0;
      counter = (counter + 1) | 0;
      x = y ^ (y >>> 9);
      y = (z + (z << 3)) | 0;
      z = (((z << 21) | (z >>> 11)) + t) | 0;
    }
    const s = this.s;
    s[0] = x;
    s[1] = y;
    s[2] = z;
    s[3] = counter;
  }

  private word(): number {
    const s = this.s;
    const a = s[0];
    const b = s[1];
    const c = s[2];
    const t = (a + b + s[3]) | 0;
    s[3] += 1;
    s[0] = b ^ (b >>> 9);
    s[1] = (c + (c << 3)) | 0;
    s[2] = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  float(): number {
    return this.word() / 4294967296;
  }

  int(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low));
  }

  fillFloats(out: Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.float();
  }

  fillInts(out: Int32Array | Uint8Array, low: number, high: number): void {
    for (let i = 0; i < out.length; i++) out[i] = this.int(low, high);
  }

  save(): Uint32Array {
    return this.s.slice();
  }

  load(state: ArrayLike<number>): void {
    this.s.set(state);
  }
}

/** One standard normal draw (Box–Muller, the cosine half). */
export function normal(rng: Rng): number {
  const u = 1 - rng.float();
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * rng.float());
}

/** Shuffles in place (Fisher–Yates). */
export function shuffle(items: Int32Array | Uint32Array, rng: Rng): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = rng.int(0, i + 1);
    const held = items[i];
    items[i] = items[j];
    items[j] = held;
  }
}
