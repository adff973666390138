import type * as tfjs from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { wasmOptimiser } from './adam.ts';
import { improveGradients } from './gradients.ts';
import { compileKernels, type KernelOptions, type ReadKernels } from './kernel-files.ts';
import type { Engine, Tf } from './types.ts';
import { installKernels } from './wasm-kernels.ts';
import type { KernelModule } from './wasm-module.ts';

/** Where tfjs finds its own wasm binaries: a folder that ends in a slash, or an address for each file. */
export type WasmPaths = Parameters<typeof setWasmPaths>[0];

/** The kernels of a backend, once they are there: they can be registered only once. */
const installed = new WeakMap<object, KernelModule>();

/**
 * Makes wasm the active backend of this thread, with the training kernels. Free of Node modules: the page and the
 * Node loader hand in where the binaries are. Not to be called again before it has answered. A thread keeps the variant
 * of the kernels that it loaded first; throws if the plain one is asked for later.
 */
export async function startWasmEngine(
  tf: Tf,
  paths: WasmPaths,
  read: ReadKernels,
  { plain = false }: KernelOptions = {},
): Promise<Engine> {
  if (tf.findBackend('wasm') === null) {
    // tfjs takes its threaded build in pages that allow it; the kernels are written for plain memory.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    setWasmPaths(paths);
  }
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs could not start its wasm backend');
  const module = installed.get(tf.backend()) ?? (await installKernels(tf, await compileKernels(read, { plain })));
  if (plain && module.variant !== 'ngplus-simd@2') throw new Error(`this thread runs the kernels ${module.variant}`);
  if (!installed.has(tf.backend())) saveByReference(tf);
  installed.set(tf.backend(), module);
  improveGradients(tf);
  return { tf, backend: 'wasm', kernels: module.variant, ...wasmOptimiser(tf, module) };
}

interface Saver {
  readonly backendName: string;
  saveTensorsForBackwardMode(tensors: tfjs.Tensor[]): tfjs.Tensor[];
  makeTensorFromTensorInfo(info: tfjs.TensorInfo): tfjs.Tensor;
  keep(tensor: tfjs.Tensor): tfjs.Tensor;
}

/** tfjs saves a tensor for its gradient by a whole Identity op; counting one reference more is the same, and cheaper. */
function saveByReference(tf: Tf): void {
  const engine = tf.engine() as unknown as Saver;
  const stock = engine.saveTensorsForBackwardMode.bind(engine);
  engine.saveTensorsForBackwardMode = (tensors) => {
    if (engine.backendName !== 'wasm' || tensors.some(({ dtype }) => dtype === 'complex64')) return stock(tensors);
    const backend = tf.backend() as tfjs.KernelBackend;
    return tensors.map(({ dataId, shape, dtype }) => {
      backend.incRef(dataId);
      return engine.keep(engine.makeTensorFromTensorInfo({ dataId, shape, dtype }));
    });
  };
}
