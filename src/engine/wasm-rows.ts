import type { KernelFunc, Tensor, TensorInfo } from '@tensorflow/tfjs';
import { areFloats, hasValues, type Kernel, refuse, requireFloats } from './kernel-checks.ts';
import type { Tf } from './types.ts';
import type { KernelModule } from './wasm-module.ts';

/** Adds a bias to every row; other sums go to the stock kernel. */
export function add(tf: Tf, { run, address, output }: KernelModule, stock: KernelFunc): Kernel {
  return ({ a, b }, _attrs, call) => {
    const [rows, row] = a.shape.length >= b.shape.length ? [a, b] : [b, a];
    const missing = rows.shape.length - row.shape.length;
    const isRow = missing > 0 && row.shape.every((size, axis) => size === rows.shape[axis + missing]);
    if (!isRow || !areFloats(a, b) || !hasValues(tf, a, b)) return stock(call) as TensorInfo;
    const cols = tf.util.sizeFromShape(row.shape);
    const out = output(rows.shape);
    run.addRow(tf.util.sizeFromShape(rows.shape) / cols, cols, address(rows), address(row), address(out));
    return out;
  };
}

/** Sums over leading axes, as for the gradient of a bias, and sums of nothing; others go to the stock kernel. */
export function sum(tf: Tf, { run, address, output, zeros }: KernelModule, stock: KernelFunc): Kernel {
  return ({ x }, { axis, keepDims }, call) => {
    const axes = tf.util.parseAxisParam(axis as number | number[], x.shape);
    const shape = x.shape.flatMap((size, i) => (!axes.includes(i) ? [size] : keepDims ? [1] : []));
    if (areFloats(x) && !hasValues(tf, x)) return zeros(shape);
    const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((value, i) => value === i);
    if (!leading || !areFloats(x)) return stock(call) as TensorInfo;
    const out = output(shape);
    const cols = tf.util.sizeFromShape(shape);
    run.columnSum(tf.util.sizeFromShape(x.shape) / cols, cols, address(x), address(out));
    return out;
  };
}

export function unsortedSegmentSum(tf: Tf, { run, address, output }: KernelModule): Kernel {
  return ({ x, segmentIds }, { numSegments }) => {
    requireFloats('UnsortedSegmentSum', x);
    const inner = x.shape.slice(segmentIds.shape.length);
    const out = output([numSegments as number, ...inner]);
    const rows = tf.util.sizeFromShape(segmentIds.shape);
    run.segmentSum(
      rows,
      tf.util.sizeFromShape(inner),
      numSegments as number,
      address(x),
      address(segmentIds),
      address(out),
    );
    return out;
  };
}

/** The same values under another name: tensors never change, and `Engine.adam` leaves shared values alone. */
export function identity({ backend }: KernelModule): Kernel {
  return ({ x }) => {
    backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  };
}

export function reluGrad(tf: Tf, { run, address, output }: KernelModule): Kernel {
  return ({ dy, y }) => {
    const out = output(y.shape);
    run.reluGradient(tf.util.sizeFromShape(y.shape), address(dy), address(y), address(out));
    return out;
  };
}

/** The stock kernel mixes up batches, and copies the indices to check them one by one. */
export function gather(tf: Tf, { run, address, output, backend }: KernelModule, stock: KernelFunc): Kernel {
  return ({ x, indices }, { axis, batchDims }, call) => {
    if (x.dtype !== 'float32' && x.dtype !== 'int32') {
      return batchDims === 0 ? (stock(call) as TensorInfo) : refuse(`GatherV2 of ${x.dtype} in batches`, 'wrong in');
    }
    const [along] = tf.util.parseAxisParam(axis as number, x.shape);
    const info = tf.backend_util.segment_util.collectGatherOpShapeInfo(
      x as Tensor,
      indices as Tensor,
      along,
      batchDims as number,
    );
    const out = output(info.outputShape, x.dtype);
    const wrong = run.gather(
      info.batchSize,
      info.outerSize,
      info.dimSize,
      tf.util.sizeFromShape(indices.shape.slice(batchDims as number)),
      info.sliceSize,
      address(x),
      address(indices),
      address(out),
    );
    if (wrong < 0) return out;
    backend.disposeData(out.dataId);
    const index = new Int32Array(backend.wasm.HEAPU8.buffer, address(indices) >>> 0)[wrong];
    throw new Error(`GatherV2: the index value ${index} is not in [0, ${info.dimSize - 1}]`);
  };
}

/** One axis after another, from the last: each step repeats blocks that lie together. */
export function tile(tf: Tf, { run, address, output, backend }: KernelModule, stock: KernelFunc): Kernel {
  return ({ x }, attrs, call) => {
    if (x.dtype !== 'float32' && x.dtype !== 'int32') return stock(call) as TensorInfo;
    const reps = attrs.reps as number[];
    const shape = [...x.shape];
    let from = x;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      // A copy at the least: the result must not be the input itself.
      if (reps[axis] === 1 && (axis > 0 || from !== x)) continue;
      const outer = tf.util.sizeFromShape(shape.slice(0, axis));
      const width = tf.util.sizeFromShape(shape.slice(axis));
      shape[axis] *= reps[axis];
      const out = output(shape, x.dtype);
      run.tile(outer, reps[axis], width, address(from), address(out));
      if (from !== x) backend.disposeData(from.dataId);
      from = out;
    }
    return from;
  };
}

/** Rows and columns of a tensor whose last axis is worked on. */
function matrixOf(tf: Tf, { shape }: TensorInfo): [rows: number, cols: number] {
  const cols = shape.at(-1) ?? 1;
  return [tf.util.sizeFromShape(shape.slice(0, -1)), cols];
}

export function logSoftmax(tf: Tf, { run, address, output }: KernelModule): Kernel {
  return ({ logits }) => {
    requireFloats('LogSoftmax', logits);
    const out = output(logits.shape);
    run.logSoftmax(...matrixOf(tf, logits), address(logits), address(out));
    return out;
  };
}

/** The gradients of softmax and its logarithm, from what the forward kernel gave. */
export function softmaxGrad(
  tf: Tf,
  { run, address, output }: KernelModule,
  which: 'softmaxGradient' | 'logSoftmaxGradient',
): Kernel {
  return ({ dy, y }) => {
    requireFloats(which, dy, y);
    const out = output(y.shape);
    run[which](...matrixOf(tf, y), address(y), address(dy), address(out));
    return out;
  };
}

export function layerNorm(tf: Tf, { run, address, output }: KernelModule): Kernel {
  return ({ x, gain, bias }, { epsilon }) => {
    requireFloats('LayerNorm', x, gain, bias);
    const out = output(x.shape);
    const [rows, cols] = matrixOf(tf, x);
    run.layerNorm(rows, cols, address(x), address(gain), address(bias), epsilon as number, address(out));
    return out;
  };
}

/** The gradients of x, gain and bias. */
export function layerNormGrad(tf: Tf, { run, address, output, scratch }: KernelModule): Kernel<TensorInfo[]> {
  return ({ x, gain, dy }, { epsilon }) => {
    requireFloats('LayerNormGrad', x, gain, dy);
    const [rows, cols] = matrixOf(tf, x);
    const outputs = [output(x.shape), output(gain.shape), output(gain.shape)];
    const [dx, gainGradient, biasGradient] = outputs.map(address);
    const sums = scratch(2 * cols * 4);
    run.layerNormGradient(
      rows,
      cols,
      address(x),
      address(gain),
      address(dy),
      epsilon as number,
      dx,
      gainGradient,
      biasGradient,
      sums,
    );
    return outputs;
  };
}
