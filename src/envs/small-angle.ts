/*
 * Sine and cosine of |x| < 0.3 by the polynomials of fdlibm (Sun Microsystems 1993, k_sin.c and k_cos.c), on which the
 * Math.sin and Math.cos of Node's V8 are built too: the same bits (but for the sign of 0), without what larger angles
 * need. Those are left to Math.
 */

const LIMIT = 0.3;

const S1 = -1.66666666666666324348e-1;
const S2 = 8.33333333332248946124e-3;
const S3 = -1.98412698298579493134e-4;
const S4 = 2.75573137070700676789e-6;
const S5 = -2.50507602534068634195e-8;
const S6 = 1.58969099521155010221e-10;

const C1 = 4.16666666666666019037e-2;
const C2 = -1.38888888888741095749e-3;
const C3 = 2.48015872894767294178e-5;
const C4 = -2.75573143513906633035e-7;
const C5 = 2.0875723212981748279e-9;
const C6 = -1.13596475577881948265e-11;

export function sinOfSmall(x: number): number {
  if (Math.abs(x) >= LIMIT) return Math.sin(x);
  const z = x * x;
  const r = S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)));
  return x + z * x * (S1 + z * r);
}

export function cosOfSmall(x: number): number {
  if (Math.abs(x) >= LIMIT) return Math.cos(x);
  const z = x * x;
  const r = z * (C1 + z * (C2 + z * (C3 + z * (C4 + z * (C5 + z * C6)))));
  return 1 - (0.5 * z - z * r);
}
