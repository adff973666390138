// Layer normalisation of rows that lie `stride` bytes apart, each of `groups` runs of `size` values (a convolution's
// pixels, or the whole row).

import { floats } from '../floats';
import { layerNorm, rowGradient } from '../layer-norm';

/** out = the normalised groups of x, times gain[size] plus bias[size]. */
export function norm(
  rows: i32,
  groups: i32,
  size: i32,
  x: usize,
  strideX: usize,
  gain: usize,
  bias: usize,
  epsilon: f32,
  out: usize,
  strideOut: usize,
): void {
  for (; rows > 0; rows--) {
    layerNorm(groups, size, x, gain, bias, epsilon, out);
    x += strideX;
    out += strideOut;
  }
}

/** The gradients of `norm`: dx[rows, strideX], and summed over all rows gainGradient[size] and biasGradient[size]. */
export function normGradient(
  rows: i32,
  groups: i32,
  size: i32,
  x: usize,
  strideX: usize,
  gain: usize,
  g: usize,
  strideG: usize,
  epsilon: f32,
  dx: usize,
  gainGradient: usize,
  biasGradient: usize,
): void {
  memory.fill(gainGradient, 0, floats(size));
  memory.fill(biasGradient, 0, floats(size));
  for (; rows > 0; rows--) {
    for (let group = 0; group < groups; group++) {
      const at = floats(group * size);
      rowGradient(size, x + at, gain, g + at, epsilon, dx + at, gainGradient, biasGradient);
    }
    x += strideX;
    g += strideG;
    dx += strideX;
  }
}
