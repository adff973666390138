import { readFileSync } from 'node:fs';
import type { Tensor } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { ppoLoss, type PpoConfig, ppoHeads } from '../../src/agents/ppo.ts';
import type { Named } from '../../src/core/game.ts';
import { tensorShape } from '../../src/core/tensors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { expectClose } from '../engine/compare.ts';

/** Written by ppo-loss.py. */
interface Expected {
  board: [height: number, width: number, channels: number];
  netConfig: Record<string, number>;
  config: Partial<PpoConfig>;
  params: Record<string, number[]>;
  obs: number[];
  actions: number[];
  advantages: number[];
  returns: number[];
  cases: Record<'all' | 'masked', ExpectedLoss>;
}

interface ExpectedLoss {
  legal: number[][];
  logProbs: number[];
  loss: number;
  diagnostics: number[];
  gradients: Record<string, number[]>;
}

const expected = JSON.parse(readFileSync(new URL('./ppo-loss.json', import.meta.url), 'utf8')) as Expected;
const [height, width, channels] = expected.board;
const named = (count: number): Named[] => Array.from({ length: count }, (_, i) => ({ name: `${i}`, roles: ['self'] }));
const numActions = expected.cases.all.legal[0].length;
const batch = expected.actions.length;
const net = buildPolicyNet({
  net: 'conv',
  netConfig: expected.netConfig,
  observation: { kind: 'planes', height, width, channels: named(channels) },
  heads: ppoHeads(named(numActions)),
});

describe.each(['cpu', 'wasm'] as const)('the PPO loss on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadEngine(backend);
  });

  const names = net.tensors.map(({ name }) => name);
  const lossOf = ({ legal, logProbs }: ExpectedLoss, which: string) =>
    ppoLoss(expected.config as PpoConfig, {
      actions: Int32Array.from(expected.actions),
      legal: which === 'masked' ? Float32Array.from(legal.flat()) : null,
      logProbs: Float32Array.from(logProbs),
      advantages: Float32Array.from(expected.advantages),
      returns: Float32Array.from(expected.returns),
    });

  /** The gradients of a function of the net's outputs, by tensor. */
  function gradientsOf(loss: (outputs: Record<string, Tensor>) => Tensor): { value: Tensor; grads: Tensor[] } {
    const { tf } = engine;
    const tensors = net.tensors.map((spec) => tf.tensor(expected.params[spec.name], tensorShape(spec)));
    const obs = tf.tensor(expected.obs, [batch, height, width, channels]);
    return tf.valueAndGrads((...params: Tensor[]) =>
      loss(net.forward(tf, Object.fromEntries(names.map((name, i) => [name, params[i]])), obs)),
    )(tensors);
  }

  test.each(['all', 'masked'] as const)("has torch's value, diagnostics and gradients (%s actions)", (which) => {
    const { tf } = engine;
    const { loss, diagnostics, gradients } = expected.cases[which];
    tf.tidy(() => {
      let reported: number[] = [];
      const { value, grads } = gradientsOf((outputs) => {
        const parts = lossOf(expected.cases[which], which).tensors(tf, outputs);
        reported = parts.diagnostics.map((part) => part.dataSync()[0]);
        return parts.loss;
      });
      expectClose(value.dataSync(), [loss], 1e-6, 'loss');
      expectClose(reported, diagnostics, 1e-6, 'diagnostics');
      names.forEach((name, i) => expectClose(grads[i].dataSync(), gradients[name], 1e-6, name));
    });
    // Some samples are clipped, some are not: both branches count.
    expect(diagnostics[4]).toBeGreaterThan(0);
    expect(diagnostics[4]).toBeLessThan(1);
  });

  test.each(['all', 'masked'] as const)('has the same by hand (%s actions)', (which) => {
    const { tf } = engine;
    const { loss, diagnostics, gradients } = expected.cases[which];
    tf.tidy(() => {
      // The sum of outputs times their derivatives has the loss's gradients.
      const { grads } = gradientsOf((outputs) => {
        const values = Object.fromEntries(
          Object.entries(outputs).map(([name, head]) => [name, head.dataSync() as Float32Array]),
        );
        const derivatives = Object.fromEntries(
          Object.entries(values).map(([name, { length }]) => [name, new Float32Array(length)]),
        );
        const byHand = lossOf(expected.cases[which], which).gradients(values, derivatives);
        expectClose([byHand.loss, ...byHand.diagnostics], [loss, ...diagnostics], 1e-6, 'loss and diagnostics');
        const terms = Object.entries(outputs).map(([name, head]) =>
          tf.sum(tf.mul(head, tf.tensor(derivatives[name], head.shape))),
        );
        return tf.addN(terms);
      });
      names.forEach((name, i) => expectClose(grads[i].dataSync(), gradients[name], 1e-6, name));
    });
  });
});
