import type { Rng } from '../core/rng.ts';

/**
 * Sums of priorities as a binary tree, so that an item is drawn in proportion to its priority, and changed, in O(log n)
 * (Schaul et al. 2016, appendix B.2.1).
 */
export class SumTree {
  private readonly leaves: number;
  private readonly sums: Float64Array;

  constructor(size: number) {
    this.leaves = 2 ** Math.ceil(Math.log2(Math.max(1, size)));
    this.sums = new Float64Array(2 * this.leaves);
  }

  get total(): number {
    return this.sums[1];
  }

  get(item: number): number {
    return this.sums[this.leaves + item];
  }

  set(item: number, priority: number): void {
    let node = this.leaves + item;
    this.sums[node] = priority;
    for (node >>= 1; node >= 1; node >>= 1) this.sums[node] = this.sums[2 * node] + this.sums[2 * node + 1];
  }

  /** The item in whose share `point`, from 0 to the total, lies. */
  find(point: number): number {
    let node = 1;
    while (node < this.leaves) {
      const left = this.sums[2 * node];
      node *= 2;
      // Rounding may leave a point beyond the last share: never step into an empty one.
      if (point >= left && this.sums[node + 1] > 0) {
        point -= left;
        node++;
      }
    }
    return node - this.leaves;
  }

  save(): Float64Array {
    return this.sums.slice(this.leaves);
  }

  load(priorities: Float64Array): void {
    this.sums.set(priorities, this.leaves);
    for (let node = this.leaves - 1; node >= 1; node--) this.sums[node] = this.sums[2 * node] + this.sums[2 * node + 1];
  }
}

/** What an n-step target is made of: `reward + discount · Q(bootstrap)`. */
export interface Target {
  readonly reward: number;
  /** 0 after a terminal state: nothing is looked at. */
  readonly discount: number;
  /** How many steps later the observation is that is looked at. */
  readonly after: number;
  /** It is the last one of an episode that was cut. */
  readonly isFinal: boolean;
}

/**
 * The n-step target (Sutton & Barto 2018, section 7.1) of a step: rewards up to `n` steps, fewer where the episode ends.
 * `at(k)` gives the index of the step `k` steps later.
 */
export function nStepTarget(
  steps: { rewards: Float32Array; terminated: Uint8Array; truncated: Uint8Array },
  at: (k: number) => number,
  n: number,
  gamma: number,
): Target {
  let reward = 0;
  let discount = 1;
  for (let k = 0; k < n; k++) {
    const index = at(k);
    reward += discount * steps.rewards[index];
    discount *= gamma;
    if (steps.terminated[index]) return { reward, discount: 0, after: k, isFinal: false };
    if (steps.truncated[index]) return { reward, discount, after: k, isFinal: true };
  }
  return { reward, discount, after: n, isFinal: false };
}

/** Items of a replay memory, drawn evenly or in proportion to their priorities. */
export interface Sampler {
  /** The item can be drawn from now on, at first with the greatest priority seen. */
  add(item: number): void;
  remove(item: number): void;
  readonly count: number;
  /** Draws items; `weights` correct for what is drawn too often (Schaul et al. 2016, section 3.4), null where nothing is. */
  draw(count: number, beta: number): { items: Int32Array; weights: Float32Array | null };
  /** What learning found: items whose errors were great are drawn more often. */
  update(items: Int32Array, errors: Float32Array): void;
  save(): unknown;
  load(state: unknown): void;
}

/** Every item as likely. Items are added and removed in a ring of `size`. */
export function uniformSampler(size: number, rng: Rng): Sampler {
  let first = 0;
  let count = 0;
  return {
    add(item) {
      if (count === 0) first = item;
      count++;
    },
    remove() {
      first = (first + 1) % size;
      count--;
    },
    get count() {
      return count;
    },
    draw: (wanted) => ({
      items: Int32Array.from({ length: wanted }, () => (first + rng.int(0, count)) % size),
      weights: null,
    }),
    update() {},
    save: () => ({ first, count }),
    load(state) {
      ({ first, count } = state as { first: number; count: number });
    },
  };
}

/** In proportion to (error + 1e-6)^alpha (Schaul et al. 2016, section 3.3, proportional). */
export function prioritizedSampler(size: number, alpha: number, rng: Rng): Sampler {
  const tree = new SumTree(size);
  let greatest = 1;
  let count = 0;
  return {
    add(item) {
      tree.set(item, greatest);
      count++;
    },
    remove(item) {
      tree.set(item, 0);
      count--;
    },
    get count() {
      return count;
    },
    draw(wanted, beta) {
      // One from each of `wanted` equal shares of the total.
      const share = tree.total / wanted;
      const items = Int32Array.from({ length: wanted }, (_, i) => tree.find((i + rng.float()) * share));
      const weights = Float32Array.from(items, (item) => ((count * tree.get(item)) / tree.total) ** -beta);
      const max = weights.reduce((a, b) => Math.max(a, b), 0);
      return { items, weights: weights.map((weight) => weight / max) };
    },
    update(items, errors) {
      items.forEach((item, i) => {
        // It may have been overwritten or not be whole any more.
        if (tree.get(item) === 0) return;
        const priority = (errors[i] + 1e-6) ** alpha;
        greatest = Math.max(greatest, priority);
        tree.set(item, priority);
      });
    },
    save: () => ({ priorities: tree.save(), greatest, count }),
    load(state) {
      const saved = state as { priorities: Float64Array; greatest: number; count: number };
      tree.load(saved.priorities);
      ({ greatest, count } = saved);
    },
  };
}

/** Bytes of 0 and 1 as bits, to store an eighth of them. */
export function packBits(values: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i++) out[i >> 3] |= values[i] << (i & 7);
  return out;
}

export function unpackBits(bits: Uint8Array, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) out[i] = (bits[i >> 3] >> (i & 7)) & 1;
}
