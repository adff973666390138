import { relu4 } from '../floats';

// log2(e), and ln 2 in two parts, of which the first has few digits: n · LN2_HIGH is exact.
const LOG2_E: f32 = 1.4426950408889634;
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440054690583e-4;
// tanh of more is 1 in single precision.
const TANH_END: f32 = 9.02;

/** x = max(x, 0) over `count` floats, a multiple of 4; NaN stays NaN. */
export function relu(count: i32, x: usize): void {
  for (; count > 0; count -= 4) {
    v128.store(x, relu4(v128.load(x)));
    x += 16;
  }
}

/** x = tanh(x) over `count` floats, a multiple of 4. */
export function tanh(count: i32, x: usize): void {
  for (; count > 0; count -= 4) {
    v128.store(x, tanh4(v128.load(x)));
    x += 16;
  }
}

/** g = g where y > 0, else 0: through a ReLU with output y. */
export function reluBackward(count: i32, g: usize, y: usize): void {
  for (; count > 0; count -= 4) {
    v128.store(g, v128.and(v128.load(g), f32x4.gt(v128.load(y), f32x4.splat(0))));
    g += 16;
    y += 16;
  }
}

/** g = g · (1 − y²): through a tanh with output y. */
export function tanhBackward(count: i32, g: usize, y: usize): void {
  for (; count > 0; count -= 4) {
    const output = v128.load(y);
    const slope = f32x4.sub(f32x4.splat(1), f32x4.mul(output, output));
    v128.store(g, f32x4.mul(v128.load(g), slope));
    g += 16;
    y += 16;
  }
}

/** tanh |x| = e / (e + 2) with e = exp(2|x|) − 1, given the sign of x. NaN stays NaN. */
function tanh4(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const e = expMinusOne(f32x4.min(f32x4.mul(f32x4.abs(x), f32x4.splat(2)), f32x4.splat(2 * TANH_END)));
  return v128.or(f32x4.div(e, f32x4.add(e, f32x4.splat(2))), sign);
}

/**
 * exp(x) − 1 for 0 ≤ x ≤ 88: with x = n ln 2 + r, |r| ≤ ln 2 / 2, it is 2ⁿ (exp(r) − 1) + (2ⁿ − 1), and exp(r) − 1 is
 * its Taylor series up to r⁷, whose rest is below 1e-8 of it.
 */
function expMinusOne(x: v128): v128 {
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(LOG2_E)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(LN2_LOW)));
  let p = f32x4.splat(1.0 / 5040.0);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 720.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 120.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 24.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 6.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r);
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.add(f32x4.mul(power, p), f32x4.sub(power, f32x4.splat(1)));
}
