import type { backend_util, KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs';
import { UserError } from '../core/errors.ts';
import { hasValues, isBias, type Kernel, refuse, requireFloats } from './kernel-checks.ts';
import type { Tf } from './types.ts';
import type { ConvSizes, KernelModule } from './wasm-module.ts';
import { emptySums } from './wasm-products.ts';

type Conv2DInfo = backend_util.Conv2DInfo;

export function conv2d(tf: Tf, module: KernelModule, stock: KernelFunc): Kernel {
  return ({ x, filter }, attrs, call) => {
    requireFloats('Conv2D', x, filter);
    const info = convInfo(tf, x.shape, filter.shape, attrs);
    return isPlainConv(info) ? convolve(tf, module, info, x, filter, undefined, false) : (stock(call) as TensorInfo);
  };
}

export function fusedConv2d(tf: Tf, module: KernelModule, stock: KernelFunc): Kernel {
  return ({ x, filter, bias }, attrs, call) => {
    requireFloats('FusedConv2D', x, filter);
    const info = convInfo(tf, x.shape, filter.shape, attrs);
    return isPlainConv(info) && isBias(tf, bias, info.outChannels)
      ? convolve(tf, module, info, x, filter, bias, attrs.activation === 'relu')
      : stockWindows('FusedConv2D', info, stock, call);
  };
}

function convolve(
  tf: Tf,
  module: KernelModule,
  info: Conv2DInfo,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | undefined,
  relu: boolean,
): TensorInfo {
  if (!hasValues(tf, x, filter)) return emptySums(tf, module, info.outShape, bias, relu);
  const { run, address, output, scratch, convSizes } = module;
  const out = output(info.outShape);
  if (!hasValues(tf, out)) return out;
  const sizes = convSizes(sizesOf(info));
  const workspace = scratch(run.conv2dScratchBytes(sizes));
  const biasAddress = bias === undefined ? 0 : address(bias);
  run.conv2d(sizes, address(x), address(filter), address(out), biasAddress, Number(relu), workspace);
  return out;
}

export function conv2dBackpropFilter(tf: Tf, module: KernelModule): Kernel {
  return ({ x, dy }, attrs) => {
    requireFloats('Conv2DBackpropFilter', x, dy);
    const info = convInfo(tf, x.shape, attrs.filterShape as number[], attrs);
    requirePlainConv('Conv2DBackpropFilter', info);
    const { run, address, output, zeros, scratch, convSizes } = module;
    if (!hasValues(tf, x, dy)) return zeros(info.filterShape);
    const out = output(info.filterShape);
    const sizes = convSizes(sizesOf(info));
    const workspace = scratch(run.filterGradientScratchBytes(sizes));
    run.conv2dFilterGradient(sizes, address(x), address(dy), address(out), workspace);
    return out;
  };
}

export function conv2dBackpropInput(tf: Tf, module: KernelModule): Kernel {
  return ({ dy, filter }, attrs) => {
    requireFloats('Conv2DBackpropInput', dy, filter);
    const info = convInfo(tf, attrs.inputShape as number[], filter.shape, attrs);
    requirePlainConv('Conv2DBackpropInput', info);
    const { run, address, output, zeros, scratch, convSizes } = module;
    if (!hasValues(tf, dy, filter)) return zeros(info.inShape);
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

function convInfo(
  tf: Tf,
  inShape: number[],
  filterShape: number[],
  attrs: NamedAttrMap,
  depthwise = false,
): Conv2DInfo {
  const { strides, dilations, pad, dimRoundingMode, dataFormat } = attrs;
  const info = tf.backend_util.computeConv2DInfo(
    inShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides as number | [number, number],
    (dilations ?? 1) as number | [number, number],
    pad as number | 'same' | 'valid',
    dimRoundingMode as 'floor' | 'round' | 'ceil' | undefined,
    depthwise,
    tf.backend_util.convertConv2DDataFormat((dataFormat ?? 'NHWC') as 'NHWC' | 'NCHW'),
  );
  if (info.outHeight < 0 || info.outWidth < 0)
    throw new UserError(`a filter of shape [${filterShape}] does not fit into an image of shape [${inShape}]`);
  return info;
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

/**
 * A stock kernel that slides a window. They work out the size of their output anew, and write past its end or leave part
 * of it as it lay in memory where tfjs came to another: with dimRoundingMode "ceil" or "round", or with a number as
 * padding where window or stride are not square.
 */
function stockWindows(name: string, info: Conv2DInfo, stock: KernelFunc, call: Parameters<KernelFunc>[0]): TensorInfo {
  const { top, bottom, left, right } = info.padInfo;
  const height = Math.floor((info.inHeight + top + bottom - info.effectiveFilterHeight) / info.strideHeight) + 1;
  const width = Math.floor((info.inWidth + left + right - info.effectiveFilterWidth) / info.strideWidth) + 1;
  if (height !== info.outHeight || width !== info.outWidth)
    refuse(`${name} with this padding or dimRoundingMode`, 'wrong in');
  return stock(call) as TensorInfo;
}

// ---- Depthwise convolutions ----

export function depthwiseConv2d(tf: Tf, module: KernelModule, stock: KernelFunc): Kernel {
  return ({ x, filter }, attrs, call) => {
    requireFloats('DepthwiseConv2dNative', x, filter);
    const info = convInfo(tf, x.shape, filter.shape, attrs, true);
    return isPlainConv(info)
      ? convolveDepthwise(tf, module, info, x, filter)
      : stockWindows('DepthwiseConv2dNative', info, stock, call);
  };
}

export function fusedDepthwiseConv2d(tf: Tf, module: KernelModule, stock: KernelFunc): Kernel {
  return ({ x, filter, bias }, attrs, call) => {
    requireFloats('FusedDepthwiseConv2D', x, filter);
    const info = convInfo(tf, x.shape, filter.shape, attrs, true);
    if (!isPlainConv(info) || !isBias(tf, bias, info.outChannels))
      return stockWindows('FusedDepthwiseConv2D', info, stock, call);
    const out = convolveDepthwise(tf, module, info, x, filter);
    const to = module.address(out);
    const count = tf.util.sizeFromShape(out.shape);
    if (bias !== undefined && count > 0)
      module.run.addRow(count / info.outChannels, info.outChannels, to, module.address(bias), to);
    if (attrs.activation === 'relu') module.run.reluGradient(count, to, to, to);
    return out;
  };
}

function convolveDepthwise(
  tf: Tf,
  { run, address, output, zeros, scratch, convSizes }: KernelModule,
  info: Conv2DInfo,
  x: TensorInfo,
  filter: TensorInfo,
): TensorInfo {
  if (!hasValues(tf, x, filter)) return zeros(info.outShape);
  const out = output(info.outShape);
  const sizes = convSizes(sizesOf(info));
  run.depthwiseConv2d(sizes, address(x), address(filter), address(out), scratch(run.depthwiseScratchBytes(sizes)));
  return out;
}

export function depthwiseBackpropFilter(tf: Tf, module: KernelModule): Kernel {
  return ({ x, dy }, attrs) => {
    requireFloats('DepthwiseConv2dNativeBackpropFilter', x, dy);
    const info = convInfo(tf, x.shape, attrs.filterShape as number[], attrs, true);
    requirePlainConv('DepthwiseConv2dNativeBackpropFilter', info);
    const { run, address, output, zeros, scratch, convSizes } = module;
    const shape = attrs.filterShape as number[];
    if (!hasValues(tf, x, dy)) return zeros(shape);
    const out = output(shape);
    const sizes = convSizes(sizesOf(info));
    const workspace = scratch(run.depthwiseScratchBytes(sizes));
    run.depthwiseFilterGradient(sizes, address(x), address(dy), address(out), workspace);
    return out;
  };
}

export function depthwiseBackpropInput(tf: Tf, module: KernelModule): Kernel {
  return ({ dy, filter }, attrs) => {
    requireFloats('DepthwiseConv2dNativeBackpropInput', dy, filter);
    const info = convInfo(tf, attrs.inputShape as number[], filter.shape, attrs, true);
    requirePlainConv('DepthwiseConv2dNativeBackpropInput', info);
    const { run, address, output, zeros, scratch, convSizes } = module;
    if (!hasValues(tf, dy, filter)) return zeros(info.inShape);
    const out = output(info.inShape);
    const sizes = convSizes(sizesOf(info));
    const workspace = scratch(run.depthwiseScratchBytes(sizes));
    run.depthwiseInputGradient(sizes, address(dy), address(filter), address(out), workspace);
    return out;
  };
}

// ---- Pooling ----

export function pool(tf: Tf, name: string, stock: KernelFunc): Kernel {
  return ({ x }, attrs, call) => stockWindows(name, poolInfo(tf, x, attrs), stock, call);
}

/** The stock kernel starts its search at 0, and so gives windows of negative values no gradient. */
export function maxPoolGrad(tf: Tf, { run, address, output, convSizes }: KernelModule): Kernel {
  return ({ dy, input }, attrs) => {
    requireFloats('MaxPoolGrad', dy, input);
    const sizes = convSizes(sizesOf(poolInfo(tf, input, attrs)));
    const out = output(input.shape);
    run.maxPoolGradient(sizes, address(input), address(dy), address(out));
    return out;
  };
}

/** The stock kernel divides by the whole window where the mean was over the part of it inside the image. */
export function avgPoolGrad(tf: Tf, { run, address, output, convSizes }: KernelModule): Kernel {
  return ({ dy, input }, attrs) => {
    requireFloats('AvgPoolGrad', dy, input);
    const sizes = convSizes(sizesOf(poolInfo(tf, input, attrs)));
    const out = output(input.shape);
    run.avgPoolGradient(sizes, address(dy), address(out));
    return out;
  };
}

function poolInfo(tf: Tf, { shape }: TensorInfo, attrs: NamedAttrMap): Conv2DInfo {
  return tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    attrs.filterSize as number | [number, number],
    attrs.strides as number | [number, number],
    1,
    attrs.pad as number | 'same' | 'valid',
    attrs.dimRoundingMode as 'floor' | 'round' | 'ceil' | undefined,
  );
}
