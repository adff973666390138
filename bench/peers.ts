import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REQUIREMENTS = fileURLToPath(new URL('peers/requirements.txt', import.meta.url));

/**
 * The Python of a virtual environment with the peers, in the user's cache folder: made on the first call (a few GB to
 * download, most of it what torch brings), and anew when bench/peers/requirements.txt changes.
 */
export function preparePeers(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'ngplus-bench-peers');
  const python = join(folder, 'bin/python');
  const stamp = join(folder, 'requirements.sha256');
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  console.log(`installing the peers of ${REQUIREMENTS} into ${folder}`);
  rmSync(folder, { recursive: true, force: true });
  run('python3', ['-m', 'venv', folder]);
  // Without their own opinions of each other's versions: rejax asks for a gymnax that it does not work with.
  run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '-r', REQUIREMENTS]);
  writeFileSync(stamp, wanted);
  return python;
}

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) throw new Error(`cannot run ${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 4).join(' ')} … ended with ${status}`);
}
