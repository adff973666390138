import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { UserError } from '../core/errors.ts';
import { type Axis, axisSize, type Params, type TensorSpec } from '../core/tensors.ts';
import { layerNorm } from '../engine/operations.ts';
import type { Tf } from '../engine/types.ts';
import { addProduct, type LayerBuilder, type Memory, normalizeRow, RELU_GAIN, type TensorMap } from './layers.ts';

/** The cells of a board become tokens `[cells, units]`: a dense layer on each cell's channels, plus a learned position. */
export function embedCells(options: { stage: string; units: number }): LayerBuilder {
  return ([y, x, channel]) => {
    const { stage, units } = options;
    const unit: Axis = { kind: 'unit', size: units };
    const cell: Axis = { kind: 'flat', factors: [y, x] };
    const [cells, channels] = [axisSize(cell), axisSize(channel)];
    const [kernel, position] = [`${stage}/kernel`, `${stage}/position`];
    return {
      tensors: [
        { name: kernel, stage, axes: [channel, unit], init: { kind: 'orthogonal', gain: 1 } },
        { name: position, stage, axes: [y, x, unit], init: { kind: 'orthogonal', gain: 1 } },
      ],
      output: [cell, unit],
      forward(tf, params, input) {
        const tokens = linear(tf, input, params[kernel]).reshape([-1, cells, units]);
        return tf.add(tokens, params[position].reshape([cells, units]));
      },
      infer(params, input) {
        const out = params[position].slice();
        for (let i = 0; i < cells; i++) {
          const row = linearRow(input.subarray(i * channels, (i + 1) * channels), params[kernel], units);
          for (let u = 0; u < units; u++) out[i * units + u] += row[u];
        }
        return out;
      },
    };
  };
}

/** The mean over tokens: `[tokens, units] → [units]`. */
export const meanTokens = (): LayerBuilder => (input) => {
  const [tokens, units] = input.map(axisSize);
  return {
    tensors: [],
    output: [input[1]],
    forward: (tf, _params, x) => tf.mean(x, 1),
    infer(_params, x) {
      const out = new Float32Array(units);
      for (let i = 0; i < x.length; i++) out[i % units] += x[i] / tokens;
      return out;
    },
  };
};

interface BlockOptions {
  readonly stage: string;
  readonly heads: number;
}

/** What both kinds of transformer block have: names and specs of their tensors, and the part behind the attention. */
function blockParts(unit: Axis, { stage, heads }: BlockOptions) {
  const units = axisSize(unit);
  if (units % heads !== 0) throw new UserError(`heads ${heads} does not divide units ${units}`);
  const name = (what: string): string => `${stage}/${what}`;
  const wide: Axis = { kind: 'unit', size: 4 * units };
  const vector = (what: string, axis: Axis, kind: 'zeros' | 'ones'): TensorSpec => ({
    name: name(what),
    stage,
    axes: [axis],
    init: { kind },
  });
  const matrix = (what: string, from: Axis, to: Axis, gain: number): TensorSpec => ({
    name: name(what),
    stage,
    axes: [from, to],
    init: { kind: 'orthogonal', gain },
  });
  const tensors: TensorSpec[] = [
    vector('attention-gain', unit, 'ones'),
    vector('attention-bias', unit, 'zeros'),
    matrix('query', unit, unit, 1),
    matrix('key', unit, unit, 1),
    matrix('value', unit, unit, 1),
    matrix('mix', unit, unit, 0.5),
    vector('dense-gain', unit, 'ones'),
    vector('dense-bias', unit, 'zeros'),
    matrix('widen', unit, wide, RELU_GAIN),
    vector('widen-bias', wide, 'zeros'),
    matrix('narrow', wide, unit, 0.5),
    vector('narrow-bias', unit, 'zeros'),
  ];
  return {
    units,
    size: units / heads,
    name,
    tensors,
    /** LN before the attention: `[..., units]`. */
    normalize: (tf: Tf, params: TensorMap, x: Tensor): Tensor =>
      layerNorm(tf, x, params[name('attention-gain')], params[name('attention-bias')]),
    /** The same of one token. */
    normalizeToken(params: Params, token: Float32Array): Float32Array {
      const row = token.slice();
      normalizeRow(row, params, name('attention-gain'), name('attention-bias'));
      return row;
    },
    /** `x + W₂ ReLU(W₁ LN(x))`. */
    dense(tf: Tf, params: TensorMap, x: Tensor): Tensor {
      const normal = layerNorm(tf, x, params[name('dense-gain')], params[name('dense-bias')]);
      const hidden = tf.relu(tf.add(linear(tf, normal, params[name('widen')]), params[name('widen-bias')]));
      return tf.add(x, tf.add(linear(tf, hidden, params[name('narrow')]), params[name('narrow-bias')]));
    },
    /** The same of one token, in place. */
    denseRow(params: Params, x: Float32Array): void {
      const normal = x.slice();
      normalizeRow(normal, params, name('dense-gain'), name('dense-bias'));
      const hidden = linearRow(normal, params[name('widen')], 4 * units, params[name('widen-bias')]);
      for (let i = 0; i < hidden.length; i++) hidden[i] = Math.max(0, hidden[i]);
      const change = linearRow(hidden, params[name('narrow')], units, params[name('narrow-bias')]);
      for (let i = 0; i < units; i++) x[i] += change[i];
    },
    /** One token's attention over others, added to `x` in place. `bias(head, token)`: −∞ hides a token. */
    attendRow(
      params: Params,
      x: Float32Array,
      query: Float32Array,
      keys: readonly Float32Array[],
      values: readonly Float32Array[],
      bias: (head: number, token: number) => number,
    ): void {
      const size = units / heads;
      const mixed = new Float32Array(units);
      for (let head = 0; head < heads; head++) {
        const from = head * size;
        const weights = keys.map((key, token) => {
          let dot = 0;
          for (let i = from; i < from + size; i++) dot += query[i] * key[i];
          return dot / Math.sqrt(size) + bias(head, token);
        });
        const max = Math.max(...weights);
        const exps = weights.map((weight) => Math.exp(weight - max));
        const sum = exps.reduce((a, b) => a + b, 0);
        values.forEach((value, token) => {
          for (let i = from; i < from + size; i++) mixed[i] += (exps[token] / sum) * value[i];
        });
      }
      const change = linearRow(mixed, params[name('mix')], units);
      for (let i = 0; i < units; i++) x[i] += change[i];
    },
  };
}

/**
 * `softmax(Q Kᵀ / √size + bias) V`, by head: queries `[n, q, units]`, keys and values `[n, k, units]`; `bias` is added to
 * scores `[n, heads, q, k]` (Vaswani et al. 2017, equation 1).
 */
function attend(tf: Tf, heads: number, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | null): Tensor {
  const [n, queries, units] = query.shape;
  const tokens = key.shape[1] as number;
  const size = units / heads;
  const split = (x: Tensor, count: number): Tensor3D =>
    tf.transpose(x.reshape([n, count, heads, size]), [0, 2, 1, 3]).reshape([n * heads, count, size]);
  const dots = tf.matMul(split(query, queries), split(key, tokens), false, true);
  const scores = tf.mul(dots, 1 / Math.sqrt(size)).reshape([n, heads, queries, tokens]);
  const weights = tf.softmax(bias ? tf.add(scores, bias) : scores).reshape([n * heads, queries, tokens]);
  const mixed = tf.matMul(weights as Tensor3D, split(value, tokens)).reshape([n, heads, queries, size]);
  return tf.transpose(mixed, [0, 2, 1, 3]).reshape([n, queries, units]);
}

/** A transformer block in which every token sees every other (BERT's, Devlin et al. 2019, with the norm first). */
export function bidirectionalBlock(options: BlockOptions): LayerBuilder {
  return (input) => {
    const block = blockParts(input[1], options);
    const { units, name, tensors } = block;
    return {
      tensors,
      output: input,
      forward(tf, params, x) {
        const normal = block.normalize(tf, params, x);
        const [query, key, value] = ['query', 'key', 'value'].map((what) => linear(tf, normal, params[name(what)]));
        const mixed = attend(tf, options.heads, query, key, value, null);
        return block.dense(tf, params, tf.add(x, linear(tf, mixed, params[name('mix')])));
      },
      infer(params, x) {
        const tokens = Array.from({ length: x.length / units }, (_, i) => x.slice(i * units, (i + 1) * units));
        const normal = tokens.map((token) => block.normalizeToken(params, token));
        const [queries, keys, values] = ['query', 'key', 'value'].map((what) =>
          normal.map((row) => linearRow(row, params[name(what)], units)),
        );
        tokens.forEach((token, i) => {
          block.attendRow(params, token, queries[i], keys, values, () => 0);
          block.denseRow(params, token);
        });
        const out = new Float32Array(x.length);
        tokens.forEach((token, i) => out.set(token, i * units));
        return out;
      },
    };
  };
}

/**
 * A causal transformer block over the last `window` steps of the episode (GPT's, Radford et al. 2019: norm first). It
 * remembers the inputs of the steps before, as Transformer-XL does (Dai et al. 2019); a learned bias by head tells how
 * long ago a step was.
 */
export function causalBlock(options: BlockOptions & { window: number }): LayerBuilder {
  return (input) => {
    const { stage, heads, window } = options;
    const block = blockParts(input[0], options);
    const { units, name } = block;
    const past = window - 1;
    const lagBias = name('lag');
    const carrySize = past * (units + 1);
    return {
      tensors: [
        ...block.tensors,
        {
          name: lagBias,
          stage,
          axes: [
            { kind: 'unit', size: heads },
            { kind: 'unit', size: window },
          ],
          init: { kind: 'zeros' },
        },
      ],
      output: input,
      carrySize,
      forward(tf, params, x, memory) {
        const { steps, starts, carry } = memory ?? noMemory(tf, x.shape[0], carrySize);
        const envs = carry.shape[0] as number;
        const total = past + steps;
        const now = tf.transpose(x.reshape([steps, envs, units]), [1, 0, 2]);
        const before = tf.slice(carry, [0, 0], [envs, past * units]).reshape([envs, past, units]);
        const all = tf.concat([before, now], 1);
        // The number of each token's episode within this sequence; −1 where nothing was remembered.
        const known = tf.sub(tf.slice(carry, [0, past * units], [envs, past]), 1);
        const episodes = tf.concat([known, tf.cumsum(tf.transpose(starts as Tensor2D), 1)], 1);
        const own = tf.slice(episodes, [0, past], [envs, steps]);
        const same = tf.equal(own.reshape([envs, 1, steps, 1]), episodes.reshape([envs, 1, 1, total]));
        const { visible, lags } = lagTable(window, steps);
        const shown = tf.mul(tf.cast(same, 'float32'), tf.tensor(visible, [1, 1, steps, total]));
        const byLag = tf.matMul(params[lagBias] as Tensor2D, tf.tensor2d(lags, [window, steps * total]));
        const bias = tf.add(byLag.reshape([1, heads, steps, total]), tf.mul(tf.sub(shown, 1), HIDDEN));
        const normal = block.normalize(tf, params, all);
        const query = linear(tf, tf.slice(normal, [0, past, 0], [envs, steps, units]), params[name('query')]);
        const [key, value] = ['key', 'value'].map((what) => linear(tf, normal, params[name(what)]));
        const mixed = attend(tf, heads, query, key, value, bias);
        const out = block.dense(tf, params, tf.add(now, linear(tf, mixed, params[name('mix')])));
        if (memory) {
          const last = tf.slice(own, [0, steps - 1], [envs, 1]);
          const kept = tf.cast(tf.equal(tf.slice(episodes, [0, steps], [envs, past]), last), 'float32');
          const tokens = tf.slice(all, [0, steps, 0], [envs, past, units]);
          memory.carry = tf.concat([tokens.reshape([envs, past * units]), kept], 1);
        }
        return tf.transpose(out, [1, 0, 2]).reshape([steps * envs, units]);
      },
      infer(params, x, carry = new Float32Array(carrySize)) {
        const flags = carry.subarray(past * units);
        const tokens = Array.from({ length: past }, (_, i) => carry.slice(i * units, (i + 1) * units));
        tokens.push(x.slice());
        const normal = tokens.map((token) => block.normalizeToken(params, token));
        const [keys, values] = ['key', 'value'].map((what) =>
          normal.map((row) => linearRow(row, params[name(what)], units)),
        );
        const out = x.slice();
        const query = linearRow(normal[past], params[name('query')], units);
        block.attendRow(params, out, query, keys, values, (head, token) =>
          token === past || flags[token] === 1 ? params[lagBias][head * window + past - token] : -HIDDEN,
        );
        block.denseRow(params, out);
        if (past > 0) {
          carry.copyWithin(0, units, past * units);
          carry.set(x, (past - 1) * units);
          flags.copyWithin(0, 1);
          flags[past - 1] = 1;
        }
        return out;
      },
    };
  };
}

/** Added to the scores of what may not be seen: its weight becomes 0. */
const HIDDEN = 1e9;

/** A batch of single steps with nothing before them. */
const noMemory = (tf: Tf, envs: number, carrySize: number): Memory => ({
  steps: 1,
  starts: tf.ones([1, envs]),
  carry: tf.zeros([envs, carrySize]),
});

/** For each step and token: is the token in the window `[steps, total]`, and its lag as one-hot `[window, steps · total]`. */
function lagTable(window: number, steps: number): { visible: Float32Array; lags: Float32Array } {
  const total = window - 1 + steps;
  const visible = new Float32Array(steps * total);
  const lags = new Float32Array(window * steps * total);
  for (let step = 0; step < steps; step++) {
    for (let lag = 0; lag < window; lag++) {
      const at = step * total + window - 1 + step - lag;
      visible[at] = 1;
      lags[lag * steps * total + at] = 1;
    }
  }
  return { visible, lags };
}

/** `x [..., a] · w [a, b]` */
function linear(tf: Tf, x: Tensor, w: Tensor): Tensor {
  const [rows, columns] = w.shape;
  return tf.matMul(x.reshape([-1, rows]) as Tensor2D, w as Tensor2D).reshape([...x.shape.slice(0, -1), columns]);
}

/** The same of one row, plus a bias. */
function linearRow(x: Float32Array, w: Float32Array, columns: number, bias?: Float32Array): Float32Array {
  const out = bias ? bias.slice() : new Float32Array(columns);
  addProduct(out, x, w);
  return out;
}
