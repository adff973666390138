import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** The simplest host there is: files of `folder` below `path` (`/some/path/`), with no header but their type. */
export async function serveStatic(folder: string, path: string): Promise<{ url: string; server: Server }> {
  const server = createServer(async ({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://host');
    const name = normalize(pathname.slice(path.length) || 'index.html');
    const body = pathname.startsWith(path) && (await readFile(join(folder, name)).catch(() => null));
    if (!body) response.writeHead(404).end();
    else response.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, server };
}
