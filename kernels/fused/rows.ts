// What a fused step does to matrices besides multiplying them: packing, scaling, updating. A matrix is [rows, cols]
// with `stride` bytes a row.

import { floats, transpose4 } from '../floats';

const PANEL_COLS: i32 = 16;

/**
 * Columns `column` … of panels of 16, [_, panelRows, 16], rows from `first` on = w[rows, cols]. `column` and `cols` are
 * multiples of 8.
 */
export function packPanels(
  rows: i32,
  cols: i32,
  w: usize,
  stride: usize,
  panels: usize,
  panelRows: i32,
  first: i32,
  column: i32,
): void {
  for (let j = 0; j < cols; j += 8) {
    const within = (column + j) % PANEL_COLS;
    let to = panels + floats((column + j - within) * panelRows + first * PANEL_COLS + within);
    let from = w + floats(j);
    for (let i = rows; i > 0; i--) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      to += floats(PANEL_COLS);
      from += stride;
    }
  }
}

/**
 * The same of wᵀ: rows of w become columns of panels [_, panelRows, 16], from column `column` on, and columns of w rows,
 * from `first` on. All counts are multiples of 4.
 */
export function packTurned(
  rows: i32,
  cols: i32,
  w: usize,
  stride: usize,
  panels: usize,
  panelRows: i32,
  first: i32,
  column: i32,
): void {
  for (let i = 0; i < rows; i += 4) {
    const within = (column + i) % PANEL_COLS;
    const panel = panels + floats((column + i - within) * panelRows + first * PANEL_COLS + within);
    const from = w + <usize>i * stride;
    for (let j = 0; j < cols; j += 4) {
      transpose4(panel + floats(j * PANEL_COLS), floats(PANEL_COLS), from + floats(j), stride);
    }
  }
}

/** out[cols] = the sum of x's rows; `cols` is a multiple of 4. */
export function sumRows(rows: i32, cols: i32, x: usize, stride: usize, out: usize): void {
  for (let j = 0; j < cols; j += 4) {
    let sum = f32x4.splat(0);
    let from = x + floats(j);
    for (let i = rows; i > 0; i--) {
      sum = f32x4.add(sum, v128.load(from));
      from += stride;
    }
    v128.store(out + floats(j), sum);
  }
}

/** out[rows, stride] = observation row `indices[i]` of `obs` [_, count] (float32), each value times its factor. */
export function scaleRows(
  rows: i32,
  count: i32,
  obs: usize,
  indices: usize,
  factors: usize,
  out: usize,
  strideOut: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const from = obs + floats(load<i32>(indices + floats(i)) * count);
    for (let k = 0; k < count; k++) {
      store<f32>(out + floats(k), load<f32>(from + floats(k)) * load<f32>(factors + floats(k)));
    }
    out += strideOut;
  }
}
