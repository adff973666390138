import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runs } from './debian.ts';

const VERSION = '5.2.5';
const FOLDER = fileURLToPath(new URL(`../node_modules/.cache/moto-${VERSION}/`, import.meta.url));

/** Where the S3 server of the tests, Python's moto, is installed; undefined where it is not. */
export const findMoto = (): string | undefined => (existsSync(join(FOLDER, 'moto', 'server.py')) ? FOLDER : undefined);

/** Finds it, or installs it in a folder of its own where there is pip. */
export function ensureMoto(): string | undefined {
  if (findMoto() !== undefined || !runs('python3', '-m', 'pip')) return findMoto();
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-warn-conflicts',
    '--target',
    FOLDER,
    `moto[server]==${VERSION}`,
  ];
  console.log(`installing the S3 server of the tests: python3 ${args.join(' ')}`);
  try {
    execFileSync('python3', args, { stdio: 'inherit' });
  } catch (error) {
    console.log(`moto could not be installed: ${(error as Error).message}`);
  }
  return findMoto();
}
