// Builds kernels/*.ts into kernels/build/ngplus-kernels.wasm; with --check it writes nothing and fails if the file
// there is not what the sources give. What comes out depends on the sources and the compiler's version alone.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUTPUT = path.join(ROOT, 'kernels/build/ngplus-kernels.wasm');
const COMPILER = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'));
// 112 warns that functions which take SIMD values could not be called from JavaScript; they are not.
const FLAGS = (
  'kernels/index.ts --enable simd -O3 --converge --noAssert ' +
  '--runtime stub --importMemory --noExportMemory --disableWarning 112'
).split(' ');
const DATA_SECTION = 11;

async function compile(): Promise<Uint8Array> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kernels-'));
  try {
    const file = path.join(folder, 'kernels.wasm');
    // A process of its own: under tsx the compiler's 13 MB of JavaScript would all be transpiled first.
    await promisify(execFile)(process.execPath, [COMPILER, ...FLAGS, '--outFile', file], { cwd: ROOT });
    const binary = await readFile(file);
    requireNoMemoryOfItsOwn(binary);
    return binary;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The module lives in the memory of tfjs: whatever it placed there itself would overwrite tensors. */
function requireNoMemoryOfItsOwn(binary: Uint8Array): void {
  const module = new WebAssembly.Module(binary as BufferSource);
  const imports = WebAssembly.Module.imports(module).map(({ module: from, name }) => `${from}.${name}`);
  if (imports.join() !== 'env.memory')
    throw new Error(`the kernels may import env.memory only, not ${imports.join(', ')}`);
  if (sectionIds(binary).includes(DATA_SECTION))
    throw new Error('the kernels have static data; compute it or pass it in');
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

const built = await compile();
if (process.argv.includes('--check')) {
  const committed = await readFile(OUTPUT);
  if (!committed.equals(built)) {
    console.error('kernels/build/ngplus-kernels.wasm is not what kernels/ gives; run: npm run kernels');
    process.exitCode = 1;
  } else {
    console.log(`kernels/build/ngplus-kernels.wasm matches its sources (${built.length} bytes)`);
  }
} else {
  await mkdir(path.dirname(OUTPUT), { recursive: true });
  await writeFile(OUTPUT, built);
  console.log(`wrote kernels/build/ngplus-kernels.wasm (${built.length} bytes)`);
}
