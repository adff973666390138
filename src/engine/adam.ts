import type * as tfjs from '@tensorflow/tfjs';
import type { AdamStep, Engine, Tf } from './types.ts';
import type { KernelModule } from './wasm-module.ts';

type Optimiser = Pick<Engine, 'adam' | 'globalNorm'>;

/** Adam and the global norm by tfjs operations: the clear twin of `wasmOptimiser`, for every backend. */
export function stockOptimiser(tf: Tf): Optimiser {
  return {
    adam(param, grad, m, v, { learningRate, beta1, beta2, epsilon, step, gradScale }) {
      tf.tidy(() => {
        const g = tf.mul(grad, gradScale);
        m.assign(tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1)));
        v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2)));
        const mHat = tf.div(m, 1 - beta1 ** step);
        const vHat = tf.div(v, 1 - beta2 ** step);
        param.assign(tf.sub(param, tf.mul(tf.div(mHat, tf.add(tf.sqrt(vHat), epsilon)), learningRate)));
      });
    },
    globalNorm(grads) {
      return tf.tidy(() => tf.sqrt(tf.addN(grads.map((grad) => tf.sum(tf.square(grad))))).dataSync()[0]);
    },
  };
}

/** The same in place, one kernel call a tensor. */
export function wasmOptimiser(tf: Tf, module: KernelModule): Optimiser {
  const { run, address } = module;
  return {
    adam(param, grad, m, v, { learningRate, beta1, beta2, epsilon, step, gradScale }: AdamStep) {
      requireSameShape(tf, param, [param, grad, m, v]);
      for (const variable of [param, m, v]) ownValues(tf, module, variable);
      run.adam(
        param.size,
        address(param),
        address(grad),
        address(m),
        address(v),
        learningRate / (1 - beta1 ** step),
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        1 / Math.sqrt(1 - beta2 ** step),
        epsilon,
        gradScale,
      );
    },
    globalNorm(grads) {
      return Math.sqrt(grads.reduce((total, grad) => total + run.sumOfSquares(grad.size, address(grad)), 0));
    },
  };
}

/** Gives a variable values of its own where it shares them with another tensor: a clone, a reshape, what it was made of. */
function ownValues(tf: Tf, { backend }: KernelModule, variable: tfjs.Variable): void {
  if (backend.refCount(variable.dataId) <= 1) return;
  tf.tidy(() => variable.assign(tf.tensor(variable.dataSync(), variable.shape)));
}

/** The kernel writes by address: a tensor of another size would overwrite its neighbours. */
function requireSameShape(tf: Tf, param: tfjs.Tensor, others: readonly tfjs.Tensor[]): void {
  for (const other of others) {
    if (other.dtype !== 'float32' || !tf.util.arraysEqual(other.shape, param.shape)) {
      throw new Error(`adam: [${other.shape}] ${other.dtype} does not fit a parameter of shape [${param.shape}]`);
    }
  }
}
