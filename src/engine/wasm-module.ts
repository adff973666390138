import type { DataType, TensorInfo } from '@tensorflow/tfjs';
import type { CompiledKernels, KernelVariant } from './kernel-files.ts';
import type { Tf } from './types.ts';

/** The tfjs whose inner parts the kernels rely on; package.json pins it. */
const TFJS_VERSION = '4.22.0';

/** What is used of tfjs' wasm backend. It is not a public interface, so `attachKernels` looks before it leaps. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm: { readonly memory?: unknown };
    readonly HEAPU8: Uint8Array;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
  disposeData(dataId: object): boolean;
  incRef(dataId: object): void;
  refCount(dataId: object): number;
}

/** Of a convolution, as kernels/conv-sizes.ts reads them: in this order. */
export const CONV_SIZES = [
  'batch',
  'height',
  'width',
  'channels',
  'filterHeight',
  'filterWidth',
  'strideY',
  'strideX',
  'top',
  'left',
  'outHeight',
  'outWidth',
  'units',
  'spreadY',
  'spreadX',
] as const;
export type ConvSizes = Record<(typeof CONV_SIZES)[number], number>;

/** The functions of kernels/index.ts. Addresses and sizes are numbers, flags 0 or 1, `sizes` the address of ConvSizes. */
interface KernelExports {
  gemmScratchBytes(): number;
  gemm(
    transposeA: number,
    transposeB: number,
    rows: number,
    cols: number,
    depth: number,
    a: number,
    b: number,
    c: number,
    bias: number,
    relu: number,
    scratch: number,
  ): void;
  conv2dScratchBytes(sizes: number): number;
  conv2d(sizes: number, x: number, filter: number, out: number, bias: number, relu: number, scratch: number): void;
  conv2dInputGradient(sizes: number, dy: number, filter: number, dx: number, scratch: number): void;
  filterGradientScratchBytes(sizes: number): number;
  conv2dFilterGradient(sizes: number, x: number, dy: number, gradient: number, scratch: number): void;
  depthwiseScratchBytes(sizes: number): number;
  depthwiseConv2d(sizes: number, x: number, filter: number, out: number, scratch: number): void;
  depthwiseInputGradient(sizes: number, dy: number, filter: number, dx: number, scratch: number): void;
  depthwiseFilterGradient(sizes: number, x: number, dy: number, gradient: number, scratch: number): void;
  maxPoolGradient(sizes: number, x: number, dy: number, dx: number): void;
  avgPoolGradient(sizes: number, dy: number, dx: number): void;
  addRow(rows: number, cols: number, x: number, row: number, out: number): void;
  columnSum(rows: number, cols: number, x: number, out: number): void;
  sumOfSquares(count: number, x: number): number;
  segmentSum(rows: number, width: number, segments: number, x: number, ids: number, out: number): void;
  gather(
    batch: number,
    outer: number,
    size: number,
    count: number,
    width: number,
    x: number,
    ids: number,
    out: number,
  ): number;
  tile(outer: number, repeats: number, width: number, x: number, out: number): void;
  layerNorm(rows: number, cols: number, x: number, gain: number, bias: number, epsilon: number, out: number): void;
  layerNormGradient(
    rows: number,
    cols: number,
    x: number,
    gain: number,
    dy: number,
    epsilon: number,
    dx: number,
    gainGradient: number,
    biasGradient: number,
    scratch: number,
  ): void;
  logSoftmax(rows: number, cols: number, x: number, out: number): void;
  logSoftmaxGradient(rows: number, cols: number, y: number, dy: number, dx: number): void;
  softmaxGradient(rows: number, cols: number, y: number, dy: number, dx: number): void;
  reluGradient(count: number, gradient: number, y: number, out: number): void;
  adam(
    count: number,
    param: number,
    gradient: number,
    m: number,
    v: number,
    stepSize: number,
    beta1: number,
    oneMinusBeta1: number,
    beta2: number,
    oneMinusBeta2: number,
    vScale: number,
    epsilon: number,
    gradScale: number,
  ): void;
}

/** The kernels, tied to a backend's memory. */
export interface KernelModule {
  readonly variant: KernelVariant;
  readonly run: KernelExports;
  readonly backend: WasmBackend;
  /** Where a tensor's values lie. Ask each time: tfjs may move them. */
  address(tensor: TensorInfo): number;
  /** A new tensor with undefined values. */
  output(shape: readonly number[], dtype?: DataType): TensorInfo;
  /** A new tensor of zeros. */
  zeros(shape: readonly number[]): TensorInfo;
  /** The address of at least `bytes` of scratch, valid until the next call. */
  scratch(bytes: number): number;
  /** The address where these sizes now lie, valid until the next call. */
  convSizes(sizes: ConvSizes): number;
}

/**
 * Instantiates the kernels over the memory of tfjs' wasm backend, which must be the active one.
 * Throws if this tfjs is built otherwise than the one they were written for.
 */
export async function attachKernels(tf: Tf, { variant, module }: CompiledKernels): Promise<KernelModule> {
  const backend = tf.backend() as unknown as WasmBackend;
  const memory = backendMemory(tf, backend);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const sizesAddress = allocate(backend, CONV_SIZES.length * 4);
  let scratchAddress = 0;
  let scratchBytes = 0;
  const address = (tensor: TensorInfo) => backend.dataIdMap.get(tensor.dataId).memoryOffset;
  const output = (shape: readonly number[], dtype: DataType = 'float32') => backend.makeOutput(shape, dtype);
  return {
    variant,
    run: instance.exports as unknown as KernelExports,
    backend,
    address,
    output,
    zeros(shape) {
      const out = output(shape);
      const from = address(out) >>> 0;
      backend.wasm.HEAPU8.fill(0, from, from + tf.util.sizeFromShape([...shape]) * 4);
      return out;
    },
    scratch(bytes) {
      if (bytes > scratchBytes) {
        if (scratchAddress !== 0) backend.wasm._free(scratchAddress);
        scratchAddress = allocate(backend, bytes);
        scratchBytes = bytes;
      }
      return scratchAddress;
    },
    convSizes(sizes) {
      const values = CONV_SIZES.map((name) => sizes[name]);
      new Int32Array(backend.wasm.HEAPU8.buffer, sizesAddress, values.length).set(values);
      return sizesAddress;
    },
  };
}

/** Addresses above 2 GB come back negative. */
function allocate(backend: WasmBackend, bytes: number): number {
  const address = backend.wasm._malloc(bytes) >>> 0;
  if (address === 0) throw new Error(`out of memory: the wasm heap has no ${bytes} bytes for the kernels`);
  return address;
}

function backendMemory(tf: Tf, backend: WasmBackend): WebAssembly.Memory {
  const differs = (what: string) =>
    new Error(
      `the training kernels need tfjs ${TFJS_VERSION} as it was released; this one (${tf.version_core}) ${what}`,
    );
  if (tf.version_core !== TFJS_VERSION) throw differs('is another version');
  const memory = backend.wasm?.asm?.memory;
  if (!(memory instanceof WebAssembly.Memory)) throw differs('hides its memory');
  if (memory.buffer !== backend.wasm.HEAPU8?.buffer) throw differs('keeps its tensors elsewhere');
  if (!(memory.buffer instanceof ArrayBuffer)) throw differs('runs on threads');
  for (const method of ['makeOutput', 'disposeData', 'incRef', 'refCount'] as const) {
    if (typeof backend[method] !== 'function') throw differs(`has no ${method}`);
  }
  if (typeof backend.dataIdMap?.get !== 'function') throw differs('has no dataIdMap');
  if (typeof backend.wasm._malloc !== 'function' || typeof backend.wasm._free !== 'function')
    throw differs('has no malloc');
  return memory;
}
