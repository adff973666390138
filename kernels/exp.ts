// Exponential and logarithm without tables, which would be static data.

import { multiplyAdd } from './floats';

const LOG2_E: f32 = 1.44269504;
// ln 2 in two parts: the product of the first with a small integer is exact.
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;
// Adding it rounds to a whole number, which then stands in the lowest bits.
const TO_WHOLE: f32 = 12582912;
const LEAST: f32 = -87.3;
const GREATEST: f32 = 88.3;

/**
 * e^x in every lane, to 2 units in the last place: 2^n times a polynomial (Cephes, `expf`). Below -87.3 it is 0, above
 * 88.3 it stays at e^88.3; NaN stays NaN.
 */
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(GREATEST)), f32x4.splat(LEAST));
  const whole = multiplyAdd(f32x4.splat(TO_WHOLE), clamped, f32x4.splat(LOG2_E));
  const n = f32x4.sub(whole, f32x4.splat(TO_WHOLE));
  const r = multiplyAdd(multiplyAdd(clamped, n, f32x4.splat(-LN2_HIGH)), n, f32x4.splat(-LN2_LOW));
  let p = f32x4.splat(1.98756915e-4);
  p = multiplyAdd(f32x4.splat(1.3981999507e-3), p, r);
  p = multiplyAdd(f32x4.splat(8.3334519073e-3), p, r);
  p = multiplyAdd(f32x4.splat(4.1665795894e-2), p, r);
  p = multiplyAdd(f32x4.splat(1.6666665459e-1), p, r);
  p = multiplyAdd(f32x4.splat(5.0000001201e-1), p, r);
  p = multiplyAdd(f32x4.add(r, f32x4.splat(1)), p, f32x4.mul(r, r));
  // The shift leaves n alone of the bits, in the place of the exponent; 1 has the exponent of 2^0.
  const power = i32x4.add(i32x4.shl(whole, 23), f32x4.splat(1));
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x, f32x4.splat(LEAST)));
}

/** ln x for a positive normal number, by the series of artanh on the mantissa; NaN stays NaN. */
export function log(x: f32): f32 {
  if (x != x) return x;
  const bits = reinterpret<i32>(x);
  // The mantissa in √½ … √2, where the series converges fast.
  const exponent = (bits - 0x3f3504f3) >> 23;
  const mantissa = <f64>reinterpret<f32>(bits - (exponent << 23));
  const t = (mantissa - 1) / (mantissa + 1);
  const t2 = t * t;
  const series = 1 + t2 * (1.0 / 3 + t2 * (1.0 / 5 + t2 * (1.0 / 7 + t2 * (1.0 / 9 + t2 / 11))));
  return <f32>(<f64>exponent * 0.6931471805599453 + 2 * t * series);
}
