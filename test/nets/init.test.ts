import { describe, expect, it, test } from 'vitest';
import { createRng } from '../../src/core/rng.ts';
import { tensorShape } from '../../src/core/tensors.ts';
import { orthogonal } from '../../src/nets/init.ts';
import { RELU_GAIN } from '../../src/nets/layers.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { netCases } from './policy-nets.ts';

/** The largest entry of |A·Aᵀ − gain²·I|, of the rows or the columns, whichever are fewer. */
function defect(values: Float32Array, rows: number, columns: number, gain: number): number {
  const byRows = rows <= columns;
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const at = (i: number, k: number): number => (byRows ? values[i * columns + k] : values[k * columns + i]);
  let worst = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let dot = 0;
      for (let k = 0; k < length; k++) dot += at(i, k) * at(j, k);
      worst = Math.max(worst, Math.abs(dot - (i === j ? gain * gain : 0)));
    }
  }
  return worst;
}

describe('orthogonal', () => {
  test.each([
    [36, 16, RELU_GAIN],
    [16, 36, RELU_GAIN],
    [128, 6, 0.01],
    [64, 64, 1],
    [200, 1, 1],
    [1, 1, 2],
  ])('%i x %i has orthonormal rows or columns, times %f', (rows, columns, gain) => {
    const values = orthogonal(rows, columns, gain, createRng(1));
    expect(values.length).toBe(rows * columns);
    expect(defect(values, rows, columns, gain)).toBeLessThan(1e-6 * gain * gain);
  });

  // A 2 x 2 orthogonal matrix of Haar's law has an angle uniform in (−π, π] and a determinant of either sign. The
  // bounds: P(|share − 1/2| > 0.1) < 1e-4 for 400 draws (binomial).
  it('turns evenly in all directions', () => {
    const draws = Array.from({ length: 400 }, (_, seed) => orthogonal(2, 2, 1, createRng(seed, 'haar')));
    const share = (holds: (q: Float32Array) => boolean): number => draws.filter(holds).length / draws.length;
    for (const test of [
      (q: Float32Array) => q[0] > 0,
      (q: Float32Array) => q[1] > 0,
      (q: Float32Array) => Math.abs(q[0]) > Math.abs(q[1]),
      (q: Float32Array) => q[0] * q[3] - q[1] * q[2] > 0,
    ]) {
      expect(Math.abs(share(test) - 0.5)).toBeLessThan(0.1);
    }
  });
});

describe.each(netCases)('fresh parameters of %s', (_name, spec) => {
  const net = buildPolicyNet(spec);

  it('are orthogonal kernels, zero biases and gains of one', () => {
    const params = net.init(7);
    for (const tensor of net.tensors) {
      const values = params[tensor.name];
      if (tensor.init.kind !== 'orthogonal') {
        const expected = tensor.init.kind === 'ones' ? 1 : 0;
        expect(values.every((value) => value === expected)).toBe(true);
      } else {
        const columns = tensorShape(tensor).at(-1) as number;
        const { gain } = tensor.init;
        expect(defect(values, values.length / columns, columns, gain)).toBeLessThan(2e-6 * gain * gain);
      }
    }
  });

  it('are those of their seed', () => {
    expect(net.init(7)).toEqual(net.init(7));
    const [seven, eight] = [net.init(7), net.init(8)];
    for (const { name, init } of net.tensors) {
      if (init.kind === 'orthogonal') expect(seven[name], name).not.toEqual(eight[name]);
    }
  });
});

it("draws a tensor without regard to the other tensors' shapes", () => {
  const [, spec] = netCases.find(([name]) => name === 'conv on breakout')!;
  const fewerActions = spec.heads.map((head) =>
    head.axis.kind === 'action' ? { ...head, axis: { ...head.axis, labels: head.axis.labels.slice(1) } } : head,
  );
  const whole = buildPolicyNet(spec).init(5);
  const smaller = buildPolicyNet({ ...spec, heads: fewerActions }).init(5);
  expect(smaller['heads/policy/kernel'].length).toBeLessThan(whole['heads/policy/kernel'].length);
  for (const name of ['stem/kernel', 'trunk/0/kernel', 'heads/value/kernel'])
    expect(smaller[name]).toEqual(whole[name]);
});
