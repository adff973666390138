import type * as tfjs from '@tensorflow/tfjs';
import { registerLayerNormGradient } from './layer-norm.ts';
import type { Tf } from './types.ts';
import { RELU_GRAD } from './wasm-kernels.ts';

const improved = new WeakSet<Tf>();

/**
 * Replaces gradients that tfjs computes the long way, for all backends and with the same result:
 * ReLU (mask and product in one kernel where the backend has it), Tile (one sum instead of a slice a repeat), and
 * matrix products, whose stock gradient has the wrong shape where leading axes broadcast.
 */
export function improveGradients(tf: Tf): void {
  if (improved.has(tf)) return;
  improved.add(tf);
  registerLayerNormGradient(tf);
  tf.unregisterGradient('Relu');
  tf.registerGradient({
    kernelName: 'Relu',
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => reluGradient(tf, dy as tfjs.Tensor, y) }),
  });
  tf.unregisterGradient('Tile');
  tf.registerGradient({
    kernelName: 'Tile',
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attrs) => ({ x: () => tileGradient(tf, dy as tfjs.Tensor, x.shape, attrs.reps as number[]) }),
  });
  tf.unregisterGradient('BatchMatMul');
  tf.registerGradient({
    kernelName: 'BatchMatMul',
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b], attrs) => matMulGradient(tf, dy as tfjs.Tensor, a, b, attrs as unknown as Transposes),
  });
}

interface Transposes {
  transposeA: boolean;
  transposeB: boolean;
}

/** With op(a)·op(b) = y: d op(a) = dy·op(b)ᵀ and d op(b) = op(a)ᵀ·dy, turned back where a or b were stored transposed. */
function matMulGradient(
  tf: Tf,
  dy: tfjs.Tensor,
  a: tfjs.Tensor,
  b: tfjs.Tensor,
  { transposeA, transposeB }: Transposes,
): { a: () => tfjs.Tensor; b: () => tfjs.Tensor } {
  const gradA = () => (transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB));
  const gradB = () => (transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false));
  return { a: () => sumTo(tf, gradA(), a.shape), b: () => sumTo(tf, gradB(), b.shape) };
}

/** Sums over the axes along which `shape` was broadcast. */
function sumTo(tf: Tf, x: tfjs.Tensor, shape: number[]): tfjs.Tensor {
  const missing = x.shape.length - shape.length;
  const axes = x.shape.map((_, axis) => axis).filter((axis) => (shape[axis - missing] ?? 1) !== x.shape[axis]);
  return axes.length === 0 && missing === 0 ? x : tf.reshape(tf.sum(x, axes), shape);
}

function reluGradient(tf: Tf, dy: tfjs.Tensor, y: tfjs.Tensor): tfjs.Tensor {
  if (tf.getKernel(RELU_GRAD, tf.getBackend()) === undefined) return tf.mul(dy, tf.cast(tf.step(y), 'float32'));
  return tf.engine().runKernel(RELU_GRAD, { dy, y }) as tfjs.Tensor;
}

/** dy has `reps[axis] * shape[axis]` values an axis; seen as [reps, shape] pairs, the gradient sums over the reps. */
function tileGradient(tf: Tf, dy: tfjs.Tensor, shape: number[], reps: readonly number[]): tfjs.Tensor {
  const split: number[] = [];
  const repeated: number[] = [];
  shape.forEach((size, axis) => {
    if (reps[axis] > 1) repeated.push(split.length);
    if (reps[axis] > 1) split.push(reps[axis]);
    if (size > 1) split.push(size);
  });
  const summed = repeated.length === 0 ? dy : tf.sum(tf.reshape(dy, split), repeated);
  return tf.reshape(summed, shape);
}
