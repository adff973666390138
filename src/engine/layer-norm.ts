import type * as tfjs from '@tensorflow/tfjs';
import type { Tf } from './types.ts';
import { LAYER_NORM, LAYER_NORM_GRAD } from './wasm-kernels.ts';

type Tensor = tfjs.Tensor;

/**
 * Layer normalisation (Ba, Kiros & Hinton 2016) over the last axis: `gain · (x − mean) / √(variance + epsilon) + bias`.
 * x `[..., units]`, gain and bias `[units]`. One kernel where the backend has it, else composed of tfjs' operations.
 */
export function layerNorm(tf: Tf, x: Tensor, gain: Tensor, bias: Tensor, epsilon = 1e-5): Tensor {
  if (tf.getKernel(LAYER_NORM, tf.getBackend()) === undefined) {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon))), gain), bias);
  }
  const inputs = { x, gain, bias };
  return (tf.engine().runKernel(LAYER_NORM, inputs, { epsilon }) as Tensor[])[0];
}

/** Tells tfjs how to go back through the kernel. */
export function registerLayerNormGradient(tf: Tf): void {
  tf.registerGradient({
    kernelName: LAYER_NORM,
    inputsToSave: ['x', 'gain'],
    outputsToSave: [false, true],
    gradFunc(dys, [x, gain, moments]) {
      const [dy] = dys as Tensor[];
      const gradients = tf.engine().runKernel(LAYER_NORM_GRAD, { x, gain, moments, dy }) as Tensor[];
      return { x: () => gradients[0], gain: () => gradients[1], bias: () => gradients[2] };
    },
  });
}
