import { createFusedNet } from './fused/net.ts';
import { compileKernels, type KernelOptions, type KernelVariant, type ReadKernels } from './kernel-files.ts';
import type { Engine } from './types.ts';

/** The wasm engine for those who train on its fused path alone, without tfjs: whoever asks for that gets an error. */
export function fusedEngine(kernels: KernelVariant, fused: NonNullable<Engine['fused']>): Engine {
  const without = (): never => {
    throw new Error('this engine was loaded without tfjs, for nets that the fused path covers');
  };
  return {
    get tf() {
      return without();
    },
    backend: 'wasm',
    kernels,
    adam: without,
    globalNorm: without,
    fused,
  };
}

/** The same for a page or a web worker: on one thread, without SharedArrayBuffer. `read` fetches the kernels' files. */
export async function loadFusedAlone(read: ReadKernels, options?: KernelOptions): Promise<Engine> {
  const { variant, module } = await compileKernels(read, options);
  return fusedEngine(variant, (size) => createFusedNet(module, { ...size, lanes: 1 }));
}
