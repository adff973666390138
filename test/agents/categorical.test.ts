import { beforeAll, describe, expect, it, test } from 'vitest';
import { categorical } from '../../src/agents/categorical.ts';
import { createRng } from '../../src/core/rng.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Tf } from '../../src/engine/types.ts';
import { greedyRow, sampleRow } from '../../src/nets/acting.ts';
import { expectClose } from '../engine/compare.ts';

const LOGITS = [0.3, -1.2, 2, 0.1, 5, -5, 0, 1, 0, 0, 0, 0];
const LEGAL = [1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 1];
const ACTIONS = [2, 3, 0];
const WEIGHTS = [1, -2, 3];

// from torch.distributions import Categorical   # torch 2.15.0, double precision
// legal = torch.tensor(LEGAL, dtype=torch.bool).view(3, 4); logits = torch.tensor(LOGITS).view(3, 4)
// d = Categorical(logits=logits.masked_fill(~legal, -torch.inf))        # or without the mask
// d.probs, d.log_prob(actions), [Categorical(logits=row[mask]).entropy() for row, mask in zip(logits, legal)]
// torch.autograd.grad((weights * d.log_prob(actions)).sum(), logits), and the same of the entropies
const EXPECTED = {
  all: {
    probs: [
      0.1330528879163812, 0.029688112188993233, 0.7283245087716465, 0.10893449112297912, 0.9755155490690842,
      4.428833740994827e-5, 0.006572972066411248, 0.017867190527094595, 0.25, 0.25, 0.25, 0.25,
    ],
    logProb: [-0.31700857629695944, -4.02478917945699, -1.3862943611198906],
    entropy: [0.8451759778932462, 0.12956568527152398, 1.3862943611198906],
    logProbGradient: [
      -0.1330528879163812, -0.02968811218899323, 0.27167549122835355, -0.10893449112297911, 1.9510310981381687,
      8.857667481989654e-5, 0.013145944132822496, -1.9642656189458108, 2.25, -0.75, -0.75, -0.75,
    ],
    entropyGradient: [
      0.15591571137217103, 0.07932166593161874, -0.3846772633168124, 0.14943988601302266, 0.20442222119841036,
      -0.0008764859937146663, -0.06435233457224225, -0.13919340063245372, 0, 0, 0, 0,
    ],
  },
  masked: {
    probs: [
      0.1330528879163812, 0.029688112188993233, 0.7283245087716465, 0.10893449112297912, 0, 0.0018088352291382895,
      0.26845495065244657, 0.7297362141184152, 0.5, 0, 0, 0.5,
    ],
    logProb: [-0.31700857629695944, -0.3150721606652511, -Math.LN2],
    entropy: [0.8451759778932462, 0.5943801226925274, Math.LN2],
    logProbGradient: [
      -0.1330528879163812, -0.02968811218899323, 0.27167549122835355, -0.10893449112297911, 0, 0.003617670458276581,
      0.5369099013048931, -0.5405275717631695, 1.5, 0, 0, -1.5,
    ],
    entropyGradient: [
      0.15591571137217103, 0.07932166593161874, -0.3846772633168124, 0.14943988601302266, 0, -0.020695578586671957,
      -0.3869466909791574, 0.40764226956582905, 0, 0, 0, 0,
    ],
  },
};

describe.each(['cpu', 'wasm'] as const)('the categorical distribution on %s', (backend) => {
  let tf: Tf;
  beforeAll(async () => {
    ({ tf } = await loadEngine(backend));
  });

  test.each(['all', 'masked'] as const)("has torch's values and gradients (%s)", (which) => {
    const { logProb, entropy, logProbGradient, entropyGradient } = EXPECTED[which];
    tf.tidy(() => {
      const logits = tf.tensor2d(LOGITS, [3, 4]);
      const legal = which === 'masked' ? tf.tensor2d(LEGAL, [3, 4]) : null;
      const oneHot = tf.cast(tf.oneHot(tf.tensor1d(ACTIONS, 'int32'), 4), 'float32');
      const weights = tf.tensor1d(WEIGHTS);
      const logProbOf = (x: typeof logits) => categorical(tf, x, legal).logProb(oneHot);
      const entropyOf = (x: typeof logits) => categorical(tf, x, legal).entropy();
      expectClose(logProbOf(logits).dataSync(), logProb, 2e-6);
      expectClose(entropyOf(logits).dataSync(), entropy, 2e-6);
      const gradient = (f: typeof logProbOf) => tf.grad((x) => tf.sum(tf.mul(f(x as never), weights)))(logits);
      expectClose(gradient(logProbOf).dataSync(), logProbGradient, 2e-6);
      expectClose(gradient(entropyOf).dataSync(), entropyGradient, 2e-6);
    });
  });
});

describe('rows of logits', () => {
  const logits = Float32Array.from(LOGITS);
  const legal = Uint8Array.from(LEGAL);

  it('are sampled as often as they are probable, with the log-probability that belongs to it', () => {
    const rng = createRng(3, 'frequencies');
    const draws = 40_000;
    for (let row = 0; row < 3; row++) {
      const probs = EXPECTED.masked.probs.slice(row * 4, row * 4 + 4);
      const counts = [0, 0, 0, 0];
      let worst = 0;
      for (let i = 0; i < draws; i++) {
        const { action, logProb } = sampleRow(logits, row, 4, legal, rng);
        counts[action]++;
        worst = Math.max(worst, Math.abs(logProb - Math.log(probs[action])));
      }
      expect(worst).toBeLessThan(1e-6);
      // Five standard deviations of a binomial count.
      probs.forEach((p, a) => {
        expect(Math.abs(counts[a] - draws * p)).toBeLessThanOrEqual(5 * Math.sqrt(draws * p * (1 - p)));
      });
    }
  });

  it('are drawn by inverse CDF: one uniform an action, in order', () => {
    const rng = createRng(8);
    const uniforms = createRng(8);
    const probs = EXPECTED.all.probs;
    const all = new Uint8Array(12).fill(1);
    for (let i = 0; i < 300; i++) {
      const u = uniforms.float();
      const expected = u < probs[0] ? 0 : u < probs[0] + probs[1] ? 1 : u < probs[0] + probs[1] + probs[2] ? 2 : 3;
      expect(sampleRow(logits, 0, 4, all, rng).action).toBe(expected);
    }
  });

  it('give the most probable legal action, the first of equals', () => {
    const all = new Uint8Array(12).fill(1);
    expect([0, 1, 2].map((row) => greedyRow(logits, row, 4, all))).toEqual([2, 0, 0]);
    expect([0, 1, 2].map((row) => greedyRow(logits, row, 4, legal))).toEqual([2, 3, 0]);
    expect(greedyRow(logits, 2, 4, Uint8Array.from([...LEGAL.slice(0, 8), 0, 0, 1, 1]))).toBe(2);
  });

  it('survive logits that would overflow exp', () => {
    const huge = Float32Array.of(1000, 999, -1000, 0);
    const counts = [0, 0, 0, 0];
    const rng = createRng(1);
    for (let i = 0; i < 2000; i++) counts[sampleRow(huge, 0, 4, new Uint8Array(4).fill(1), rng).action]++;
    expect(counts[2] + counts[3]).toBe(0);
    // 1 / (1 + e⁻¹) = 0.731
    expect(Math.abs(counts[0] / 2000 - 0.731)).toBeLessThan(0.05);
  });
});
