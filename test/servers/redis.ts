import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { end, freePort, type Server, startServer } from './process.ts';

/** A Redis server of its own that keeps nothing. */
export async function startRedis(at?: number): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'ngplus-redis-'));
  const port = at ?? (await freePort());
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const child = await startServer('redis-server', args, /Ready to accept connections/);
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
