import type * as tfjs from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { createRng } from '../../src/core/rng.ts';
import type { BackendName, Engine, Tf } from '../../src/engine/types.ts';

type Tensor = tfjs.Tensor;

/** An operation on inputs of given shapes; `values` says what they hold (floats in ± 2 by default). */
export interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly op: (tf: Tf, ...inputs: any[]) => Tensor;
  readonly values?: (count: number, draw: () => number) => Float32Array;
}

const uniform = (count: number, draw: () => number) => Float32Array.from({ length: count }, () => draw() * 4 - 2);

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** The operation's result and the gradients of a randomly weighted sum of it, one for each input. */
async function evaluate(tf: Tf, backend: BackendName, { shapes, op, values = uniform }: Case): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const rng = createRng(1, 'inputs');
  const draw = () => rng.float();
  const results = tf.tidy(() => {
    const inputs = shapes.map((shape) => tf.tensor(values(sizeOf(shape), draw), [...shape]));
    const output = op(tf, ...inputs);
    const weights = tf.tensor(uniform(output.size, draw), output.shape);
    const gradients = tf.grads((...xs: Tensor[]) => tf.sum(tf.mul(op(tf, ...xs), weights)))(inputs);
    return [output, ...gradients].map((tensor) => Float32Array.from(tensor.dataSync()));
  });
  return results;
}

/** Expects wasm to give what cpu gives: the values and the gradients, within `tolerance` of the greatest one. */
export async function expectSameAsCpu({ tf }: Engine, test: Case, tolerance = 1e-5): Promise<void> {
  const expected = await evaluate(tf, 'cpu', test);
  const got = await evaluate(tf, 'wasm', test);
  expected.forEach((values, i) => expectClose(got[i], values, tolerance, i === 0 ? 'value' : `gradient ${i - 1}`));
}

export function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ''): void {
  expect(got.length, what).toBe(expected.length);
  let scale = 1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++) {
    const close = got[i] === expected[i] || Math.abs(got[i] - expected[i]) <= tolerance * scale;
    if (!close) expect.fail(`${what}[${i}]: expected ${expected[i]}, got ${got[i]}`);
  }
}
