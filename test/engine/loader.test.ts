import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { describeBackends, loadEngine } from '../../src/engine/index.ts';
import { compileKernels } from '../../src/engine/kernel-files.ts';
import { attachKernels } from '../../src/engine/wasm-module.ts';

const BUILT = new URL('../../kernels/build/', import.meta.url);
/** Relaxed SIMD where this runtime has it: from Node 22 on. */
const variantHere = async (): Promise<string> =>
  WebAssembly.validate(await readFile(new URL('relaxed.wasm', BUILT))) ? 'ngplus-relaxed@2' : 'ngplus-simd@2';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const script = (code: string) =>
  run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { cwd: ROOT });

describe('loadEngine', () => {
  test('refuses what is no backend, and names those there are', async () => {
    const wrong = loadEngine('wasn' as 'wasm');
    await expect(wrong).rejects.toThrow(UserError);
    await expect(wrong).rejects.toThrow(
      'unknown backend "wasn" (did you mean "wasm"?); valid: auto, wasm, tensorflow, cpu',
    );
  });

  test('takes the best there is, and says which', async () => {
    const engine = await loadEngine('auto');
    const chosen = (await describeBackends()).find((report) => report.chosen);
    expect(engine.backend).toBe(chosen?.name);
    expect(engine.tf.getBackend()).toBe(chosen?.name);
  });

  test('gives the same kernels again', async () => {
    const [first, second] = [await loadEngine('wasm'), await loadEngine('wasm')];
    expect(second.tf).toBe(first.tf);
    expect(second.kernels).toBe(await variantHere());
  });

  test('prints nothing, and leaves the fate of uncaught errors to the program', async () => {
    const load = `const { loadEngine } = await import('./src/engine/index.ts'); const { tf } = await loadEngine('wasm');`;
    const cpu = `await loadEngine('cpu'); tf.zeros([2]).dataSync();`;
    const quiet = await script(
      `${load} ${cpu} process.stdout.write(String(process.listenerCount('uncaughtException')));`,
    );
    expect(quiet).toEqual({ stdout: '0', stderr: '' });
    const failing = script(`${load} setTimeout(() => { throw new Error('mine'); });`);
    await expect(failing).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/Error: mine\n\s+at /) });
  });

  test('works in worker threads, alike in each', async () => {
    const code = `
      const { register } = await import('tsx/esm/api');
      register();
      const { loadEngine } = await import('${ROOT}src/engine/index.ts');
      const { referenceNet, makeBatch } = await import('${ROOT}bench/reference-net.ts');
      const engine = await loadEngine('wasm');
      require('node:worker_threads').parentPort.postMessage(referenceNet(engine).update(makeBatch(engine.tf, 8)));`;
    const workers = [1, 2].map(() => new Worker(`(async () => {${code}})()`, { eval: true }));
    const [[first], [second]] = await Promise.all(workers.map((worker) => once(worker, 'message')));
    expect(first).toBeLessThan(1);
    expect(second).toBe(first);
  });
});

test('describeBackends tries each and names what is missing', async () => {
  const reports = await describeBackends();
  expect(reports.map(({ name }) => name)).toEqual(['wasm', 'tensorflow', 'cpu']);
  expect(reports.filter(({ chosen }) => chosen)).toHaveLength(1);
  expect(reports[0]).toMatchObject({ available: true, simd: true, kernels: await variantHere() });
  expect(reports[0].version).toBe('@tensorflow/tfjs-backend-wasm 4.22.0');
  expect(reports[2]).toMatchObject({ available: true, simd: false, kernels: 'stock' });
  if (!reports[1].available) expect(reports[1].detail).toContain('npm run setup:native');
});

test('the kernels refuse a tfjs that is built otherwise', async () => {
  const { tf } = await loadEngine('wasm');
  const kernels = await compileKernels((name) => readFile(new URL(`${name}.wasm`, BUILT)));
  const altered = (changes: object) => attachKernels(Object.assign(Object.create(tf), changes), kernels);
  const built = (wasm: object) => altered({ backend: () => ({ wasm }) });
  await expect(altered({ version_core: '4.99.0' })).rejects.toThrow('this one (4.99.0) is another version');
  await expect(built({ asm: {} })).rejects.toThrow('hides its memory');
  const memory = new WebAssembly.Memory({ initial: 1 });
  await expect(built({ asm: { memory }, HEAPU8: new Uint8Array(8) })).rejects.toThrow('keeps its tensors elsewhere');
  await expect(built({ asm: { memory }, HEAPU8: new Uint8Array(memory.buffer) })).rejects.toThrow('has no makeOutput');
});
