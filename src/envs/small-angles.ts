/*
 * Sine and cosine of small angles by the polynomials of fdlibm (Sun Microsystems 1993; minimax on |x| ≤ π/4, error below
 * one unit in the last place). Some runtimes' Math.sin and Math.cos give these very values, others differ in the last
 * bit: so a game is the same on all of them, and a call costs a few nanoseconds.
 */

/** Larger angles take another path in fdlibm; here they go to Math.cos and Math.sin. */
const LARGEST_SQUARE = 0.3 ** 2;

export function sinSmall(x: number): number {
  const z = x * x;
  if (z > LARGEST_SQUARE) return Math.sin(x);
  const r =
    8.33333333332248946124e-3 +
    z *
      (-1.98412698298579493134e-4 +
        z * (2.75573137070700676789e-6 + z * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10)));
  return x + z * x * (-1.66666666666666324348e-1 + z * r);
}

export function cosSmall(x: number): number {
  const z = x * x;
  if (z > LARGEST_SQUARE) return Math.cos(x);
  const r =
    z *
    (4.16666666666666019037e-2 +
      z *
        (-1.38888888888741095749e-3 +
          z *
            (2.48015872894767294178e-5 +
              z * (-2.75573143513906633035e-7 + z * (2.0875723212981748279e-9 + z * -1.13596475577881948265e-11)))));
  return 1 - (0.5 * z - z * r);
}
