import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Is this a run of continuous integration (CI=1 or CI=true), where what is missing is a failure, not a reason to skip? */
export const isCi = (): boolean => ['1', 'true'].includes(process.env.CI ?? '');

/** Installs Debian packages where that is allowed; says what it does, and where it fails why. */
export function installDebian(...packages: string[]): void {
  if (!mayInstall()) return;
  console.log(`installing what the tests need: apt-get update && apt-get install -y ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    execFileSync('apt-get', ['update', '-q'], { stdio: 'inherit', env });
    execFileSync('apt-get', ['install', '-y', '-q', ...packages], { stdio: 'inherit', env });
  } catch (error) {
    console.log(`${packages.join(', ')} could not be installed: ${(error as Error).message}`);
  }
}

/** Root on Debian or a system made from it. */
function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && runs('apt-get');
}

/** Does a command answer to `--version`? */
export const runs = (command: string, ...args: string[]): boolean =>
  spawnSync(command, [...args, '--version'], { stdio: 'ignore' }).status === 0;
