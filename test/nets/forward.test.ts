import { beforeAll, describe, expect, it, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { observationSize, type ObservationSpec } from '../../src/core/game.ts';
import { createRng } from '../../src/core/rng.ts';
import { axisSize, tensorShape } from '../../src/core/tensors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Tf } from '../../src/engine/types.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { expectClose } from '../engine/compare.ts';
import { netCases, scramble } from './policy-nets.ts';

/** A batch as games show it: planes of 0 and 1, most of them 0; features around their scale. */
function randomObs(spec: ObservationSpec, batch: number): Float32Array {
  const rng = createRng(5, 'obs');
  const draw = (): number => (spec.kind === 'planes' ? (rng.float() < 0.15 ? 1 : 0) : 4 * rng.float() - 2);
  return Float32Array.from({ length: batch * observationSize(spec) }, draw);
}

describe.each(['cpu', 'wasm'] as const)('forward on %s', (backend) => {
  let tf: Tf;
  beforeAll(async () => {
    ({ tf } = await loadEngine(backend));
  });

  test.each(netCases)('%s equals its plain twin, sample by sample', (_name, spec) => {
    const batch = 17;
    const net = buildPolicyNet(spec);
    const params = scramble(net.init(3), createRng(4, 'noise'));
    const obs = randomObs(spec.observation, batch);
    const size = observationSize(spec.observation);
    const outputs = tf.tidy(() => {
      const tensors = Object.fromEntries(net.tensors.map((t) => [t.name, tf.tensor(params[t.name], tensorShape(t))]));
      const forward = net.forward(tf, tensors, tf.tensor(obs, [batch, ...net.obsShape]));
      for (const head of spec.heads) expect(forward[head.name].shape).toEqual([batch, axisSize(head.axis)]);
      return Object.fromEntries(Object.entries(forward).map(([name, tensor]) => [name, tensor.dataSync()]));
    });
    for (let i = 0; i < batch; i++) {
      const inferred = net.infer(params, obs.subarray(i * size, (i + 1) * size));
      for (const { name, axis } of spec.heads) {
        const count = axisSize(axis);
        const row = outputs[name].slice(i * count, (i + 1) * count);
        expectClose(inferred[name], row, 1e-5, `${name} of sample ${i}`);
      }
    }
  });
});

describe.each(netCases)('%s', (_name, spec) => {
  const net = buildPolicyNet(spec);

  it('leaves the observation and the parameters as they are when it infers', () => {
    const params = scramble(net.init(1), createRng(1));
    const obs = randomObs(spec.observation, 1);
    const before = structuredClone({ params, obs });
    const first = structuredClone(net.infer(params, obs));
    expect({ params, obs }).toEqual(before);
    expect(net.infer(params, obs)).toEqual(first);
  });

  it('says what each stage says, the heads as ever', () => {
    const params = scramble(net.init(1), createRng(1));
    const obs = randomObs(spec.observation, 1);
    const carry = () => new Float32Array(net.carrySize);
    const stages = net.inferStages(params, obs, carry());
    expect(Object.keys(stages)).toEqual(expect.arrayContaining(spec.heads.map(({ name }) => `heads/${name}`)));
    const known = net.tensors.map(({ stage }) => stage);
    for (const stage of Object.keys(stages)) expect(known).toContain(stage);
    const heads = structuredClone(net.infer(params, obs, carry()));
    for (const { name } of spec.heads) expect(stages[`heads/${name}`]).toEqual(heads[name]);
  });

  it('has as many fresh values as its axes say', () => {
    const params = net.init(0);
    expect(Object.keys(params)).toEqual(net.tensors.map(({ name }) => name));
    for (const spec of net.tensors) {
      const shape = tensorShape(spec);
      expect(params[spec.name].length, spec.name).toBe(shape.reduce((a, b) => a * b, 1));
      expect(spec.name.startsWith(`${spec.stage}/`), spec.name).toBe(true);
    }
  });

  it('names its tensors once, in the stages stem, trunk and heads, or beside those', () => {
    const names = net.tensors.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { stage } of net.tensors)
      expect(stage).toMatch(/^((column\/)?stem(\/norm)?|((column|lateral)\/)?trunk\/\d+(\/norm)?|heads\/\w+)$/);
  });
});

it('divides features by their scale', () => {
  const [, spec] = netCases.find(([name]) => name === 'mlp on cartpole')!;
  if (spec.observation.kind !== 'features') throw new Error('cartpole shows features');
  const features = spec.observation.features;
  const unscaled = {
    ...spec,
    observation: { ...spec.observation, features: features.map((f) => ({ ...f, scale: 1 })) },
  };
  const params = scramble(buildPolicyNet(spec).init(2), createRng(2));
  const obs = randomObs(spec.observation, 1);
  const divided = obs.map((value, i) => value / features[i].scale);
  const expected = structuredClone(buildPolicyNet(unscaled).infer(params, divided));
  expectClose(buildPolicyNet(spec).infer(params, obs).policy, expected.policy, 1e-6);
});

describe('what a net cannot be built from is refused in one line', () => {
  const [, planes] = netCases.find(([name]) => name === 'conv on breakout')!;
  const [, features] = netCases.find(([name]) => name === 'mlp on cartpole')!;
  const refusal = (spec: typeof planes): UserError => {
    try {
      buildPolicyNet(spec);
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).message).not.toContain('\n');
      return error as UserError;
    }
    throw new Error('was not refused');
  };

  it('an unknown net', () => {
    expect(refusal({ ...planes, net: 'cnv' }).message).toBe(
      'unknown net "cnv" (did you mean "conv"?); valid: conv, fastconv, mlp, vgg, resnet, bert, gpt, gru, progressive',
    );
  });

  it('a net that cannot read the observation', () => {
    expect(refusal({ ...features, net: 'conv' }).message).toBe('net "conv" can\'t read features; valid: mlp, gpt, gru');
  });

  it('a board that is smaller than the convolution', () => {
    const observation = { ...planes.observation, height: 2 } as ObservationSpec;
    expect(refusal({ ...planes, observation }).message).toBe(
      'a board of 2 x 10 is too small for a 3 x 3 convolution; choose another net',
    );
  });

  it('a net config that does not fit', () => {
    expect(refusal({ ...planes, netConfig: { filters: 0 } }).message).toBe(
      'filters: "0" is not valid; valid: whole number from 1 to 256',
    );
  });
});
