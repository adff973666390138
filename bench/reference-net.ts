// The net that engines are compared on: 10x10x4 → conv 3x3x16 valid, ReLU → dense 128, ReLU → 6 logits and 1 value,
// with PPO's clipped loss, and Adam, in tfjs alone: what the engine's tests train. peers/train_torch.py is the same in torch.
import type * as tfjs from '@tensorflow/tfjs';
import type { Engine, Tf } from '../src/engine/types.ts';

const SHAPES = {
  convKernel: [3, 3, 4, 16],
  convBias: [16],
  denseKernel: [1024, 128],
  denseBias: [128],
  policyKernel: [128, 6],
  policyBias: [6],
  valueKernel: [128, 1],
  valueBias: [1],
};
type Name = keyof typeof SHAPES;
const NAMES = Object.keys(SHAPES) as Name[];
type Values<T> = Record<Name, T>;

export interface Batch {
  obs: tfjs.Tensor4D;
  /** One-hot, [batch, 6]. */
  actions: tfjs.Tensor2D;
  logProbs: tfjs.Tensor1D;
  advantages: tfjs.Tensor1D;
  returns: tfjs.Tensor1D;
}

/** A small generator (mulberry32), so that every engine trains on the same numbers. */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const map = <A, B>(values: Values<A>, f: (value: A, name: Name) => B): Values<B> =>
  Object.fromEntries(NAMES.map((name) => [name, f(values[name], name)])) as Values<B>;

const values = (count: number, next: () => number) => Float32Array.from({ length: count }, next);

/** Uniform in ± sqrt(3 / fan-in), biases in ± 0.01. */
function initialValues(seed: number): Values<Float32Array> {
  const draw = uniform(seed);
  return map(SHAPES, (shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const bound = shape.length === 1 ? 0.01 : Math.sqrt((3 * shape.at(-1)!) / size);
    return values(size, () => (draw() * 2 - 1) * bound);
  });
}

export function makeBatch(tf: Tf, size: number, seed = 7): Batch {
  const draw = uniform(seed);
  const actions = new Float32Array(size * 6);
  for (let i = 0; i < size; i++) actions[i * 6 + Math.floor(draw() * 6)] = 1;
  return {
    obs: tf.tensor4d(
      values(size * 400, () => (draw() < 0.2 ? 1 : 0)),
      [size, 10, 10, 4],
    ),
    actions: tf.tensor2d(actions, [size, 6]),
    logProbs: tf.tensor1d(values(size, () => Math.log(1 / 6) + (draw() - 0.5) * 0.3)),
    advantages: tf.tensor1d(values(size, () => draw() * 2 - 1)),
    returns: tf.tensor1d(values(size, () => draw() * 2 - 1)),
  };
}

function forward(
  tf: Tf,
  params: Values<tfjs.Tensor>,
  obs: tfjs.Tensor4D,
): { logits: tfjs.Tensor; values: tfjs.Tensor } {
  const { convKernel, convBias, denseKernel, denseBias, policyKernel, policyBias, valueKernel, valueBias } = params;
  const conv = tf.relu(tf.add(tf.conv2d(obs, convKernel as tfjs.Tensor4D, 1, 'valid'), convBias));
  const hidden = tf.relu(tf.add(tf.matMul(tf.reshape(conv, [obs.shape[0], 1024]), denseKernel), denseBias));
  return {
    logits: tf.add(tf.matMul(hidden, policyKernel), policyBias),
    values: tf.reshape(tf.add(tf.matMul(hidden, valueKernel), valueBias), [obs.shape[0]]),
  };
}

function ppoLoss(tf: Tf, params: Values<tfjs.Tensor>, batch: Batch): tfjs.Scalar {
  const { logits, values } = forward(tf, params, batch.obs);
  const logProbs = tf.logSoftmax(logits);
  const ratio = tf.exp(tf.sub(tf.sum(tf.mul(logProbs, batch.actions), -1), batch.logProbs));
  const gain = tf.minimum(tf.mul(ratio, batch.advantages), tf.mul(tf.clipByValue(ratio, 0.8, 1.2), batch.advantages));
  const entropy = tf.neg(tf.mean(tf.sum(tf.mul(tf.exp(logProbs), logProbs), -1)));
  const valueLoss = tf.mean(tf.square(tf.sub(values, batch.returns)));
  return tf.sub(tf.sub(tf.mul(valueLoss, 0.5), tf.mean(gain)), tf.mul(entropy, 0.01));
}

/** A net in training. `update` makes one Adam step and returns the loss before it. */
export function referenceNet(engine: Engine, learningRate = 3e-4): { update(batch: Batch): number; dispose(): void } {
  const { tf } = engine;
  const variable = (values: Float32Array, shape: number[]) => tf.tidy(() => tf.variable(tf.tensor(values, shape)));
  const params = map(initialValues(1), (values, name) => variable(values, SHAPES[name]));
  const m = map(params, ({ shape, size }) => variable(new Float32Array(size), shape));
  const v = map(params, ({ shape, size }) => variable(new Float32Array(size), shape));
  let step = 0;
  return {
    update(batch) {
      const { value, grads } = tf.variableGrads(() => ppoLoss(tf, params, batch), Object.values(params));
      const loss = value.dataSync()[0];
      const gradients = map(params, ({ name }) => grads[name]);
      const norm = engine.globalNorm(Object.values(gradients));
      const gradScale = Math.min(1, 0.5 / (norm + 1e-6));
      step++;
      for (const name of NAMES) {
        engine.adam(params[name], gradients[name], m[name], v[name], {
          learningRate,
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-5,
          step,
          gradScale,
        });
      }
      tf.dispose([value, grads]);
      return loss;
    },
    dispose: () => tf.dispose([params, m, v]),
  };
}
