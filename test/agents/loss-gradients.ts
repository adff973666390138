import type { Loss } from '../../src/agents/learner.ts';
import type { Tf } from '../../src/engine/types.ts';

/** Value and gradients of a loss by head, as tfjs derives them. */
export function byTf(tf: Tf, loss: Loss, outputs: Record<string, Float32Array>, rows: number) {
  const names = Object.keys(outputs);
  return tf.tidy(() => {
    let diagnostics: number[] = [];
    const { value, grads } = tf.valueAndGrads((...heads) => {
      const parts = loss.tensors(tf, Object.fromEntries(names.map((name, i) => [name, heads[i]])));
      diagnostics = parts.diagnostics.map((part) => part.dataSync()[0]);
      return parts.loss;
    })(names.map((name) => tf.tensor2d(outputs[name], [rows, outputs[name].length / rows])));
    const gradients = Object.fromEntries(names.map((name, i) => [name, grads[i].dataSync() as Float32Array]));
    return { loss: value.dataSync()[0], diagnostics, gradients };
  });
}

/** The same, as the loss itself gives them. */
export function byHand(loss: Loss, outputs: Record<string, Float32Array>) {
  const gradients = Object.fromEntries(
    Object.entries(outputs).map(([name, values]) => [name, new Float32Array(values.length).fill(9)]),
  );
  return { ...loss.gradients(outputs, gradients), gradients };
}
