// What every kernel shares: sizes, rounding up, copying and the SIMD idioms. All are small enough to be inlined.

/** Bytes that `count` float32 values take. */
export function floats(count: i32): usize {
  return (<usize>count) << 2;
}

/** `value` rounded up to a multiple of `step`, a power of two. */
export function roundUp(value: i32, step: i32): i32 {
  return (value + step - 1) & -step;
}

/**
 * `sum + a * b` in every lane. Relaxed SIMD rounds once, in one instruction, where the processor has it; plain SIMD
 * rounds the product too.
 */
export function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, sum) : f32x4.add(sum, f32x4.mul(a, b));
}

/** `max(x, 0)` in every lane; NaN stays NaN, so that a broken loss is seen. */
export function relu4(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

/** The sum of the four lanes. */
export function sumLanes(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The first `count` of four floats; `fill` in the lanes of the others, which are not read. */
export function loadPart(from: usize, count: i32, fill: f32): v128 {
  if (count >= 4) return v128.load(from);
  let part = f32x4.replace_lane(f32x4.splat(fill), 0, load<f32>(from));
  if (count > 1) part = f32x4.replace_lane(part, 1, load<f32>(from, 4));
  if (count > 2) part = f32x4.replace_lane(part, 2, load<f32>(from, 8));
  return part;
}

/** Writes the first `count` lanes. */
export function storePart(to: usize, values: v128, count: i32): void {
  if (count >= 4) {
    v128.store(to, values);
    return;
  }
  store<f32>(to, f32x4.extract_lane(values, 0));
  if (count > 1) store<f32>(to, f32x4.extract_lane(values, 1), 4);
  if (count > 2) store<f32>(to, f32x4.extract_lane(values, 2), 8);
}

/** Copies `count` floats between areas that do not overlap. For short rows a loop beats the call behind memory.copy. */
export function copyFloats(to: usize, from: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(from));
    to += 4;
    from += 4;
  }
}

/** Copies `count` floats and fills the rest of `width` with zeros. */
export function copyPadded(to: usize, from: usize, count: i32, width: i32): void {
  copyFloats(to, from, count);
  for (let i = count; i < width; i++) store<f32>(to + floats(i), 0);
}

/**
 * Writes four rows of four floats as four columns: `to[i]` holds the i-th value of each row.
 * `from` rows lie `fromStep` bytes apart, `to` rows `toStep`.
 */
export function transpose4(to: usize, toStep: usize, from: usize, fromStep: usize): void {
  const row0 = v128.load(from);
  const row1 = v128.load(from + fromStep);
  const row2 = v128.load(from + 2 * fromStep);
  const row3 = v128.load(from + 3 * fromStep);
  const low01 = v128.shuffle<i32>(row0, row1, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(row0, row1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(row2, row3, 0, 4, 1, 5);
  const high23 = v128.shuffle<i32>(row2, row3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(to + toStep, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(to + 2 * toStep, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(to + 3 * toStep, v128.shuffle<i64>(high01, high23, 1, 3));
}
