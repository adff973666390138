import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeBatch, referenceNet } from '../../bench/reference-net.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { hasBrowser, launchBrowser } from '../e2e/browser.ts';
import { expectClose } from './compare.ts';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

async function bundlePage(): Promise<string> {
  const entry = fileURLToPath(new URL('./page.ts', import.meta.url));
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'es2022', minify: false, lib: { entry, formats: ['es'] } },
  });
  return (result as Rolldown.RolldownOutput[])[0].output[0].code;
}

/** Serves the page, its script and the wasm files; `isolated` with the headers under which tfjs would use threads. */
function serve(script: string, isolated: boolean): Promise<Server> {
  const headers = isolated
    ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
    : {};
  const server = createServer(async ({ url = '' }, response) => {
    const send = (type: string, body: string | Buffer) =>
      response.writeHead(200, { 'Content-Type': type, ...headers }).end(body);
    if (url === '/')
      send('text/html', '<link rel="icon" href="data:," /><script type="module" src="/page.js"></script>');
    else if (url === '/page.js') send('text/javascript', script);
    else if (url.startsWith('/kernels/'))
      send('application/wasm', await readFile(file(`../../kernels/build/${url.slice(9)}`)));
    else if (url.startsWith('/tfjs/'))
      send(
        'application/wasm',
        await readFile(file(`../../node_modules/@tensorflow/tfjs-backend-wasm/dist/${url.slice(6)}`)),
      );
    else response.writeHead(404).end();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe.skipIf(!hasBrowser())('in a browser', () => {
  let script: string;
  let expected: number[];
  beforeAll(async () => {
    script = await bundlePage();
    const engine = await loadEngine('wasm', { plain: true });
    const net = referenceNet(engine, 1e-3);
    const batch = makeBatch(engine.tf, 32);
    expected = Array.from({ length: 5 }, () => net.update(batch));
  });
  const servers: Server[] = [];
  afterAll(() => servers.forEach((server) => server.close()));

  test.each([
    ['a plain page', false],
    ['a page that could use threads', true],
  ])('%s trains to the same losses as Node, to the last bit', async (_name, isolated) => {
    expect(await trainInPage(isolated, true)).toEqual({ kernels: 'ngplus-simd@2', losses: expected });
  });

  test('fused multiply-add comes close to the same losses', async () => {
    const { kernels, losses } = await trainInPage(false, false);
    expect(kernels).toBe('ngplus-relaxed@2');
    expect(losses).not.toEqual(expected);
    expectClose(losses, expected, 1e-5);
  });

  async function trainInPage(isolated: boolean, plain: boolean): Promise<{ kernels: string; losses: number[] }> {
    const server = await serve(script, isolated);
    servers.push(server);
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('console', (message) => problems.push(message.text()));
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await page.waitForFunction('typeof train === "function"');
      expect(await page.evaluate('crossOriginIsolated')).toBe(isolated);
      const result = await page.evaluate<{ kernels: string; losses: number[] }>(`train(5, ${plain})`);
      expect(problems).toEqual([]);
      return result;
    } finally {
      await browser.close();
    }
  }
});
