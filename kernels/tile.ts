import { copyFloats, floats } from './floats';

/** out[outer, repeats, width] = each row of x[outer, width] `repeats` times. Values may be of any type of four bytes. */
export function tile(outer: i32, repeats: i32, width: i32, x: usize, out: usize): void {
  const rowBytes = floats(width);
  for (; outer > 0; outer--) {
    if (width == 1) fill(out, load<f32>(x), repeats);
    else for (let i = 0; i < repeats; i++) copyFloats(out + <usize>i * rowBytes, x, width);
    x += rowBytes;
    out += <usize>repeats * rowBytes;
  }
}

function fill(to: usize, value: f32, count: i32): void {
  const values = f32x4.splat(value);
  for (; count >= 4; count -= 4) {
    v128.store(to, values);
    to += 16;
  }
  for (; count > 0; count--) {
    store<f32>(to, value);
    to += 4;
  }
}
