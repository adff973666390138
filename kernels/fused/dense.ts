// The matrix products of a dense layer whose input is not sparse.

import { floats, multiplyAdd } from '../floats';

// Two rows by 16 columns, as in `sparse.ts`; four by 8 for the weights' gradient.
const PANEL_COLS: i32 = 16;
const GRADIENT_COLS: i32 = 8;

/**
 * out[rows, cols] = bias + x[rows, depth] · W, with zeros for the bias where it is 0. `cols` is a multiple of 16; W is
 * in panels of 16 columns, [cols / 16, panelDepth, 16]. Strides are in bytes. `scratch` needs 64 bytes.
 */
export function multiply(
  rows: i32,
  depth: i32,
  cols: i32,
  x: usize,
  strideX: usize,
  panels: usize,
  panelDepth: i32,
  out: usize,
  strideOut: usize,
  bias: usize,
  scratch: usize,
): void {
  for (let j = 0; j < cols; j += PANEL_COLS) {
    const panel = panels + floats(j * panelDepth);
    for (let i = 0; i < rows; i += 2) {
      const x0 = x + <usize>i * strideX;
      const first = out + <usize>i * strideOut + floats(j);
      // An odd last row is paired with itself; its twin's sums go nowhere.
      const paired = i + 1 < rows;
      const x1 = paired ? x0 + strideX : x0;
      const second = paired ? first + strideOut : scratch;
      startTile(first, second, bias != 0 ? bias + floats(j) : 0);
      multiplyPair(depth, x0, x1, panel, first, second);
    }
  }
}

function startTile(first: usize, second: usize, bias: usize): void {
  for (let at: usize = 0; at < 64; at += 16) {
    const value = bias != 0 ? v128.load(bias + at) : f32x4.splat(0);
    v128.store(first + at, value);
    v128.store(second + at, value);
  }
}

/** first[16], second[16] += two rows of x times a panel [depth, 16]. */
function multiplyPair(depth: i32, x0: usize, x1: usize, panel: usize, first: usize, second: usize): void {
  let c00 = v128.load(first);
  let c01 = v128.load(first, 16);
  let c02 = v128.load(first, 32);
  let c03 = v128.load(first, 48);
  let c10 = v128.load(second);
  let c11 = v128.load(second, 16);
  let c12 = v128.load(second, 32);
  let c13 = v128.load(second, 48);
  do {
    const w0 = v128.load(panel);
    const w1 = v128.load(panel, 16);
    const w2 = v128.load(panel, 32);
    const w3 = v128.load(panel, 48);
    const a0 = v128.load_splat<f32>(x0);
    c00 = multiplyAdd(c00, a0, w0);
    c01 = multiplyAdd(c01, a0, w1);
    c02 = multiplyAdd(c02, a0, w2);
    c03 = multiplyAdd(c03, a0, w3);
    const a1 = v128.load_splat<f32>(x1);
    c10 = multiplyAdd(c10, a1, w0);
    c11 = multiplyAdd(c11, a1, w1);
    c12 = multiplyAdd(c12, a1, w2);
    c13 = multiplyAdd(c13, a1, w3);
    panel += 64;
    x0 += 4;
    x1 += 4;
  } while (--depth);
  v128.store(first, c00);
  v128.store(first, c01, 16);
  v128.store(first, c02, 32);
  v128.store(first, c03, 48);
  v128.store(second, c10);
  v128.store(second, c11, 16);
  v128.store(second, c12, 32);
  v128.store(second, c13, 48);
}

/**
 * gradient[rows, cols] = xᵀ · g over `batch` samples: x is [batch, rows], g [batch, cols]. `rows` is a multiple of 4,
 * `cols` of 8. Strides are in bytes.
 */
export function weightGradient(
  batch: i32,
  rows: i32,
  cols: i32,
  x: usize,
  strideX: usize,
  g: usize,
  strideG: usize,
  gradient: usize,
  strideOut: usize,
): void {
  for (let i = 0; i < rows; i += 4) {
    for (let j = 0; j < cols; j += GRADIENT_COLS) {
      const out = gradient + <usize>i * strideOut + floats(j);
      gradientTile(batch, x + floats(i), strideX, g + floats(j), strideG, out, strideOut);
    }
  }
}

/** out[4, 8] = the sum over the batch of 4 values of x times 8 of g. */
function gradientTile(
  batch: i32,
  x: usize,
  strideX: usize,
  g: usize,
  strideG: usize,
  out: usize,
  strideOut: usize,
): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  do {
    const g0 = v128.load(g);
    const g1 = v128.load(g, 16);
    const a0 = v128.load_splat<f32>(x);
    c00 = multiplyAdd(c00, a0, g0);
    c01 = multiplyAdd(c01, a0, g1);
    const a1 = v128.load_splat<f32>(x, 4);
    c10 = multiplyAdd(c10, a1, g0);
    c11 = multiplyAdd(c11, a1, g1);
    const a2 = v128.load_splat<f32>(x, 8);
    c20 = multiplyAdd(c20, a2, g0);
    c21 = multiplyAdd(c21, a2, g1);
    const a3 = v128.load_splat<f32>(x, 12);
    c30 = multiplyAdd(c30, a3, g0);
    c31 = multiplyAdd(c31, a3, g1);
    x += strideX;
    g += strideG;
  } while (--batch);
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += strideOut;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += strideOut;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += strideOut;
  v128.store(out, c30);
  v128.store(out, c31, 16);
}
