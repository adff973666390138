import type * as tfjs from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect } from 'vitest';
import { createRng } from '../../src/core/rng.ts';
import type { BackendName, Engine, Tf } from '../../src/engine/types.ts';

type Tensor = tfjs.Tensor;
type Operation = (tf: Tf, ...inputs: any[]) => Tensor;

/** An operation on inputs of given shapes; `values` says what they hold (floats in ± 2 by default). */
export interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly op: Operation;
  /** The same by other operations, where those of cpu are wrong or not independent. */
  readonly reference?: Operation;
  readonly values?: (count: number, draw: () => number) => Float32Array;
}

export const size = (max: number, min = 1) => fc.integer({ min, max });
export const flag = fc.boolean();

const uniform = (count: number, draw: () => number) => Float32Array.from({ length: count }, () => draw() * 4 - 2);

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** The operation's result and the gradients of a randomly weighted sum of it, one for each input. */
async function evaluate(tf: Tf, backend: BackendName, { shapes, values = uniform }: Case, op: Operation) {
  await tf.setBackend(backend);
  const rng = createRng(1, 'inputs');
  const draw = () => rng.float();
  return tf.tidy(() => {
    const inputs = shapes.map((shape) => tf.tensor(values(sizeOf(shape), draw), [...shape]));
    const output = op(tf, ...inputs);
    const weights = tf.tensor(uniform(output.size, draw), output.shape);
    const gradients = tf.grads((...xs: Tensor[]) => tf.sum(tf.mul(op(tf, ...xs), weights)))(inputs);
    return [output, ...gradients].map((tensor) => ({ shape: tensor.shape, values: tensor.dataSync().slice() }));
  });
}

/** Expects wasm to give what cpu gives: the values and the gradients, within `tolerance` of the greatest one. */
async function expectSameAsCpu({ tf }: Engine, test: Case, tolerance = 1e-5): Promise<void> {
  const expected = await evaluate(tf, 'cpu', test, test.reference ?? test.op);
  const got = await evaluate(tf, 'wasm', test, test.op);
  expected.forEach(({ shape, values }, i) => {
    const what = i === 0 ? 'value' : `gradient ${i - 1}`;
    expect(got[i].shape, what).toEqual(shape);
    expectClose(got[i].values, values, tolerance, what);
  });
}

/** Holds cases made of what is drawn against cpu. The seed is fixed, so that a failure is the same tomorrow. */
export async function expectProperty<T>(
  engine: Engine,
  arbitrary: fc.Arbitrary<T>,
  make: (drawn: T) => Case,
  numRuns: number,
): Promise<void> {
  const property = fc.asyncProperty(arbitrary, (drawn) => expectSameAsCpu(engine, make(drawn)));
  await fc.assert(property, { seed: 20, numRuns });
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
