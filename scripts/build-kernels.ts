// Builds kernels/*.ts into kernels/build/*.wasm, one file a variant; with --check it writes nothing and fails if a file
// there is not what the sources give. What comes out depends on the sources and the compiler's version alone.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUTPUT = path.join(ROOT, 'kernels/build');
const COMPILER = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'));
// 112 warns that functions which take SIMD values could not be called from JavaScript; they are not.
const FLAGS = (
  'kernels/index.ts --enable simd -O3 --converge --noAssert ' +
  '--runtime stub --importMemory --noExportMemory --disableWarning 112'
).split(' ');
const RELAXED = ['--enable', 'relaxed-simd'];
// 65536 pages are all that 32-bit addresses reach.
const SHARED = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];
/** Further flags of each variant: with fused multiply-add or without, over a memory of one thread or of several. */
const VARIANTS = {
  simd: [],
  relaxed: RELAXED,
  'simd-shared': SHARED,
  'relaxed-shared': [...RELAXED, ...SHARED],
};
const DATA_SECTION = 11;

async function compile(flags: readonly string[]): Promise<Uint8Array> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kernels-'));
  try {
    const file = path.join(folder, 'kernels.wasm');
    // A process of its own: under tsx the compiler's 13 MB of JavaScript would all be transpiled first.
    await promisify(execFile)(process.execPath, [COMPILER, ...FLAGS, ...flags, '--outFile', file], { cwd: ROOT });
    const binary = await readFile(file);
    requireNoMemoryOfItsOwn(binary);
    return binary;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The module lives in the memory of tfjs: whatever it placed there itself would overwrite tensors. */
function requireNoMemoryOfItsOwn(binary: Uint8Array): void {
  // A runtime without relaxed SIMD can't look into that variant; its sources are those of the others.
  if (WebAssembly.validate(binary as BufferSource)) requireMemoryAlone(new WebAssembly.Module(binary as BufferSource));
  if (sectionIds(binary).includes(DATA_SECTION))
    throw new Error('the kernels have static data; compute it or pass it in');
}

function requireMemoryAlone(module: WebAssembly.Module): void {
  const imports = WebAssembly.Module.imports(module).map(({ module: from, name }) => `${from}.${name}`);
  if (imports.join() !== 'env.memory')
    throw new Error(`the kernels may import env.memory only, not ${imports.join(', ')}`);
}

function sectionIds(binary: Uint8Array): number[] {
  const ids: number[] = [];
  let at = 8;
  while (at < binary.length) {
    ids.push(binary[at++]);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[at++];
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    at += size;
  }
  return ids;
}

async function build([variant, flags]: [name: string, flags: readonly string[]]): Promise<void> {
  const name = `kernels/build/${variant}.wasm`;
  const file = path.join(ROOT, name);
  const built = await compile(flags);
  if (!process.argv.includes('--check')) {
    await writeFile(file, built);
    console.log(`wrote ${name} (${built.length} bytes)`);
  } else if (Buffer.compare(await readFile(file), built) === 0) {
    console.log(`${name} matches its sources (${built.length} bytes)`);
  } else {
    console.error(`${name} is not what kernels/ gives; run: npm run kernels`);
    process.exitCode = 1;
  }
}

await mkdir(OUTPUT, { recursive: true });
await Promise.all(Object.entries(VARIANTS).map(build));
