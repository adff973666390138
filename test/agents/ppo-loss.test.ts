import { readFileSync } from 'node:fs';
import type { Tensor } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { ppo, ppoLoss, type PpoConfig } from '../../src/agents/ppo.ts';
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
  heads: ppo.heads(named(numActions)),
});

describe.each(['cpu', 'wasm'] as const)('the PPO loss on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadEngine(backend);
  });

  test.each(['all', 'masked'] as const)("has torch's value, diagnostics and gradients (%s actions)", (which) => {
    const { tf } = engine;
    const { legal, logProbs, loss, diagnostics, gradients } = expected.cases[which];
    const names = net.tensors.map(({ name }) => name);
    tf.tidy(() => {
      const tensors = net.tensors.map((spec) => tf.tensor(expected.params[spec.name], tensorShape(spec)));
      const minibatch = {
        obs: tf.tensor(expected.obs, [batch, height, width, channels]),
        oneHot: tf.cast(tf.oneHot(tf.tensor1d(expected.actions, 'int32'), numActions), 'float32'),
        legal: which === 'masked' ? tf.tensor2d(legal) : null,
        logProbs: tf.tensor1d(logProbs),
        advantages: tf.tensor1d(expected.advantages),
        returns: tf.tensor1d(expected.returns),
      };
      let reported: number[] = [];
      const lossOf = (...params: Tensor[]): Tensor => {
        const byName = Object.fromEntries(names.map((name, i) => [name, params[i]]));
        const context = { engine, net, config: expected.config as PpoConfig };
        return ppoLoss(context, byName, minibatch, (values) => {
          reported = values.map((value) => value.dataSync()[0]);
        });
      };
      const { value, grads } = tf.valueAndGrads(lossOf)(tensors);
      expectClose(value.dataSync(), [loss], 1e-6, 'loss');
      expectClose(reported, diagnostics, 1e-6, 'diagnostics');
      names.forEach((name, i) => expectClose(grads[i].dataSync(), gradients[name], 1e-6, name));
    });
    // Some samples are clipped, some are not: both branches count.
    expect(diagnostics[4]).toBeGreaterThan(0);
    expect(diagnostics[4]).toBeLessThan(1);
  });
});
