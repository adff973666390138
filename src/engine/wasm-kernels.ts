import type { backend_util, KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs';
import { UserError } from '../core/errors.ts';
import type { CompiledKernels } from './kernel-files.ts';
import type { Tf } from './types.ts';
import { attachKernels, type ConvSizes, type KernelModule } from './wasm-module.ts';

type Conv2DInfo = backend_util.Conv2DInfo;
/** A tfjs kernel; the casts to the attributes it knows stay with it. */
type Kernel = (inputs: Record<string, TensorInfo>, attrs: NamedAttrMap, call: Parameters<KernelFunc>[0]) => TensorInfo;

/**
 * Registers the training kernels with tfjs' wasm backend, which must be the active one: those it lacks, those it does
 * slowly, and those whose result is wrong. What a kernel does not cover goes to the stock one where that is right,
 * else it is refused.
 */
export async function installKernels(tf: Tf, compiled: CompiledKernels): Promise<KernelModule> {
  const module = await attachKernels(tf, compiled);
  const stock = (name: string): KernelFunc => {
    const found = tf.getKernel(name, 'wasm');
    if (found === undefined) throw new Error(`tfjs' wasm backend has no kernel ${name}`);
    return found.kernelFunc;
  };
  const kernels: Record<string, Kernel> = {
    BatchMatMul: batchMatMul(tf, module, stock('BatchMatMul')),
    _FusedMatMul: withActivation(tf, module, fusedMatMul(tf, module, stock('_FusedMatMul'))),
    Conv2D: conv2d(tf, module, stock('Conv2D')),
    FusedConv2D: withActivation(tf, module, fusedConv2d(tf, module, stock('FusedConv2D'))),
    Conv2DBackpropFilter: conv2dBackpropFilter(tf, module),
    Conv2DBackpropInput: conv2dBackpropInput(tf, module),
    MaxPoolGrad: maxPoolGrad(tf, module),
    Add: add(tf, module, stock('Add')),
    Sum: sum(tf, module, stock('Sum')),
    UnsortedSegmentSum: unsortedSegmentSum(tf, module),
    Identity: identity(module),
    [RELU_GRAD]: reluGrad(tf, module),
    ...refusedKernels(stock),
  };
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, 'wasm') !== undefined) tf.unregisterKernel(kernelName, 'wasm');
    const kernelFunc: KernelFunc = (call) => kernel(call.inputs as Record<string, TensorInfo>, call.attrs ?? {}, call);
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
  return module;
}

/** Our own kernel: the gradient of ReLU in one pass. See gradients.ts. */
export const RELU_GRAD = 'ReluGrad';

// ---- Matrix products ----

function batchMatMul(tf: Tf, module: KernelModule, stock: KernelFunc): Kernel {
  return ({ a, b }, { transposeA, transposeB }, call) => {
    if (!areFloats(a, b) || !hasValues(tf, a, b)) return stock(call) as TensorInfo;
    return multiply(tf, module, a, b, Boolean(transposeA), Boolean(transposeB), undefined, false);
  };
}

function fusedMatMul(tf: Tf, module: KernelModule, stock: KernelFunc): Kernel {
  return ({ a, b, bias }, { transposeA, transposeB, activation }, call) => {
    const cols = b.shape.at(transposeB ? -2 : -1);
    if (!areFloats(a, b) || !hasValues(tf, a, b) || !isBias(tf, bias, cols)) return stock(call) as TensorInfo;
    return multiply(tf, module, a, b, Boolean(transposeA), Boolean(transposeB), bias, activation === 'relu');
  };
}

/** op(a)·op(b) over all leading axes, which broadcast: a [..., rows, depth], b [..., depth, cols], out [..., rows, cols]. */
function multiply(
  tf: Tf,
  { run, address, output, scratch }: KernelModule,
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
  const out = output([...batch, rows, cols]);
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

// ---- Convolutions ----

function conv2d(tf: Tf, module: KernelModule, stock: KernelFunc): Kernel {
  return ({ x, filter }, attrs, call) => {
    requireFloats('Conv2D', x, filter);
    const info = convInfo(tf, x.shape, filter.shape, attrs);
    if (!isPlainConv(info) || !hasValues(tf, x, filter)) return stock(call) as TensorInfo;
    return convolve(module, info, x, filter, undefined, false);
  };
}

function fusedConv2d(tf: Tf, module: KernelModule, stock: KernelFunc): Kernel {
  return ({ x, filter, bias }, attrs, call) => {
    requireFloats('FusedConv2D', x, filter);
    const info = convInfo(tf, x.shape, filter.shape, attrs);
    const covered = isPlainConv(info) && hasValues(tf, x, filter) && isBias(tf, bias, info.outChannels);
    if (!covered) return stock(call) as TensorInfo;
    return convolve(module, info, x, filter, bias, attrs.activation === 'relu');
  };
}

function convolve(
  { run, address, output, scratch, convSizes }: KernelModule,
  info: Conv2DInfo,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | undefined,
  relu: boolean,
): TensorInfo {
  const out = output(info.outShape);
  const sizes = convSizes(sizesOf(info));
  const workspace = scratch(run.conv2dScratchBytes(sizes));
  const biasAddress = bias === undefined ? 0 : address(bias);
  run.conv2d(sizes, address(x), address(filter), address(out), biasAddress, Number(relu), workspace);
  return out;
}

function conv2dBackpropFilter(tf: Tf, { run, address, output, scratch, convSizes }: KernelModule): Kernel {
  return ({ x, dy }, attrs) => {
    requireFloats('Conv2DBackpropFilter', x, dy);
    const info = convInfo(tf, x.shape, attrs.filterShape as number[], attrs);
    requirePlainConv('Conv2DBackpropFilter', info);
    const out = output(info.filterShape);
    const sizes = convSizes(sizesOf(info));
    const workspace = scratch(run.filterGradientScratchBytes(sizes));
    run.conv2dFilterGradient(sizes, address(x), address(dy), address(out), workspace);
    return out;
  };
}

function conv2dBackpropInput(tf: Tf, { run, address, output, scratch, convSizes }: KernelModule): Kernel {
  return ({ dy, filter }, attrs) => {
    requireFloats('Conv2DBackpropInput', dy, filter);
    const info = convInfo(tf, attrs.inputShape as number[], filter.shape, attrs);
    requirePlainConv('Conv2DBackpropInput', info);
    const out = output(info.inShape);
    const sizes = convSizes(turned(sizesOf(info)));
    const workspace = scratch(run.conv2dScratchBytes(sizes));
    run.conv2dInputGradient(sizes, address(dy), address(filter), address(out), workspace);
    return out;
  };
}

const sizesOf = (info: Conv2DInfo): ConvSizes => ({
  batch: info.batchSize,
  height: info.inHeight,
  width: info.inWidth,
  channels: info.inChannels,
  filterHeight: info.filterHeight,
  filterWidth: info.filterWidth,
  strideY: info.strideHeight,
  strideX: info.strideWidth,
  top: info.padInfo.top,
  left: info.padInfo.left,
  outHeight: info.outHeight,
  outWidth: info.outWidth,
  units: info.outChannels,
  spreadY: 1,
  spreadX: 1,
});

/** The convolution that the input gradient of another is: from its output back to its input. */
const turned = (sizes: ConvSizes): ConvSizes => ({
  ...sizes,
  height: sizes.outHeight,
  width: sizes.outWidth,
  channels: sizes.units,
  strideY: 1,
  strideX: 1,
  top: sizes.filterHeight - 1 - sizes.top,
  left: sizes.filterWidth - 1 - sizes.left,
  outHeight: sizes.height,
  outWidth: sizes.width,
  units: sizes.channels,
  spreadY: sizes.strideY,
  spreadX: sizes.strideX,
});

function convInfo(tf: Tf, inShape: number[], filterShape: number[], attrs: NamedAttrMap): Conv2DInfo {
  const { strides, dilations, pad, dimRoundingMode, dataFormat } = attrs;
  return tf.backend_util.computeConv2DInfo(
    inShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides as number | [number, number],
    (dilations ?? 1) as number | [number, number],
    pad as number | 'same' | 'valid',
    dimRoundingMode as 'floor' | 'round' | 'ceil' | undefined,
    false,
    tf.backend_util.convertConv2DDataFormat((dataFormat ?? 'NHWC') as 'NHWC' | 'NCHW'),
  );
}

const isPlainConv = (info: Conv2DInfo): boolean =>
  info.dataFormat === 'channelsLast' && info.dilationHeight === 1 && info.dilationWidth === 1;

function requirePlainConv(kernel: string, info: Conv2DInfo): void {
  if (isPlainConv(info)) return;
  throw new UserError(
    `${kernel} on the wasm backend takes NHWC without dilation, got ${info.dataFormat} ` +
      `with dilation ${info.dilationHeight}x${info.dilationWidth}; use the backend tensorflow or cpu`,
  );
}

// ---- Fused activations ----

const ACTIVATION_KERNELS: Record<string, string> = {
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  leakyrelu: 'LeakyRelu',
  prelu: 'Prelu',
};

/**
 * Runs every activation but ReLU after a fused kernel, not in it: ours have ReLU only, and the stock ones take elu
 * without a word and return whatever lay in memory.
 */
function withActivation(tf: Tf, { backend }: KernelModule, fused: Kernel): Kernel {
  return (inputs, attrs, call) => {
    const activation = (attrs.activation ?? 'linear') as string;
    if (activation === 'linear' || activation === 'relu') return fused(inputs, attrs, call);
    const kernel = tf.getKernel(ACTIVATION_KERNELS[activation], 'wasm');
    if (kernel === undefined) throw new Error(`the wasm backend has no activation "${activation}"`);
    const linear = { ...attrs, activation: 'linear' };
    const x = fused(inputs, linear, { ...call, attrs: linear });
    const out = kernel.kernelFunc({
      inputs: { x, alpha: inputs.preluActivationWeights },
      attrs: { alpha: attrs.leakyreluAlpha },
      backend: call.backend,
    });
    backend.disposeData(x.dataId);
    return out as TensorInfo;
  };
}

// ---- Pooling, sums, the rest ----

/** The stock kernel starts its search at 0, and so gives windows of negative values no gradient. */
function maxPoolGrad(tf: Tf, { run, address, output, convSizes }: KernelModule): Kernel {
  return ({ dy, input }, { filterSize, strides, pad, dimRoundingMode }) => {
    requireFloats('MaxPoolGrad', dy, input);
    const info = tf.backend_util.computePool2DInfo(
      input.shape as [number, number, number, number],
      filterSize as number | [number, number],
      strides as number | [number, number],
      1,
      pad as number | 'same' | 'valid',
      dimRoundingMode as 'floor' | 'round' | 'ceil' | undefined,
    );
    const out = output(input.shape);
    run.maxPoolGradient(convSizes(sizesOf(info)), address(input), address(dy), address(out));
    return out;
  };
}

/** Adds a bias to every row; other sums go to the stock kernel. */
function add(tf: Tf, { run, address, output }: KernelModule, stock: KernelFunc): Kernel {
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

/** Sums over leading axes, as for the gradient of a bias; others go to the stock kernel. */
function sum(tf: Tf, { run, address, output }: KernelModule, stock: KernelFunc): Kernel {
  return ({ x }, { axis, keepDims }, call) => {
    const axes = tf.util.parseAxisParam(axis as number | number[], x.shape);
    const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((value, i) => value === i);
    if (!leading || !areFloats(x) || !hasValues(tf, x)) return stock(call) as TensorInfo;
    const kept = x.shape.slice(axes.length);
    const out = output(keepDims ? [...axes.map(() => 1), ...kept] : kept);
    const cols = tf.util.sizeFromShape(kept);
    run.columnSum(tf.util.sizeFromShape(x.shape) / cols, cols, address(x), address(out));
    return out;
  };
}

function unsortedSegmentSum(tf: Tf, { run, address, output }: KernelModule): Kernel {
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
function identity({ backend }: KernelModule): Kernel {
  return ({ x }) => {
    backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  };
}

function reluGrad(tf: Tf, { run, address, output }: KernelModule): Kernel {
  return ({ dy, y }) => {
    const out = output(y.shape);
    run.reluGradient(tf.util.sizeFromShape(y.shape), address(dy), address(y), address(out));
    return out;
  };
}

/** Gradients that tfjs gets wrong on wasm without a word, and kernels that it lacks: both refused with advice. */
function refusedKernels(stock: (name: string) => KernelFunc): Record<string, Kernel> {
  const kernels: Record<string, Kernel> = {};
  for (const name of ['Conv3DBackpropFilterV2', 'Conv3DBackpropInputV2']) {
    kernels[name] = () => refuse(name, 'wrong in');
  }
  for (const name of ['DepthwiseConv2dNativeBackpropFilter', 'DepthwiseConv2dNativeBackpropInput', 'Einsum']) {
    kernels[name] = () => refuse(name, 'missing from');
  }
  const nearestGradient = stock('ResizeNearestNeighborGrad');
  kernels.ResizeNearestNeighborGrad = ({ images }, _attrs, call) =>
    images.shape[0] === 1
      ? (nearestGradient(call) as TensorInfo)
      : refuse('ResizeNearestNeighborGrad of several images', 'wrong in');
  return kernels;
}

function refuse(what: string, why: string): never {
  throw new UserError(`${what} is ${why} tfjs' wasm backend; use the backend tensorflow or cpu`);
}

// ---- Domains ----

const areFloats = (...tensors: TensorInfo[]): boolean => tensors.every(({ dtype }) => dtype === 'float32');

function requireFloats(kernel: string, ...tensors: TensorInfo[]): void {
  const other = tensors.find(({ dtype }) => dtype !== 'float32');
  if (other !== undefined) throw new Error(`${kernel} on the wasm backend takes float32, got ${other.dtype}`);
}

const hasValues = (tf: Tf, ...tensors: TensorInfo[]): boolean =>
  tensors.every(({ shape }) => tf.util.sizeFromShape(shape) > 0);

const isBias = (tf: Tf, bias: TensorInfo | undefined | null, size: number | undefined): boolean =>
  bias === undefined || bias === null || (tf.util.sizeFromShape(bias.shape) === size && bias.shape.at(-1) === size);
