import { floats } from './floats';

/**
 * out[segments, width] = for each segment the sum of the rows of x[rows, width] whose id names it: the gradient of
 * gathering rows. `ids` are int32; rows with an id outside of 0 … segments - 1 are dropped, as tfjs does.
 */
export function segmentSum(rows: i32, width: i32, segments: i32, x: usize, ids: usize, out: usize): void {
  const rowBytes = floats(width);
  memory.fill(out, 0, <usize>segments * rowBytes);
  for (let row = 0; row < rows; row++) {
    const id = load<i32>(ids + floats(row));
    if (id >= 0 && id < segments) addRow(out + <usize>id * rowBytes, x, width);
    x += rowBytes;
  }
}

function addRow(to: usize, from: usize, width: i32): void {
  for (; width >= 4; width -= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
  for (; width > 0; width--) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    to += 4;
    from += 4;
  }
}
