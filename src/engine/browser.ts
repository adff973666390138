import * as tf from '@tensorflow/tfjs';
import { createFusedNet } from './fused/net.ts';
import { compileKernels, type KernelOptions, type ReadKernels } from './kernel-files.ts';
import type { Engine } from './types.ts';
import { startWasmEngine, type WasmPaths } from './wasm-backend.ts';

/**
 * The training engine of a page or a web worker. `paths`: where the page serves tfjs' own wasm files;
 * `kernelsUrl`: where it serves the files of kernels/build, with a slash at its end.
 */
export async function loadBrowserEngine(
  paths: WasmPaths,
  kernelsUrl: string | URL,
  options?: KernelOptions,
): Promise<Engine> {
  const folder = new URL(kernelsUrl, location.href);
  const read: ReadKernels = (name) => fetchBinary(new URL(`${name}.wasm`, folder));
  const engine = await startWasmEngine(tf, paths, read, options);
  const { module } = await compileKernels(read, options);
  return { ...engine, fused: (size) => createFusedNet(module, { ...size, lanes: 1 }) };
}

async function fetchBinary(url: URL): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`cannot load the training kernels from ${url}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}
