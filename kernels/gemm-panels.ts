// What the dense and the sparse matrix product share: B in panels, and tiles that go to C.

import { copyPadded, floats, relu4, transpose4 } from './floats';

/**
 * Adds the first `cols` values of `rows` tile rows of `tileCols` floats to C, which has the bias (if not 0) or what it
 * held before (if `accumulate`). Sums of depth blocks are added to each other, not chained: long sums lose less to
 * rounding.
 */
export function addRows(
  c: usize,
  rowBytes: usize,
  tile: usize,
  tileCols: i32,
  rows: i32,
  cols: i32,
  bias: usize,
  accumulate: bool,
  relu: bool,
): void {
  for (; rows > 0; rows--) {
    const onto = accumulate ? c : bias;
    let j = 0;
    for (; j + 4 <= cols; j += 4) {
      let values = v128.load(tile + floats(j));
      if (onto != 0) values = f32x4.add(values, v128.load(onto + floats(j)));
      if (relu) values = relu4(values);
      v128.store(c + floats(j), values);
    }
    for (; j < cols; j++) {
      let value = load<f32>(tile + floats(j));
      if (onto != 0) value += load<f32>(onto + floats(j));
      if (relu && value < 0) value = 0;
      store<f32>(c + floats(j), value);
    }
    tile += floats(tileCols);
    c += rowBytes;
  }
}

/** Panels of `tileCols` columns, [depth, tileCols] each, of B stored [depth, width]; missing columns are zero. */
export function packColumns(panels: usize, b: usize, width: i32, cols: i32, depth: i32, tileCols: i32): void {
  const rowBytes = floats(width);
  for (let j = 0; j < cols; j += tileCols) {
    const panelCols = min(tileCols, cols - j);
    let row = b + floats(j);
    for (let k = depth; k > 0; k--) {
      copyPadded(panels, row, panelCols, tileCols);
      panels += floats(tileCols);
      row += rowBytes;
    }
  }
}

/** The same panels of B stored [width, depth] with rows of `width` floats. `tileCols` is a multiple of 4. */
export function packColumnsTransposed(panels: usize, b: usize, width: i32, cols: i32, depth: i32, tileCols: i32): void {
  const rowBytes = floats(width);
  const panelBytes = floats(tileCols);
  for (let j = 0; j < cols; j += tileCols) {
    const first = b + <usize>j * rowBytes;
    const panelCols = min(tileCols, cols - j);
    const whole = panelCols == tileCols ? depth & -4 : 0;
    for (let i = 0; i < tileCols; i += 4) {
      for (let k = 0; k < whole; k += 4) {
        const from = first + <usize>i * rowBytes + floats(k);
        transpose4(panels + <usize>k * panelBytes + floats(i), panelBytes, from, rowBytes);
      }
    }
    for (let k = whole; k < depth; k++) {
      gatherPadded(panels + <usize>k * panelBytes, first + floats(k), rowBytes, panelCols, tileCols);
    }
    panels += <usize>depth * panelBytes;
  }
}

/** Copies `count` floats that lie `step` bytes apart and fills the rest of `width` with zeros. */
export function gatherPadded(to: usize, from: usize, step: usize, count: i32, width: i32): void {
  for (let i = 0; i < width; i++) {
    store<f32>(to + floats(i), i < count ? load<f32>(from + <usize>i * step) : <f32>0);
  }
}
