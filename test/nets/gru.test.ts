import { expect, test } from 'vitest';
import { loadEngine } from '../../src/engine/index.ts';
import { gruLayer } from '../../src/nets/recurrent.ts';
import { expectClose } from '../engine/compare.ts';

// Two steps of torch's GRU, and the gradients of the sum of its outputs (torch 2.15.0, double precision):
// g = torch.nn.GRU(3, 2)
// g.weight_ih_l0 = torch.arange(18).reshape(6, 3) / 10 - 0.9;  g.weight_hh_l0 = torch.arange(12).reshape(6, 2) / 8 - 0.7
// g.bias_ih_l0 = torch.arange(6) / 10;  g.bias_hh_l0 = 0
// x = torch.arange(6).reshape(2, 1, 3) / 3 - 0.8;  y, _ = g(x);  y.sum().backward()
const OUTPUTS = [-0.03412053877023667, -0.17357047644773957, 0.3875025477566683, 0.24337657108374644];
const INPUT_GRADIENT = [
  0.5253707613626875, 0.6617864811859925, 0.7982022010092973, 0.15384506856686234, 0.13076347151314532,
  0.1076818744594282,
];
/** `[r, z, n]` rows of 2, as torch has them. */
const RECURRENT_GRADIENT = [
  0.00010088052366437727, 0.0005131771416223148, 5.708885702626217e-5, 0.0002904098373308447, 0.00707256267195963,
  0.03597798032865048, 0.008837278391546556, 0.04495505276898094, -0.0016048146536692188, -0.008163659018498798,
  -0.0006595292490764415, -0.003355011676816609,
];

/** From torch's `[3 · units, columns]` with gates r, z, n to ours, `[columns, 3 · units]` with gates z, r, n. */
function fromTorch(values: number[], units: number): Float32Array {
  const columns = values.length / (3 * units);
  const rowOf = (gate: number, unit: number): number => [1, 0, 2][gate] * units + unit;
  return Float32Array.from({ length: values.length }, (_, i) => {
    const [column, at] = [Math.floor(i / (3 * units)), i % (3 * units)];
    return values[rowOf(Math.floor(at / units), at % units) * columns + column];
  });
}

test.each(['cpu', 'wasm'] as const)("the recurrent unit is torch's, with its gradients (%s)", async (backend) => {
  const { tf } = await loadEngine(backend);
  const layer = gruLayer({ stage: 'g', units: 2 })([{ kind: 'unit', size: 3 }]);
  const range = (count: number, factor: number, shift: number): number[] =>
    Array.from({ length: count }, (_, i) => i * factor + shift);
  tf.tidy(() => {
    const params = [
      tf.tensor2d(fromTorch(range(18, 0.1, -0.9), 2), [3, 6]),
      tf.tensor2d(fromTorch(range(12, 1 / 8, -0.7), 2), [2, 6]),
      tf.tensor1d(fromTorch(range(6, 0.1, 0), 2)),
    ];
    const x = tf.tensor2d(range(6, 1 / 3, -0.8), [2, 3]);
    let said: Float32Array = new Float32Array();
    const gradients = tf.grads((input, kernel, recurrent, bias) => {
      const memory = { steps: 2, starts: tf.tensor2d([1, 0], [2, 1]), carry: tf.zeros([1, 2]) };
      const named = { 'g/kernel': kernel, 'g/recurrent': recurrent, 'g/bias': bias };
      const y = layer.forward(tf, named, input, memory);
      said = y.dataSync() as Float32Array;
      return tf.sum(y);
    })([x, ...params]);
    expectClose(said, OUTPUTS, 1e-5);
    expectClose(gradients[0].dataSync() as Float32Array, INPUT_GRADIENT, 1e-5);
    expectClose(gradients[2].dataSync() as Float32Array, fromTorch(RECURRENT_GRADIENT, 2), 1e-5);
  });
  expect(layer.carrySize).toBe(2);
});
