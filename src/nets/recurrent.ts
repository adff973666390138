import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Axis } from '../core/tensors.ts';
import { addProduct, type LayerBuilder } from './layers.ts';

/**
 * A gated recurrent unit (Cho et al. 2014), in the form in which the reset gate acts on the product (as cuDNN's):
 * z = σ(x Wz + h Uz + bz), r = σ(x Wr + h Ur + br), n = tanh(x Wn + bn + r ⊙ (h Un)), h' = (1 − z) ⊙ n + z ⊙ h.
 * Kernel `[inputs, 3 · units]` and recurrent kernel `[units, 3 · units]` hold z, r, n side by side.
 */
export function gruLayer(options: { stage: string; units: number }): LayerBuilder {
  return (input) => {
    const { stage, units } = options;
    if (input.length !== 1) throw new Error('a recurrent layer needs flat input: put flatten() before it');
    const unit: Axis = { kind: 'unit', size: units };
    const gates: Axis = { kind: 'unit', size: 3 * units };
    const [kernel, recurrent, bias] = [`${stage}/kernel`, `${stage}/recurrent`, `${stage}/bias`];
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    return {
      tensors: [
        { name: kernel, stage, axes: [input[0], gates], init: { kind: 'orthogonal', gain: 1 } },
        { name: recurrent, stage, axes: [unit, gates], init: { kind: 'orthogonal', gain: 1 } },
        { name: bias, stage, axes: [gates], init: { kind: 'zeros' } },
      ],
      output: [unit],
      carrySize: units,
      forward(tf, params, x, memory) {
        const steps = memory?.steps ?? 1;
        const envs = x.shape[0] / steps;
        const driven = tf.add(tf.matMul(x as Tensor2D, params[kernel] as Tensor2D), params[bias]);
        const continues = memory && tf.sub(1, memory.starts);
        let h: Tensor = memory?.carry ?? tf.zeros([envs, units]);
        const states: Tensor[] = [];
        for (let step = 0; step < steps; step++) {
          if (continues) h = tf.mul(h, tf.slice(continues, [step, 0], [1, envs]).reshape([envs, 1]));
          const recalled = tf.matMul(h as Tensor2D, params[recurrent] as Tensor2D);
          const part = (of: Tensor, row: number, gate: number): Tensor =>
            tf.slice(of, [row, gate * units], [envs, units]);
          const drive = (gate: number): Tensor => part(driven, step * envs, gate);
          const z = tf.sigmoid(tf.add(drive(0), part(recalled, 0, 0)));
          const r = tf.sigmoid(tf.add(drive(1), part(recalled, 0, 1)));
          const n = tf.tanh(tf.add(drive(2), tf.mul(r, part(recalled, 0, 2))));
          h = tf.add(n, tf.mul(z, tf.sub(h, n)));
          states.push(h);
        }
        if (memory) memory.carry = h;
        return steps === 1 ? h : tf.concat(states, 0);
      },
      infer(params, x, h = new Float32Array(units)) {
        const drive = params[bias].slice();
        const recall = new Float32Array(3 * units);
        addProduct(drive, x, params[kernel]);
        addProduct(recall, h, params[recurrent]);
        for (let i = 0; i < units; i++) {
          const z = sigmoid(drive[i] + recall[i]);
          const r = sigmoid(drive[units + i] + recall[units + i]);
          const n = Math.tanh(drive[2 * units + i] + r * recall[2 * units + i]);
          h[i] = n + z * (h[i] - n);
        }
        return h.slice();
      },
    };
  };
}
