import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installDebian, runs } from './debian.ts';

const DEBIAN = '/usr/lib/postgresql';

export const findRedis = (): boolean => runs('redis-server');

/** Where Debian keeps PostgreSQL's programs, which are not on the path; undefined where there are none. */
export function findPostgres(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined;
  const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(DEBIAN, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')));
}

/** Finds the servers that queues are tested with, or installs Debian's where that is allowed. */
export function ensureServers(): void {
  const missing = [...(findRedis() ? [] : ['redis-server']), ...(findPostgres() ? [] : ['postgresql'])];
  if (missing.length > 0) installDebian(...missing);
}
