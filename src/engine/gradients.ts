import type * as tfjs from '@tensorflow/tfjs';
import type { Tf } from './types.ts';
import { RELU_GRAD } from './wasm-kernels.ts';

const improved = new WeakSet<Tf>();

/**
 * Replaces gradients that tfjs computes the long way, for all backends and with the same result:
 * ReLU (mask and product in one kernel where the backend has it) and Tile (one sum instead of a slice a repeat).
 */
export function improveGradients(tf: Tf): void {
  if (improved.has(tf)) return;
  improved.add(tf);
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
