import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeBatch, referenceNet } from '../../bench/reference-net.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { expectClose } from './compare.ts';
import { fusedLosses } from './fused-losses.ts';
import { hasBrowser, launchBrowser } from '../e2e/browser.ts';

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
  let expected: { kernels: string; clear: number[]; fused: number[] };
  beforeAll(async () => {
    script = await bundlePage();
    const engine = await loadEngine('wasm');
    const net = referenceNet(engine, 1e-3);
    const batch = makeBatch(engine.tf, 32);
    const clear = Array.from({ length: 5 }, () => net.update(batch));
    expected = { kernels: engine.kernels, clear, fused: fusedLosses(engine, 5) };
  });
  const servers: Server[] = [];
  afterAll(() => servers.forEach((server) => server.close()));

  test.each([
    ['a plain page', false],
    ['a page that could use threads', true],
  ])('%s trains to the same losses as Node, to the last bit', async (_name, isolated) => {
    const server = await serve(script, isolated);
    servers.push(server);
    const browser = await launchBrowser();
    try {
      const plain = expected.kernels.includes('simd');
      const train = async (withPlain: boolean): Promise<typeof expected> => {
        const page = await browser.newPage();
        const problems: string[] = [];
        page.on('console', (message) => problems.push(message.text()));
        await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
        await page.waitForFunction('typeof train === "function"');
        expect(await page.evaluate('crossOriginIsolated')).toBe(isolated);
        const losses = (await page.evaluate(`train(5, ${withPlain})`)) as typeof expected;
        expect(problems).toEqual([]);
        return losses;
      };
      expect(await train(plain)).toEqual(expected);
      // The other kernels round otherwise.
      const other = await train(!plain);
      expect(other.kernels).not.toBe(expected.kernels);
      expectClose(other.clear, expected.clear, 1e-5, 'clear');
      expectClose(other.fused, expected.fused, 1e-5, 'fused');
    } finally {
      await browser.close();
    }
  });
});
