import { beforeAll, describe, expect, it, test } from 'vitest';
import { observationSize } from '../../src/core/game.ts';
import { createRng } from '../../src/core/rng.ts';
import { tensorShape } from '../../src/core/tensors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Tf } from '../../src/engine/types.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { expectClose } from '../engine/compare.ts';
import { netCases, scramble } from './policy-nets.ts';

const remembering = netCases.filter(([, spec]) => buildPolicyNet(spec).carrySize > 0);
const STEPS = 11;
const ENVS = 3;

it('is had by the recurrent net and the transformer over frames', () => {
  expect(new Set(remembering.map(([, { net }]) => net))).toEqual(new Set(['gpt', 'gru']));
});

describe.each(['cpu', 'wasm'] as const)('memory on %s', (backend) => {
  let tf: Tf;
  beforeAll(async () => {
    ({ tf } = await loadEngine(backend));
  });

  test.each(remembering)('%s: sequences, in one piece or two, say what step by step is said', (_name, spec) => {
    const net = buildPolicyNet(spec);
    const rng = createRng(9, 'memory');
    const params = scramble(net.init(3), rng);
    const size = observationSize(spec.observation);
    const obs = Float32Array.from({ length: STEPS * ENVS * size }, () => Number(rng.float() < 0.3));
    // Episodes begin at the first step, and in one environment in mid-sequence and at the cut.
    const starts = new Uint8Array(STEPS * ENVS);
    starts.fill(1, 0, ENVS);
    starts[4 * ENVS + 1] = starts[6 * ENVS + 2] = 1;

    const expected: Float32Array[] = [];
    for (let e = 0; e < ENVS; e++) {
      const carry = new Float32Array(net.carrySize);
      for (let t = 0; t < STEPS; t++) {
        const row = t * ENVS + e;
        if (starts[row]) carry.fill(0);
        expected[row] = net.infer(params, obs.subarray(row * size, (row + 1) * size), carry).policy.slice();
      }
    }

    const tensors = Object.fromEntries(net.tensors.map((t) => [t.name, tf.tensor(params[t.name], tensorShape(t))]));
    for (const cut of [STEPS, 6]) {
      let carry = tf.zeros([ENVS, net.carrySize]);
      const said: number[] = [];
      for (const [from, to] of [
        [0, cut],
        [cut, STEPS],
      ]) {
        if (from === to) continue;
        const memory = {
          steps: to - from,
          starts: tf.tensor2d(Float32Array.from(starts.subarray(from * ENVS, to * ENVS)), [to - from, ENVS]),
          carry,
        };
        const part = obs.subarray(from * ENVS * size, to * ENVS * size);
        const outputs = net.forward(tf, tensors, tf.tensor(part, [(to - from) * ENVS, ...net.obsShape]), memory);
        said.push(...outputs.policy.dataSync());
        carry = memory.carry;
      }
      expectClose(
        said,
        expected.flatMap((row) => [...row]),
        1e-4,
        `cut at ${cut}`,
      );
    }
  });
});

test.each(remembering)('%s says something else after another past', (_name, spec) => {
  const net = buildPolicyNet(spec);
  const params = scramble(net.init(3), createRng(1));
  const size = observationSize(spec.observation);
  const [blank, full] = [new Float32Array(size), new Float32Array(size).fill(1)];
  const after = (past: Float32Array): Float32Array => {
    const carry = new Float32Array(net.carrySize);
    net.infer(params, past, carry);
    return net.infer(params, blank, carry).policy.slice();
  };
  expect(after(full)).not.toEqual(after(blank));
});
