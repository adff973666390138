import * as tf from '@tensorflow/tfjs';
import type { Engine } from './types.ts';
import { startWasmEngine, type WasmPaths } from './wasm-backend.ts';

/**
 * The training engine of a page or a web worker. `paths`: where the page serves tfjs' own wasm files;
 * `kernelsUrl`: where it serves kernels/build/simd.wasm.
 */
export function loadBrowserEngine(paths: WasmPaths, kernelsUrl: string | URL): Promise<Engine> {
  return startWasmEngine(tf, paths, () => fetchBinary(kernelsUrl));
}

async function fetchBinary(url: string | URL): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`cannot load the training kernels from ${url}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}
