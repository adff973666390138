import * as z from 'zod';
import { beforeAll, expect, test } from 'vitest';
import { netSchema } from '../../src/agents/algorithm.ts';
import { findAlgorithm } from '../../src/agents/index.ts';
import { UserError } from '../../src/core/errors.ts';
import { tensorShape } from '../../src/core/tensors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { findEnv } from '../../src/envs/index.ts';
import { findNet, registerNet } from '../../src/nets/index.ts';
import { dense, residual } from '../../src/nets/layers.ts';
import { defineNet } from '../../src/nets/net.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { gruLayer } from '../../src/nets/recurrent.ts';

const reads = ['features'] as const;
const policyOf = (net: string) =>
  buildPolicyNet({
    net,
    netConfig: {},
    observation: findEnv('cartpole').observation,
    heads: [{ name: 'value', axis: { kind: 'value', size: 1 }, gain: 1 }],
  });

beforeAll(() => {
  const unit = { kind: 'unit', size: 4 } as const;
  registerNet(
    defineNet({
      id: 'twins',
      summary: 'Two layers in one stage.',
      reads,
      schema: z.object({}),
      layers: () => [1, 2].map(() => dense({ stage: 'trunk/0', output: unit, gain: 1 })),
    }),
  );
  registerNet(
    defineNet({
      id: 'recalling',
      summary: 'A recurrent layer whose output is added to its input.',
      reads,
      schema: z.object({}),
      layers: () => [residual([gruLayer({ stage: 'trunk/0', units: 4 })]), gruLayer({ stage: 'trunk/1', units: 3 })],
    }),
  );
  registerNet(
    defineNet({
      id: 'refined',
      summary: 'Options that must fit each other.',
      reads,
      schema: z
        .object({ units: z.int().default(8).describe('units'), norm: z.boolean().default(false).describe('norms') })
        .refine(({ units }) => units % 2 === 0),
      layers: ({ units }) => [dense({ stage: 'trunk/0', output: { kind: 'unit', size: units }, gain: 1 })],
    }),
  );
});

test('two layers that would share their tensors are refused', () => {
  expect(() => policyOf('twins')).toThrow(UserError);
  expect(() => policyOf('twins')).toThrow(
    /^net "twins" has two tensors "trunk\/0\/kernel": name its layers' stages apart$/,
  );
});

test('what is added to its input remembers, in training as in play', async () => {
  const policy = policyOf('recalling');
  expect(policy.carrySize).toBe(7);
  const params = policy.init(3);
  const steps = [0, 1, 2].map((t) => Float32Array.from([0, 1, 2, 3], (i) => 0.3 * Math.sin(3 * t + i)));
  const carry = new Float32Array(7);
  const played = steps.map((obs) => policy.infer(params, obs, carry).value[0]);
  // Without its memory it says something else.
  expect(policy.infer(params, steps[2], new Float32Array(7)).value[0]).not.toBeCloseTo(played[2], 3);
  const { tf } = await loadEngine('cpu');
  tf.tidy(() => {
    const tensors = Object.fromEntries(policy.tensors.map((t) => [t.name, tf.tensor(params[t.name], tensorShape(t))]));
    const memory = { steps: 3, starts: tf.tensor2d([1, 0, 0], [3, 1]), carry: tf.zeros([1, 7]) };
    const obs = tf.tensor2d(
      steps.flatMap((step) => [...step]),
      [3, 4],
    );
    const trained = policy.forward(tf, tensors, obs, memory).value.dataSync();
    played.forEach((value, t) => expect(trained[t]).toBeCloseTo(value, 5));
  });
});

test('an algorithm has defaults of its own also for options that must fit each other', () => {
  const schema = netSchema(findNet('refined'), findAlgorithm('pqn'));
  expect(schema.parse({})).toEqual({ units: 8, norm: true });
  expect(schema.safeParse({ units: 7 }).success).toBe(false);
});
