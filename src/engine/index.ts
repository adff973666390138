import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';
import { UserError, unknownValue } from '../core/errors.ts';
import { stockOptimiser } from './adam.ts';
import { improveGradients } from './gradients.ts';
import { BACKENDS, type BackendChoice, type BackendName, type Engine, type Tf } from './types.ts';
import { startWasmEngine } from './wasm-backend.ts';

export { BACKENDS, type BackendChoice, type BackendName, type Engine } from './types.ts';

const require = createRequire(import.meta.url);
const KERNELS = new URL('../../kernels/build/ngplus-kernels.wasm', import.meta.url);
const TFJS_NODE = '@tensorflow/tfjs-node';
const ADD_TENSORFLOW = 'add it with: npm run setup:native (or: npm install @tensorflow/tfjs-node@4.22.0)';

/**
 * Loads tfjs in this thread with a backend to train on. `auto` takes tensorflow where it is installed, else wasm,
 * else cpu with a warning. Throws a UserError where the backend asked for is not there.
 */
export async function loadEngine(choice: BackendChoice = 'auto'): Promise<Engine> {
  switch (choice) {
    case 'tensorflow':
      return loadTensorflow();
    case 'wasm':
      return loadWasm();
    case 'cpu':
      return loadCpu();
    case 'auto':
      return loadBest();
    default:
      throw unknownValue('backend', choice, ['auto', ...BACKENDS]);
  }
}

async function loadBest(): Promise<Engine> {
  if (isInstalled(TFJS_NODE)) {
    try {
      return await loadTensorflow();
    } catch (error) {
      warn(`${messageOf(error)}; using wasm`);
    }
  }
  try {
    return await loadWasm();
  } catch (error) {
    warn(`the wasm backend does not start (${messageOf(error)}); using cpu, which is some hundred times slower`);
    return loadCpu();
  }
}

async function loadTensorflow(): Promise<Engine> {
  if (!isInstalled(TFJS_NODE)) throw new UserError(`backend "tensorflow" is not installed; ${ADD_TENSORFLOW}`);
  await loadTf();
  // Its own log is for its developers, and one thread is the fastest for nets of this size.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_NUM_INTRAOP_THREADS ??= '1';
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
  // Node 23 removed this function, which tfjs-node calls.
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  let tf: Tf;
  try {
    tf = (await import(TFJS_NODE)) as Tf;
  } catch (error) {
    throw new UserError(`backend "tensorflow" is installed but does not load (${messageOf(error)}); ${ADD_TENSORFLOW}`);
  }
  return stockEngine(tf, 'tensorflow');
}

async function loadWasm(): Promise<Engine> {
  const tf = await loadTf();
  const folder = path.join(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist', path.sep);
  return keepingProcessListeners(() => startWasmEngine(tf, folder, () => readFile(KERNELS)));
}

async function loadCpu(): Promise<Engine> {
  return stockEngine(await loadTf(), 'cpu');
}

async function stockEngine(tf: Tf, backend: BackendName): Promise<Engine> {
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs could not start its ${backend} backend`);
  improveGradients(tf);
  return { tf, backend, kernels: 'stock', ...stockOptimiser(tf) };
}

/** The union package: tfjs-core alone lacks the gradients under Node's modules. */
async function loadTf(): Promise<Tf> {
  const tf = await import('@tensorflow/tfjs');
  // Silences its advice to install tfjs-node and its notes on backends that are registered twice; nothing else.
  tf.env().set('PROD', true);
  return tf;
}

/**
 * tfjs' wasm loader hooks uncaught errors and rejections of the whole process, which hides their stacks and changes
 * the exit code. Both stay as they were.
 */
async function keepingProcessListeners<T>(load: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as 'exit')));
  try {
    return await load();
  } finally {
    events.forEach((event, i) => {
      for (const listener of process.listeners(event as 'exit')) {
        if (!before[i].has(listener)) process.removeListener(event, listener);
      }
    });
  }
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0];

const warn = (message: string): void => console.warn(`ngplus: ${message}`);
