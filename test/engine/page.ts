// Runs in the browser, bundled by browser.test.ts: trains nets and hands back their losses.
import { makeBatch, referenceNet } from '../../bench/reference-net.ts';
import { loadBrowserEngine } from '../../src/engine/browser.ts';
import { fusedLosses } from './fused-losses.ts';

Object.assign(globalThis, {
  async train(steps: number, plain: boolean) {
    const engine = await loadBrowserEngine('/tfjs/', '/kernels/', { plain });
    const net = referenceNet(engine, 1e-3);
    const batch = makeBatch(engine.tf, 32);
    const clear = Array.from({ length: steps }, () => net.update(batch));
    return { kernels: engine.kernels, clear, fused: fusedLosses(engine, steps) };
  },
});
