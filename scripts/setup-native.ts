// Adds the tensorflow backend: `npm run setup:native`. Installs @tensorflow/tfjs-node; where its own script could not
// fetch libtensorflow (closed networks, npm without install scripts), takes that from PyPI's tensorflow-cpu and builds
// the package's binding against it. The build needs Linux on x64, python3 with pip, g++ and make, and about a minute.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGE = path.join(ROOT, 'node_modules/@tensorflow/tfjs-node');
const TFJS_NODE = '@tensorflow/tfjs-node@4.22.0';
// The smallest wheel whose C interface tfjs-node 4.22 can use: 187 MB to download, 415 MB on disk.
const TENSORFLOW = 'tensorflow-cpu==2.13.1';
const WHEEL_PLATFORM = ['--python-version', '3.11', '--platform', 'manylinux2014_x86_64', '--only-binary', ':all:'];
// The highest version that the package's binding is written for.
const NAPI_VERSION = '8';

// Shared libraries, and the headers that the binding includes.
const EXTRACT = `
import sys, zipfile
wheel, folder = sys.argv[1:]
wanted = ('tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/core/platform/',
          'tensorflow/include/tensorflow/tsl/', 'tensorflow/include/tsl/', 'tensorflow/include/xla/tsl/',
          'tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2')
with zipfile.ZipFile(wheel) as z:
    z.extractall(folder, [name for name in z.namelist() if name.startswith(wanted)])
`;

function run(command: string, args: string[], cwd = ROOT): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (error !== undefined) throw new Error(`cannot run ${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 3).join(' ')} … ended with ${status}`);
}

function output(command: string, args: string[]): string {
  const { stdout } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  return (stdout ?? '').trim();
}

/** Whether a fresh process loads the backend and trains a step on it. */
function works(): boolean {
  const code = `
    const { describeBackends } = await import('./src/engine/index.ts');
    const { available, detail } = (await describeBackends()).find(({ name }) => name === 'tensorflow');
    if (!available) throw new Error(detail);`;
  const check = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { cwd: ROOT });
  return check.status === 0;
}

async function buildFromWheel(): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `libtensorflow could not be fetched, and building it in needs linux x64, not ${process.platform} ${process.arch}`,
    );
  }
  const deps = path.join(PACKAGE, 'deps');
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'libtensorflow-'));
  try {
    run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', ...WHEEL_PLATFORM, '-d', scratch, TENSORFLOW]);
    const wheel = (await readdir(scratch)).find((name) => name.endsWith('.whl'));
    run('python3', ['-c', EXTRACT, path.join(scratch, wheel!), PACKAGE]);
  } finally {
    await rm(scratch, { recursive: true });
  }
  const extracted = path.join(PACKAGE, 'tensorflow');
  await rm(deps, { recursive: true, force: true });
  await mkdir(path.join(deps, 'lib'), { recursive: true });
  await rename(path.join(extracted, 'include'), path.join(deps, 'include'));
  for (const [library, linkedAs] of [
    ['libtensorflow_cc.so.2', 'libtensorflow.so'],
    ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
  ]) {
    await rename(path.join(extracted, library), path.join(deps, 'lib', library));
    await symlink(library, path.join(deps, 'lib', linkedAs));
  }
  await rm(extracted, { recursive: true });
  buildBinding();
}

/** With the node-gyp that npm brings, against the headers of this Node where they are installed. */
function buildBinding(): void {
  const nodeGyp = path.join(output('npm', ['root', '-g']), 'npm/node_modules/node-gyp/bin/node-gyp.js');
  const prefixes = [path.dirname(path.dirname(process.execPath)), '/usr/local', '/usr'];
  const headers = prefixes.find((prefix) => existsSync(path.join(prefix, 'include/node/node_api.h')));
  const folder = path.join(PACKAGE, `lib/napi-v${NAPI_VERSION}`);
  const options = {
    ...(headers === undefined ? {} : { nodedir: headers }),
    module_name: 'tfjs_binding',
    module_path: folder,
    module: path.join(folder, 'tfjs_binding.node'),
    napi_version: process.versions.napi,
    napi_build_version: NAPI_VERSION,
    node_abi_napi: 'napi',
  };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  run(process.execPath, [nodeGyp, 'rebuild', ...flags], PACKAGE);
}

/**
 * Installs the package beside the others. npm would not keep it here, where it is an optional peer, so it is installed
 * elsewhere with all it needs inside, except for tfjs, which it is to share with us.
 */
async function installPackage(): Promise<void> {
  const scratch = await mkdtemp(path.join(ROOT, 'node_modules/.setup-native-'));
  try {
    const options = ['--prefix', scratch, '--no-audit', '--no-fund', '--ignore-scripts', '--install-strategy=nested'];
    run('npm', ['install', ...options, TFJS_NODE]);
    const installed = path.join(scratch, 'node_modules/@tensorflow/tfjs-node');
    await rm(path.join(installed, 'node_modules/@tensorflow'), { recursive: true, force: true });
    await rm(PACKAGE, { recursive: true, force: true });
    await rename(installed, PACKAGE);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

if (!works()) {
  console.log(`installing ${TFJS_NODE}`);
  await installPackage();
  // Its own script fetches libtensorflow where the network allows it.
  spawnSync('npm', ['run', 'install'], { cwd: PACKAGE, stdio: 'ignore' });
  if (!works()) {
    console.log(`its libtensorflow could not be fetched: building with that of ${TENSORFLOW}`);
    await buildFromWheel();
  }
  if (!works()) throw new Error('the tensorflow backend is built but does not load; see: npx ngplus doctor');
}
console.log('the tensorflow backend works: --backend tensorflow (npm ci removes it again)');
