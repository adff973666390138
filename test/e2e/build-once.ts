import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lockFolder } from '../../src/runs/lock.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const SOURCES = [
  'src',
  'web/src',
  'web/index.html',
  'web/style.css',
  'web/share',
  'package.json',
  'tsconfig.build.json',
  'vite.config.ts',
  'vite.share.config.ts',
];
const BUILT = ['dist/cli/main.js', 'web/dist/index.html', 'web/share/dist/share.js'];
/** Sources that change faster than they are built have somebody at work on them. */
const ROUNDS = 3;

/** Builds the package where a source is newer than what was built: one test process builds, the others wait for it. */
export async function buildOnce(): Promise<void> {
  for (let round = 0; round < ROUNDS && isStale();) {
    const lock = await lockFolder(join(ROOT, 'dist')).catch(() => null);
    if (lock === null) {
      await sleep(500);
      continue;
    }
    try {
      if (isStale()) execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: 'pipe' });
    } finally {
      lock.release();
    }
    round++;
  }
}

const isStale = (): boolean => Math.max(...SOURCES.map(newest)) > Math.min(...BUILT.map(newest));

/** Time of the newest file there, in ms; 0 where there is nothing. */
function newest(path: string): number {
  const file = join(ROOT, path);
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined || status.isFile()) return status?.mtimeMs ?? 0;
  const names = readdirSync(file).filter((name) => name !== 'dist');
  return Math.max(0, ...names.map((name) => newest(join(path, name))));
}
