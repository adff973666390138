import { copyFloats, floats } from './floats';

/**
 * out[batch, outer, count, width] = of x[batch, outer, size, width] the rows that ids[batch, count] (int32) name.
 * Values may be of any type of four bytes. Answers where the first id lies that is out of range, and then writes
 * nothing; -1 if there is none.
 */
export function gather(
  batch: i32,
  outer: i32,
  size: i32,
  count: i32,
  width: i32,
  x: usize,
  ids: usize,
  out: usize,
): i32 {
  for (let i = 0; i < batch * count; i++) {
    // As unsigned numbers, negative ids are large.
    if (load<u32>(ids + floats(i)) >= <u32>size) return i;
  }
  const rowBytes = floats(width);
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < count; i++) {
        copyFloats(out, x + <usize>load<i32>(ids + floats(i)) * rowBytes, width);
        out += rowBytes;
      }
      x += <usize>size * rowBytes;
    }
    ids += floats(count);
  }
  return -1;
}
