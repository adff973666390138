// Runs in the browser, bundled by browser.test.ts: trains the reference net and hands back its losses.
import { makeBatch, referenceNet } from '../../bench/reference-net.ts';
import { loadBrowserEngine } from '../../src/engine/browser.ts';

Object.assign(globalThis, {
  async train(steps: number, plain: boolean): Promise<{ kernels: string; losses: number[] }> {
    const engine = await loadBrowserEngine('/tfjs/', '/kernels/', { plain });
    const net = referenceNet(engine, 1e-3);
    const batch = makeBatch(engine.tf, 32);
    return { kernels: engine.kernels, losses: Array.from({ length: steps }, () => net.update(batch)) };
  },
});
