import type { Tensor } from '@tensorflow/tfjs';
import type { Tf } from './types.ts';

/** Kernels of our own, which tfjs has not: taken where the backend has them. */
export const OWN_KERNELS = {
  reluGrad: 'ReluGrad',
  softmaxGrad: 'SoftmaxGrad',
  logSoftmaxGrad: 'LogSoftmaxGrad',
  layerNorm: 'LayerNorm',
  layerNormGrad: 'LayerNormGrad',
} as const;

/**
 * Layer normalisation (Ba, Kiros & Hinton 2016): the last axis of x with mean 0 and variance 1, times a gain plus a bias
 * `[size of the last axis]`. One kernel where the backend has it, tfjs operations elsewhere.
 */
export function layerNorm(tf: Tf, x: Tensor, gain: Tensor, bias: Tensor, epsilon = 1e-5): Tensor {
  const size = x.shape.at(-1);
  if (gain.size !== size || bias.size !== size)
    throw new Error(`layerNorm: gain [${gain.shape}] and bias [${bias.shape}] do not fit x [${x.shape}]`);
  if (hasKernel(tf, OWN_KERNELS.layerNorm)) {
    return tf.engine().runKernel(OWN_KERNELS.layerNorm, { x, gain, bias }, { epsilon }) as Tensor;
  }
  const { mean, variance } = tf.moments(x, -1, true);
  const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
  return tf.add(tf.mul(normal, gain), bias);
}

/** `tf.logSoftmax` over the last axis, by one kernel where the backend has it. */
export function logSoftmax(tf: Tf, logits: Tensor): Tensor {
  if (!hasKernel(tf, 'LogSoftmax')) return tf.logSoftmax(logits);
  return tf.engine().runKernel('LogSoftmax', { logits }, { axis: logits.rank - 1 }) as Tensor;
}

export const hasKernel = (tf: Tf, name: string): boolean => tf.getKernel(name, tf.getBackend()) !== undefined;

/** `tf.broadcastTo`, which takes no size of 0. */
export const broadcast = (tf: Tf, x: Tensor, shape: number[]): Tensor =>
  tf.util.sizeFromShape(shape) === 0 ? tf.zeros(shape) : tf.broadcastTo(x, shape);
