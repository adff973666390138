import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs';
import { type Kernel, refuse } from './kernel-checks.ts';
import type { CompiledKernels } from './kernel-files.ts';
import { OWN_KERNELS } from './operations.ts';
import type { Tf } from './types.ts';
import {
  avgPoolGrad,
  conv2d,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  depthwiseConv2d,
  fusedConv2d,
  fusedDepthwiseConv2d,
  maxPoolGrad,
  pool,
} from './wasm-convolutions.ts';
import { einsum } from './wasm-einsum.ts';
import { attachKernels, type KernelModule } from './wasm-module.ts';
import { batchMatMul, fusedMatMul } from './wasm-products.ts';
import {
  add,
  gather,
  identity,
  layerNorm,
  layerNormGrad,
  logSoftmax,
  reluGrad,
  softmaxGrad,
  sum,
  tile,
  unsortedSegmentSum,
} from './wasm-rows.ts';

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
  const kernels: Record<string, Kernel<TensorInfo | TensorInfo[]>> = {
    BatchMatMul: batchMatMul(tf, module, stock('BatchMatMul')),
    _FusedMatMul: withActivation(tf, module, fusedMatMul(tf, module, stock('_FusedMatMul'))),
    Einsum: einsum(tf, module),
    Conv2D: conv2d(tf, module, stock('Conv2D')),
    FusedConv2D: withActivation(tf, module, fusedConv2d(tf, module, stock('FusedConv2D'))),
    Conv2DBackpropFilter: conv2dBackpropFilter(tf, module),
    Conv2DBackpropInput: conv2dBackpropInput(tf, module),
    DepthwiseConv2dNative: depthwiseConv2d(tf, module, stock('DepthwiseConv2dNative')),
    FusedDepthwiseConv2D: withActivation(tf, module, fusedDepthwiseConv2d(tf, module, stock('FusedDepthwiseConv2D'))),
    DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter(tf, module),
    DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput(tf, module),
    AvgPool: pool(tf, 'AvgPool', stock('AvgPool')),
    MaxPool: pool(tf, 'MaxPool', stock('MaxPool')),
    AvgPoolGrad: avgPoolGrad(tf, module),
    MaxPoolGrad: maxPoolGrad(tf, module),
    Add: add(tf, module, stock('Add')),
    Sum: sum(tf, module, stock('Sum')),
    GatherV2: gather(tf, module, stock('GatherV2')),
    Tile: tile(tf, module, stock('Tile')),
    UnsortedSegmentSum: unsortedSegmentSum(tf, module),
    Identity: identity(module),
    LogSoftmax: logSoftmax(tf, module),
    [OWN_KERNELS.reluGrad]: reluGrad(tf, module),
    [OWN_KERNELS.softmaxGrad]: softmaxGrad(tf, module, 'softmaxGradient'),
    [OWN_KERNELS.logSoftmaxGrad]: softmaxGrad(tf, module, 'logSoftmaxGradient'),
    [OWN_KERNELS.layerNorm]: layerNorm(tf, module),
    [OWN_KERNELS.layerNormGrad]: layerNormGrad(tf, module),
    ...refusedKernels(stock),
  };
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, 'wasm') !== undefined) tf.unregisterKernel(kernelName, 'wasm');
    const kernelFunc: KernelFunc = (call) => kernel(call.inputs as Record<string, TensorInfo>, call.attrs ?? {}, call);
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
  return module;
}

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

/** Gradients that tfjs gets wrong on wasm without a word: refused with advice. */
function refusedKernels(stock: (name: string) => KernelFunc): Record<string, Kernel> {
  const kernels: Record<string, Kernel> = {};
  for (const name of ['Conv3DBackpropFilterV2', 'Conv3DBackpropInputV2']) {
    kernels[name] = () => refuse(name, 'wrong in');
  }
  const nearestGradient = stock('ResizeNearestNeighborGrad');
  kernels.ResizeNearestNeighborGrad = ({ images }, _attrs, call) =>
    images.shape[0] === 1
      ? (nearestGradient(call) as TensorInfo)
      : refuse('ResizeNearestNeighborGrad of several images', 'wrong in');
  return kernels;
}
