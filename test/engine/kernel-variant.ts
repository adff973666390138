import { readFile } from 'node:fs/promises';
import v8 from 'node:v8';
import { type CompiledKernels, compileKernels } from '../../src/engine/kernel-files.ts';

const BUILT = new URL('../../kernels/build/', import.meta.url);

/** The kernels in a variant. Node 20 has relaxed SIMD behind a switch: it is turned on in the process that asks for it. */
export async function kernelVariant(variant: 'relaxed' | 'simd', shared = false): Promise<CompiledKernels> {
  if (variant === 'relaxed' && Number(process.versions.node.split('.')[0]) < 22) {
    v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
  }
  return compileKernels((name) => readFile(new URL(`${name}.wasm`, BUILT)), { plain: variant === 'simd', shared });
}
