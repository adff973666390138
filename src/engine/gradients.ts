import type * as tfjs from '@tensorflow/tfjs';
import { einsumGradient } from './einsum-gradient.ts';
import { broadcast, hasKernel, OWN_KERNELS } from './operations.ts';
import type { Tf } from './types.ts';

type Tensor = tfjs.Tensor;

/** As tfjs registers it, of a kernel with one output. */
interface Gradient extends Omit<tfjs.GradConfig, 'gradFunc'> {
  gradFunc(dy: Tensor, saved: Tensor[], attrs: tfjs.NamedAttrMap): Record<string, () => Tensor>;
}

const improved = new WeakSet<Tf>();

/**
 * Replaces gradients of tfjs for all backends. Computed the long way there: ReLU, softmax and its logarithm (one kernel
 * where the backend has it), Tile (one sum instead of a slice a repeat). Wrong there: matrix products whose leading axes
 * broadcast, average pooling over a border, gathering in batches of batches. Missing there: einsum, our layer norm.
 */
export function improveGradients(tf: Tf): void {
  if (improved.has(tf)) return;
  improved.add(tf);
  for (const config of gradients(tf)) {
    if (tf.getGradient(config.kernelName) !== undefined) tf.unregisterGradient(config.kernelName);
    tf.registerGradient(config as tfjs.GradConfig);
  }
}

function gradients(tf: Tf): Gradient[] {
  const run = (name: string, inputs: Record<string, Tensor>, attrs?: tfjs.NamedAttrMap) =>
    tf.engine().runKernel(name, inputs, attrs) as Tensor;
  return [
    {
      kernelName: 'Relu',
      outputsToSave: [true],
      gradFunc: (dy, [y]) => ({
        x: () =>
          hasKernel(tf, OWN_KERNELS.reluGrad)
            ? run(OWN_KERNELS.reluGrad, { dy, y })
            : tf.mul(dy, tf.cast(tf.step(y), 'float32')),
      }),
    },
    {
      kernelName: 'Softmax',
      outputsToSave: [true],
      gradFunc: (dy, [y]) => ({
        logits: () =>
          hasKernel(tf, OWN_KERNELS.softmaxGrad) ? run(OWN_KERNELS.softmaxGrad, { dy, y }) : softmaxGradient(tf, dy, y),
      }),
    },
    {
      kernelName: 'LogSoftmax',
      outputsToSave: [true],
      gradFunc: (dy, [y]) => ({
        logits: () =>
          hasKernel(tf, OWN_KERNELS.logSoftmaxGrad)
            ? run(OWN_KERNELS.logSoftmaxGrad, { dy, y })
            : tf.sub(dy, tf.mul(tf.sum(dy, -1, true), tf.exp(y))),
      }),
    },
    {
      kernelName: OWN_KERNELS.layerNorm,
      inputsToSave: ['x', 'gain'],
      gradFunc: (dy, [x, gain], attrs) => {
        const outputs = tf.engine().runKernel(OWN_KERNELS.layerNormGrad, { x, gain, dy }, attrs) as unknown as Tensor[];
        return { x: () => outputs[0], gain: () => outputs[1], bias: () => outputs[2] };
      },
    },
    {
      kernelName: 'Sum',
      inputsToSave: ['x'],
      gradFunc: (dy, [x], { axis }) => ({ x: () => spread(tf, dy, x.shape, axis as number | number[]) }),
    },
    {
      kernelName: 'Mean',
      inputsToSave: ['x'],
      gradFunc: (dy, [x], { axis }) => ({
        x: () => spread(tf, tf.div(dy, x.size / dy.size), x.shape, axis as number | number[]),
      }),
    },
    {
      kernelName: 'Tile',
      inputsToSave: ['x'],
      gradFunc: (dy, [x], { reps }) => ({ x: () => tileGradient(tf, dy, x.shape, reps as number[]) }),
    },
    {
      kernelName: 'BatchMatMul',
      inputsToSave: ['a', 'b'],
      gradFunc: (dy, [a, b], attrs) => matMulGradient(tf, dy, a, b, attrs as unknown as Transposes),
    },
    {
      kernelName: 'AvgPool',
      inputsToSave: ['x'],
      gradFunc: (dy, [x], attrs) => ({
        x: () => run('AvgPoolGrad', { dy: avgPoolShares(tf, dy, x, attrs), input: x }, attrs),
      }),
    },
    {
      kernelName: 'GatherV2',
      inputsToSave: ['x', 'indices'],
      gradFunc: (dy, [x, indices], attrs) => ({
        x: () => gatherGradient(tf, dy, x, indices, attrs),
        indices: () => indices,
      }),
    },
    {
      kernelName: 'Einsum',
      saveAllInputs: true,
      gradFunc: (dy, inputs, { equation }) => einsumGradient(tf, dy, inputs, equation as string),
    },
  ];
}

/** The gradient of a sum over some axes: the same dy for each value along them. */
function spread(tf: Tf, dy: Tensor, shape: number[], axis: number | number[]): Tensor {
  const axes = tf.util.parseAxisParam(axis, shape);
  const kept = shape.map((size, i) => (axes.includes(i) ? 1 : size));
  return broadcast(tf, tf.reshape(dy, kept), shape);
}

interface Transposes {
  transposeA: boolean;
  transposeB: boolean;
}

/** With op(a)·op(b) = y: d op(a) = dy·op(b)ᵀ and d op(b) = op(a)ᵀ·dy, turned back where a or b were stored transposed. */
function matMulGradient(
  tf: Tf,
  dy: Tensor,
  a: Tensor,
  b: Tensor,
  { transposeA, transposeB }: Transposes,
): { a: () => Tensor; b: () => Tensor } {
  const gradA = () => (transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB));
  const gradB = () => (transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false));
  return { a: () => sumTo(tf, gradA(), a.shape), b: () => sumTo(tf, gradB(), b.shape) };
}

/** Sums over the axes along which `shape` was broadcast. */
function sumTo(tf: Tf, x: Tensor, shape: number[]): Tensor {
  const missing = x.shape.length - shape.length;
  const axes = x.shape.map((_, axis) => axis).filter((axis) => (shape[axis - missing] ?? 1) !== x.shape[axis]);
  return axes.length === 0 && missing === 0 ? x : tf.reshape(tf.sum(x, axes), shape);
}

function softmaxGradient(tf: Tf, dy: Tensor, y: Tensor): Tensor {
  const weighted = tf.mul(dy, y);
  return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), y));
}

/** dy has `reps[axis] * shape[axis]` values an axis; seen as [reps, shape] pairs, the gradient sums over the reps. */
function tileGradient(tf: Tf, dy: Tensor, shape: number[], reps: readonly number[]): Tensor {
  const split: number[] = [];
  const repeated: number[] = [];
  shape.forEach((size, axis) => {
    if (reps[axis] > 1) repeated.push(split.length);
    if (reps[axis] > 1) split.push(reps[axis]);
    if (size !== 1) split.push(size);
  });
  const summed = repeated.length === 0 ? dy : tf.sum(tf.reshape(dy, split), repeated);
  return tf.reshape(summed, shape);
}

/**
 * What the backend's AvgPoolGrad is to be handed. That of cpu divides by the whole window, where the mean was over the
 * part of it inside the image: there dy is scaled by the ratio of the two.
 */
function avgPoolShares(tf: Tf, dy: Tensor, x: Tensor, attrs: tfjs.NamedAttrMap): Tensor {
  if (tf.getBackend() !== 'cpu') return dy;
  const info = tf.backend_util.computePool2DInfo(
    x.shape as [number, number, number, number],
    attrs.filterSize as [number, number],
    attrs.strides as [number, number],
    1,
    attrs.pad as number | 'same' | 'valid',
    attrs.dimRoundingMode as 'floor' | 'round' | 'ceil' | undefined,
  );
  const inside = (out: number, size: number, stride: number, before: number, window: number) =>
    Array.from({ length: out }, (_, i) => {
      const first = i * stride - before;
      return window / (Math.min(size, first + window) - Math.max(0, first));
    });
  const rows = inside(info.outHeight, info.inHeight, info.strideHeight, info.padInfo.top, info.filterHeight);
  const columns = inside(info.outWidth, info.inWidth, info.strideWidth, info.padInfo.left, info.filterWidth);
  return tf.mul(tf.mul(dy, tf.tensor(rows, [1, rows.length, 1, 1])), tf.tensor(columns, [1, 1, columns.length, 1]));
}

/**
 * x seen as [batch, outer, size, inner] and dy as [batch, outer, count, inner]: one segment sum, in which each row of dy
 * goes to the row of x that it came from.
 */
function gatherGradient(tf: Tf, dy: Tensor, x: Tensor, indices: Tensor, attrs: tfjs.NamedAttrMap): Tensor {
  const [axis] = tf.util.parseAxisParam(attrs.axis as number, x.shape);
  const batchDims = attrs.batchDims as number;
  const volume = (shape: number[]) => tf.util.sizeFromShape(shape);
  const [batch, outer] = [volume(x.shape.slice(0, batchDims)), volume(x.shape.slice(batchDims, axis))];
  const [size, count] = [x.shape[axis], volume(indices.shape.slice(batchDims))];
  const blocks = batch * outer;
  let ids = tf.reshape(indices, [batch, 1, count]);
  if (blocks > 1) {
    const first = Int32Array.from({ length: blocks }, (_, i) => i * size);
    ids = tf.add(ids, tf.tensor(first, [batch, outer, 1], 'int32'));
  }
  const rows = tf.reshape(dy, [blocks * count, volume(x.shape.slice(axis + 1))]);
  return tf.reshape(tf.unsortedSegmentSum(rows, tf.reshape(ids, [-1]), blocks * size), x.shape);
}
