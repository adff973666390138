import type { Tensor } from '@tensorflow/tfjs';
import { broadcast } from './operations.ts';
import type { Tf } from './types.ts';

/**
 * The gradient of `tf.einsum` for each input: that of one input is the einsum of dy with the other input, back to its
 * own labels. A label that it alone had was summed over: along it, the gradient is the same everywhere.
 */
export function einsumGradient(tf: Tf, dy: Tensor, inputs: Tensor[], equation: string): Record<string, () => Tensor> {
  const [left, out] = equation.replace(/\s/g, '').split('->');
  const terms = left.split(',');
  const gradient = (i: number) => () => {
    const [own, other] = [terms[i], terms[1 - i] ?? ''];
    const known = [...own].filter((label) => (out + other).includes(label)).join('');
    const [from, tensors] =
      other === '' && inputs.length === 1 ? [out, [dy]] : [`${out},${other}`, [dy, inputs[1 - i]]];
    const reduced = tf.einsum(`${from}->${known}`, ...tensors);
    const { shape } = inputs[i];
    const spread = shape.map((size, axis) => (known.includes(own[axis]) ? size : 1));
    return broadcast(tf, tf.reshape(reduced, spread), shape);
  };
  return Object.fromEntries(inputs.map((_, i) => [String(i), gradient(i)]));
}
