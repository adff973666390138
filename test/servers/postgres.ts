import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgres } from '../../scripts/servers.ts';
import { end, freePort, type Server, startServer } from './process.ts';

/** A PostgreSQL server of its own with an empty database. */
export async function startPostgres(): Promise<Server> {
  const programs = findPostgres() as string;
  const folder = mkdtempSync(join(tmpdir(), 'ngplus-postgres-'));
  // It does not run as root; its package comes with a user for it.
  const isRoot = process.getuid?.() === 0;
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const owner = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (isRoot) chownSync(folder, idOf('-u'), idOf('-g'));
  const cluster = join(folder, 'cluster');
  const init = ['-D', cluster, '-U', 'ngplus', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
  execFileSync(join(programs, 'initdb'), init, { ...owner, cwd: folder, stdio: 'pipe' });
  const port = await freePort();
  const args = ['-D', cluster, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-F'];
  const child = await startServer(join(programs, 'postgres'), args, /ready to accept connections/, {
    ...owner,
    cwd: folder,
  });
  return {
    url: `postgres://ngplus@127.0.0.1:${port}/postgres`,
    async stop() {
      // Without waiting for its clients.
      await end(child, 'SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
