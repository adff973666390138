import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs';
import { areFloats, isBias, type Kernel } from './kernel-checks.ts';
import type { Tf } from './types.ts';
import type { KernelModule } from './wasm-module.ts';

export function batchMatMul(tf: Tf, module: KernelModule, stock: KernelFunc): Kernel {
  return ({ a, b }, { transposeA, transposeB }, call) => {
    if (!areFloats(a, b)) return stock(call) as TensorInfo;
    return multiply(tf, module, a, b, Boolean(transposeA), Boolean(transposeB), undefined, false);
  };
}

export function fusedMatMul(tf: Tf, module: KernelModule, stock: KernelFunc): Kernel {
  return ({ a, b, bias }, { transposeA, transposeB, activation }, call) => {
    const cols = b.shape.at(transposeB ? -2 : -1);
    if (!areFloats(a, b) || !isBias(tf, bias, cols)) return stock(call) as TensorInfo;
    return multiply(tf, module, a, b, Boolean(transposeA), Boolean(transposeB), bias, activation === 'relu');
  };
}

/** op(a)·op(b) over all leading axes, which broadcast: a [..., rows, depth], b [..., depth, cols], out [..., rows, cols]. */
export function multiply(
  tf: Tf,
  module: KernelModule,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  bias: TensorInfo | undefined,
  relu: boolean,
): TensorInfo {
  const [rows, depthA] = matrixShape(a, transposeA);
  const [depthB, cols] = matrixShape(b, transposeB);
  if (depthA !== depthB) {
    throw new Error(`matMul: inner sizes ${depthA} and ${depthB} of shapes [${a.shape}] and [${b.shape}] differ`);
  }
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const shape = [...batch, rows, cols];
  if (depthA === 0) return emptySums(tf, module, shape, bias, relu);
  const { run, address, output, scratch } = module;
  const out = output(shape);
  const matricesA = broadcastIndices(batchA, batch);
  const matricesB = broadcastIndices(batchB, batch);
  const workspace = scratch(run.gemmScratchBytes());
  const [fromA, fromB, to] = [address(a), address(b), address(out)];
  const biasAddress = bias === undefined ? 0 : address(bias);
  for (let i = 0; i < matricesA.length; i++) {
    run.gemm(
      Number(transposeA),
      Number(transposeB),
      rows,
      cols,
      depthA,
      fromA + matricesA[i] * rows * depthA * 4,
      fromB + matricesB[i] * depthA * cols * 4,
      to + i * rows * cols * 4,
      biasAddress,
      Number(relu),
      workspace,
    );
  }
  return out;
}

/** What sums of no products are: zero, then plus the bias, then ReLU if asked. */
export function emptySums(
  tf: Tf,
  { run, address, zeros }: KernelModule,
  shape: readonly number[],
  bias: TensorInfo | undefined,
  relu: boolean,
): TensorInfo {
  const out = zeros(shape);
  const count = tf.util.sizeFromShape([...shape]);
  const cols = shape.at(-1)!;
  const to = address(out);
  if (bias !== undefined && count > 0) run.addRow(count / cols, cols, to, address(bias), to);
  if (relu) run.reluGradient(count, to, to, to);
  return out;
}

/** The two last sizes, in the order that the product sees. */
function matrixShape({ shape }: TensorInfo, transposed: boolean): [number, number] {
  const [rows, cols] = shape.slice(-2);
  return transposed ? [cols, rows] : [rows, cols];
}

/** For each index into `to` (row-major) the index into `from` that broadcasts to it. */
function broadcastIndices(from: readonly number[], to: readonly number[]): number[] {
  let indices = [0];
  const missing = to.length - from.length;
  for (let axis = 0; axis < to.length; axis++) {
    const size = axis < missing ? 1 : from[axis - missing];
    indices = indices.flatMap((index) =>
      Array.from({ length: to[axis] }, (_, i) => index * size + (size === 1 ? 0 : i)),
    );
  }
  return indices;
}
