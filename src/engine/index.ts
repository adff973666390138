import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';
import { isMainThread } from 'node:worker_threads';
import type { Rank } from '@tensorflow/tfjs';
import { UserError, unknownValue } from '../core/errors.ts';
import { stockOptimiser } from './adam.ts';
import { createFusedNet } from './fused/net.ts';
import { fusedEngine } from './fused-engine.ts';
import { createThreadedNet } from './fused-threads.ts';
import { improveGradients } from './gradients.ts';
import { type CompiledKernels, compileKernels, type KernelOptions, type ReadKernels } from './kernel-files.ts';
import { BACKENDS, type BackendChoice, type BackendName, type BackendReport, type Engine, type Tf } from './types.ts';

const require = createRequire(import.meta.url);
const readKernels: ReadKernels = (name) => readFile(new URL(`../../kernels/build/${name}.wasm`, import.meta.url));
const TFJS_NODE = '@tensorflow/tfjs-node';
const ADD_TENSORFLOW = 'add it with: npm run setup:native (or: npm install @tensorflow/tfjs-node@4.22.0)';
const MEND_WASM = 'it needs a processor with SIMD and the packages as npm ci installs them';

// TensorFlow reads these from the environment of the process, which only the main thread can change, so it can't wait
// until a worker loads it: no log for its developers, and one thread, the fastest for nets of this size.
if (isMainThread) {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_NUM_INTRAOP_THREADS ??= '1';
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
}

/**
 * Loads tfjs in this thread with a backend to train on. `auto` takes wasm, whose fused path is the fastest
 * (docs/performance.md), else tensorflow where it is installed, else cpu, both with a warning. Throws a UserError where the backend asked
 * for is not there. `plain` concerns wasm alone.
 */
export function loadEngine(choice: BackendChoice = 'auto', { plain = false }: KernelOptions = {}): Promise<Engine> {
  if (latest?.choice === choice && latest.plain === plain) return latest.engine;
  // tfjs has one active backend a thread: two that start at once disturb each other.
  const earlier = latest?.engine.catch(() => undefined);
  const engine = Promise.resolve(earlier).then(() => startEngine(choice, { plain }));
  const entry = { choice, plain, engine };
  latest = entry;
  engine.catch(() => {
    if (latest === entry) latest = null;
  });
  return engine;
}

/** The engine last asked for in this thread. */
let latest: { choice: BackendChoice; plain: boolean; engine: Promise<Engine> } | null = null;

async function startEngine(choice: BackendChoice, options: KernelOptions): Promise<Engine> {
  switch (choice) {
    case 'tensorflow':
      return loadTensorflow();
    case 'wasm':
      return loadWasm(options);
    case 'cpu':
      return loadCpu();
    case 'auto':
      return loadBest(options);
    default:
      throw unknownValue('backend', choice, ['auto', ...BACKENDS]);
  }
}

async function loadBest(options: KernelOptions): Promise<Engine> {
  try {
    return await loadWasm(options);
  } catch (error) {
    warn(messageOf(error));
  }
  if (isInstalled(TFJS_NODE)) {
    try {
      return await loadTensorflow();
    } catch (error) {
      warn(messageOf(error));
    }
  }
  warn('using cpu, which is some hundred times slower');
  return loadCpu();
}

/** What a choice comes to on this machine; for wasm found out without loading tfjs. */
export async function resolveBackend(
  choice: BackendChoice = 'auto',
): Promise<{ backend: BackendName; kernels: string }> {
  if ((choice === 'wasm' || choice === 'auto') && (await hasSimd())) {
    const { variant } = await compileKernels(readKernels);
    return { backend: 'wasm', kernels: variant };
  }
  const { backend, kernels } = await loadEngine(choice);
  return { backend, kernels };
}

const hasSimd = async (): Promise<boolean> => WebAssembly.validate(await readKernels('simd'));

/**
 * The wasm engine for those who train on its fused path alone: tfjs, which takes half a second to load, is left out,
 * and whoever asks for it gets an error.
 */
export async function loadFusedEngine(): Promise<Engine> {
  const kernels = await compileKernels(readKernels);
  return fusedEngine(kernels.variant, await loadFused(kernels));
}

async function loadTensorflow(): Promise<Engine> {
  if (!isInstalled(TFJS_NODE)) throw new UserError(`backend "tensorflow" is not installed; ${ADD_TENSORFLOW}`);
  await loadTf();
  // Node 22 warns of this function, and Node 23 removed it; tfjs-node calls it.
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined = (value) => value === null || value === undefined;
  let tf: Tf;
  try {
    tf = (await import(TFJS_NODE)) as Tf;
  } catch (error) {
    throw new UserError(`backend "tensorflow" does not load (${messageOf(error)}); ${ADD_TENSORFLOW}`, {
      cause: error,
    });
  }
  return { ...(await stockEngine(tf, 'tensorflow')), fused: await loadFused(await compileKernels(readKernels)) };
}

async function loadWasm(options: KernelOptions): Promise<Engine> {
  const tf = await loadTf();
  const folder = path.join(
    path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')),
    'dist',
    path.sep,
  );
  try {
    const { startWasmEngine } = await import('./wasm-backend.ts');
    const engine = await keepingProcessListeners(() => startWasmEngine(tf, folder, readKernels, options));
    return { ...engine, fused: await loadFused(await compileKernels(readKernels, options), options) };
  } catch (error) {
    throw new UserError(`backend "wasm" does not start (${messageOf(error)}); ${MEND_WASM}`, { cause: error });
  }
}

/** The fused path: in this thread alone, or on several. */
async function loadFused(
  { module }: CompiledKernels,
  options: KernelOptions = {},
): Promise<NonNullable<Engine['fused']>> {
  const shared = await compileKernels(readKernels, { ...options, shared: true });
  return (size) => (size.lanes === 1 ? createFusedNet(module, size) : createThreadedNet(shared.module, size));
}

async function loadCpu(): Promise<Engine> {
  return stockEngine(await loadTf(), 'cpu');
}

/** What is known of each backend, in the order in which `auto` prefers them. */
const ABOUT: Record<BackendName, { packageName: string; simd: boolean; detail: string }> = {
  wasm: {
    packageName: '@tensorflow/tfjs-backend-wasm',
    simd: true,
    detail: 'WebAssembly with training kernels of its own: fast, and the same on every platform',
  },
  tensorflow: { packageName: TFJS_NODE, simd: true, detail: 'TensorFlow itself, by tfjs-node' },
  cpu: { packageName: '@tensorflow/tfjs', simd: false, detail: 'plain JavaScript, some hundred times slower' },
};

/**
 * Tries each backend with a training step, so that what is called available has worked here and now. Leaves the one
 * that `auto` takes active.
 */
export async function describeBackends(): Promise<BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const name of BACKENDS) {
    const chosen = reports.every(({ available }) => !available);
    reports.push(await describeBackend(name, chosen));
  }
  await loadEngine(reports.find(({ chosen }) => chosen)?.name ?? 'cpu');
  return reports;
}

async function describeBackend(name: BackendName, chosen: boolean): Promise<BackendReport> {
  const { packageName, simd, detail } = ABOUT[name];
  const version = `${packageName} ${installedVersion(packageName) ?? '4.22.0 (not installed)'}`;
  try {
    const engine = await loadEngine(name);
    tryStep(engine);
    return { name, available: true, chosen, version, simd, kernels: engine.kernels, detail };
  } catch (error) {
    return { name, available: false, chosen: false, version, simd: false, kernels: 'none', detail: messageOf(error) };
  }
}

/** Fits one weight to one sample through a convolution: what an engine must do at the least. */
function tryStep({ tf, adam }: Engine): void {
  const variable = (value: number) => tf.tidy(() => tf.variable(tf.tensor4d([value], [1, 1, 1, 1])));
  const [kernel, m, v] = [variable(1), variable(0), variable(0)];
  const obs = tf.ones<Rank.R4>([1, 2, 2, 1]);
  const { value, grads } = tf.variableGrads(() => tf.sum(tf.conv2d(obs, kernel, 1, 'valid')), [kernel]);
  const options = { learningRate: 0.5, beta1: 0.9, beta2: 0.999, epsilon: 1e-5, step: 1, gradScale: 1 };
  adam(kernel, grads[kernel.name], m, v, options);
  const [fitted] = kernel.dataSync();
  tf.dispose([kernel, m, v, obs, value, grads]);
  if (Math.abs(fitted - 0.5) > 1e-4) throw new Error(`a training step gave ${fitted} instead of 0.5`);
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

function installedVersion(name: string): string | undefined {
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
}

const isInstalled = (name: string): boolean => installedVersion(name) !== undefined;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0];

const warn = (message: string): void => console.warn(`ngplus: ${message}`);
