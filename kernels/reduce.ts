import { floats } from './floats';

// Sums of this many rows are added to each other: one long chain would lose digits to rounding.
const BLOCK_ROWS: i32 = 256;

/** out[cols] = sum over the rows of x[rows, cols]: the gradient of a bias. */
export function columnSum(rows: i32, cols: i32, x: usize, out: usize): void {
  memory.fill(out, 0, floats(cols));
  for (let row = 0; row < rows; row += BLOCK_ROWS) {
    addColumns(min(BLOCK_ROWS, rows - row), cols, x + floats(row * cols), out);
  }
}

function addColumns(rows: i32, cols: i32, x: usize, out: usize): void {
  const rowBytes = floats(cols);
  let j = 0;
  for (; j + 16 <= cols; j += 16) addSixteenColumns(rows, rowBytes, x + floats(j), out + floats(j));
  for (; j + 4 <= cols; j += 4) {
    let from = x + floats(j);
    let sum = f32x4.splat(0);
    for (let i = rows; i > 0; i--) {
      sum = f32x4.add(sum, v128.load(from));
      from += rowBytes;
    }
    const to = out + floats(j);
    v128.store(to, f32x4.add(v128.load(to), sum));
  }
  for (; j < cols; j++) {
    let from = x + floats(j);
    let sum: f32 = 0;
    for (let i = rows; i > 0; i--) {
      sum += load<f32>(from);
      from += rowBytes;
    }
    const to = out + floats(j);
    store<f32>(to, load<f32>(to) + sum);
  }
}

function addSixteenColumns(rows: i32, rowBytes: usize, from: usize, to: usize): void {
  let sum0 = f32x4.splat(0);
  let sum1 = f32x4.splat(0);
  let sum2 = f32x4.splat(0);
  let sum3 = f32x4.splat(0);
  for (; rows > 0; rows--) {
    sum0 = f32x4.add(sum0, v128.load(from));
    sum1 = f32x4.add(sum1, v128.load(from, 16));
    sum2 = f32x4.add(sum2, v128.load(from, 32));
    sum3 = f32x4.add(sum3, v128.load(from, 48));
    from += rowBytes;
  }
  v128.store(to, f32x4.add(v128.load(to), sum0));
  v128.store(to, f32x4.add(v128.load(to, 16), sum1), 16);
  v128.store(to, f32x4.add(v128.load(to, 32), sum2), 32);
  v128.store(to, f32x4.add(v128.load(to, 48), sum3), 48);
}

/** Sum of the squares of `count` floats, in double precision: the part of a global norm. */
export function sumOfSquares(count: i32, x: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (; count >= 4; count -= 4) {
    const values = v128.load(x);
    const first = f64x2.promote_low_f32x4(values);
    const second = f64x2.promote_low_f32x4(v128.shuffle<i64>(values, values, 1, 1));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
    x += 16;
  }
  const sums = f64x2.add(low, high);
  let total = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; count > 0; count--) {
    const value = <f64>load<f32>(x);
    total += value * value;
    x += 4;
  }
  return total;
}
