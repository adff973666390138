import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built page, from `src/live` and from `dist/live` alike. */
export const PAGE_FOLDER = fileURLToPath(new URL('../../web/dist', import.meta.url));

const CONTENT_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** The page asks nobody but this server for anything. ECharts and Phaser set inline styles. */
const PAGE_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A report is one file that needs nothing else. */
const REPORT_POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";

const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const NOT_BUILT =
  '<!doctype html><meta charset="utf-8"><title>New Game+</title><p>The viewer is not built: run <code>npm run build</code>, then reload.</p>';

/** The files of a folder by the path they are asked for: what is not listed here is not served, whatever the path says. */
export async function listFiles(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry): [string, string] => {
      const file = join(entry.parentPath, entry.name);
      return [file.slice(folder.length).replaceAll('\\', '/'), file];
    });
  const index = files.find(([path]) => path === '/index.html');
  return new Map(index === undefined ? files : [...files, ['/', index[1]]]);
}

/** Answers a request from these files; `report` is the path of the report file, served as `/report`. */
export async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, string>,
  report: string | undefined,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'only GET');
  const path = (request.url ?? '/').split('?', 1)[0];
  const isReport = path === '/report' && report !== undefined;
  const file = isReport ? report : files.get(path);
  if (file === undefined) {
    if (path === '/') return send(request, response, 503, CONTENT_TYPES['.html'], PAGE_POLICY, NOT_BUILT);
    return refuse(response, 404, 'not found');
  }
  const body = await readFile(file).catch(() => null);
  if (body === null) return refuse(response, 404, 'not found');
  const type = CONTENT_TYPES[extname(file)] ?? 'application/octet-stream';
  // Built assets carry a hash of their content in their name.
  response.setHeader('Cache-Control', path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
  send(request, response, 200, type, isReport ? REPORT_POLICY : PAGE_POLICY, body);
}

/** Answers with plain data; a page that asks again is sent only what has changed since (RFC 9110, 13.1.2). */
export function sendJson(request: IncomingMessage, response: ServerResponse, value: object | null): void {
  const { body, tag } = written(value);
  // Browsers may keep it, and ask with this tag each time before they use it; nobody between keeps it.
  const headers = { ...HEADERS, 'Cache-Control': 'private, no-cache', ETag: tag };
  if (hasTag(request, tag)) return void response.writeHead(304, headers).end();
  response.writeHead(200, {
    ...headers,
    'Content-Type': CONTENT_TYPES['.json'],
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

interface Written {
  readonly body: string;
  readonly tag: string;
}

const known = new WeakMap<object, Written>();

/** As JSON. A listing is asked for by many pages, and a long one takes a while to write: each is written once. */
function written(value: object | null): Written {
  const before = value === null ? undefined : known.get(value);
  if (before !== undefined) return before;
  const body = JSON.stringify(value);
  const made = { body, tag: `"${createHash('sha256').update(body).digest('base64url')}"` };
  if (value !== null) known.set(value, made);
  return made;
}

/** A proxy that compresses marks tags as weak: what they stand for is the same. */
const hasTag = (request: IncomingMessage, tag: string): boolean =>
  (request.headers['if-none-match'] ?? '').split(',').some((known) => known.trim().replace(/^W\//, '') === tag);

/** Answers with a file to be saved: opened in its place, it would be a page of this server. */
export function sendDownload(response: ServerResponse, file: { name: string; type: string; text: string }): void {
  response.writeHead(200, {
    ...HEADERS,
    'Content-Type': file.type,
    'Content-Disposition': `attachment; filename="${file.name}"`,
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(file.text),
  });
  response.end(file.text);
}

export function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${reason}\n`);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  policy: string,
  body: string | Buffer,
): void {
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': type,
    'Content-Security-Policy': policy,
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
