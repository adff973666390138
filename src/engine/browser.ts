import * as tf from '@tensorflow/tfjs';
import type { KernelOptions } from './kernel-files.ts';
import type { Engine } from './types.ts';
import { startWasmEngine, type WasmPaths } from './wasm-backend.ts';

/**
 * The training engine of a page or a web worker. `paths`: where the page serves tfjs' own wasm files;
 * `kernelsFolder`: where it serves kernels/build, ending in a slash.
 */
export function loadBrowserEngine(paths: WasmPaths, kernelsFolder: string, options?: KernelOptions): Promise<Engine> {
  return startWasmEngine(tf, paths, (name) => fetchBinary(`${kernelsFolder}${name}.wasm`), options);
}

async function fetchBinary(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`cannot load the training kernels from ${url}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}
