// Matrix product, blocked and packed as in Goto & van de Geijn 2008, "Anatomy of High-Performance Matrix
// Multiplication": blocks of A and B are copied into panels that the innermost loop reads straight through.

import { copyPadded, floats, multiplyAdd, relu4, transpose4 } from './floats';

// A 5x8 tile of C keeps 10 of the 16 SIMD registers for sums and leaves the others for A and B.
const TILE_ROWS: i32 = 5;
const TILE_COLS: i32 = 8;
const TILE_BYTES: usize = 160;
// A block of A (60 kB) and the panel of B in use stay in the first two caches.
const BLOCK_ROWS: i32 = 60;
const BLOCK_COLS: i32 = 256;
const BLOCK_DEPTH: i32 = 256;

/** Bytes of scratch that `gemm` needs, whatever the shapes. */
export function gemmScratchBytes(): i32 {
  return (BLOCK_ROWS + BLOCK_COLS) * BLOCK_DEPTH * 4 + <i32>TILE_BYTES;
}

/**
 * C[rows, cols] = op(A) · op(B), then + bias[cols] unless `bias` is 0, then ReLU if asked.
 * op(A) is [rows, depth], stored [depth, rows] where `transposeA`; op(B) is [depth, cols], stored [cols, depth] where
 * `transposeB`. C must not overlap A, B or bias. Needs depth ≥ 1.
 */
export function gemm(
  transposeA: bool,
  transposeB: bool,
  rows: i32,
  cols: i32,
  depth: i32,
  a: usize,
  b: usize,
  c: usize,
  bias: usize,
  relu: bool,
  scratch: usize,
): void {
  const panelsB = scratch;
  const panelsA = panelsB + floats(BLOCK_COLS * BLOCK_DEPTH);
  const tile = panelsA + floats(BLOCK_ROWS * BLOCK_DEPTH);
  for (let j = 0; j < cols; j += BLOCK_COLS) {
    const blockCols = min(BLOCK_COLS, cols - j);
    for (let k = 0; k < depth; k += BLOCK_DEPTH) {
      const blockDepth = min(BLOCK_DEPTH, depth - k);
      if (transposeB) packColumnsTransposed(panelsB, b + floats(j * depth + k), depth, blockCols, blockDepth);
      else packColumns(panelsB, b + floats(k * cols + j), cols, blockCols, blockDepth);
      for (let i = 0; i < rows; i += BLOCK_ROWS) {
        const blockRows = min(BLOCK_ROWS, rows - i);
        if (transposeA) packRowsTransposed(panelsA, a + floats(k * rows + i), rows, blockRows, blockDepth);
        else packRows(panelsA, a + floats(i * depth + k), depth, blockRows, blockDepth);
        multiplyBlock(
          blockRows,
          blockCols,
          blockDepth,
          panelsA,
          panelsB,
          c + floats(i * cols + j),
          floats(cols),
          k == 0 && bias != 0 ? bias + floats(j) : 0,
          k > 0,
          relu && k + blockDepth == depth,
          tile,
        );
      }
    }
  }
}

function multiplyBlock(
  rows: i32,
  cols: i32,
  depth: i32,
  panelsA: usize,
  panelsB: usize,
  c: usize,
  rowBytes: usize,
  bias: usize,
  accumulate: bool,
  relu: bool,
  tile: usize,
): void {
  for (let j = 0; j < cols; j += TILE_COLS) {
    const panelB = panelsB + floats(j * depth);
    const tileCols = min(TILE_COLS, cols - j);
    const tileBias = bias != 0 ? bias + floats(j) : 0;
    for (let i = 0; i < rows; i += TILE_ROWS) {
      const tileRows = min(TILE_ROWS, rows - i);
      multiplyTile(depth, panelsA + floats(i * depth), panelB, tile);
      const out = c + <usize>i * rowBytes + floats(j);
      if (tileCols == TILE_COLS) addFullRows(out, rowBytes, tile, tileRows, tileBias, accumulate, relu);
      else addPartRows(out, rowBytes, tile, tileRows, tileCols, tileBias, accumulate, relu);
    }
  }
}

/**
 * tile[5, 8] = panel of A [depth, 5] · panel of B [depth, 8]. It does nothing else on purpose: with more values alive
 * V8 spills sums out of registers, and the loop runs at half the speed; unrolled it does so too. Testing at the end of
 * the loop gains a tenth.
 */
function multiplyTile(depth: i32, a: usize, b: usize, tile: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c41 = f32x4.splat(0);
  do {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    c00 = multiplyAdd(c00, a0, b0);
    c01 = multiplyAdd(c01, a0, b1);
    const a1 = v128.load_splat<f32>(a, 4);
    c10 = multiplyAdd(c10, a1, b0);
    c11 = multiplyAdd(c11, a1, b1);
    const a2 = v128.load_splat<f32>(a, 8);
    c20 = multiplyAdd(c20, a2, b0);
    c21 = multiplyAdd(c21, a2, b1);
    const a3 = v128.load_splat<f32>(a, 12);
    c30 = multiplyAdd(c30, a3, b0);
    c31 = multiplyAdd(c31, a3, b1);
    const a4 = v128.load_splat<f32>(a, 16);
    c40 = multiplyAdd(c40, a4, b0);
    c41 = multiplyAdd(c41, a4, b1);
    a += 20;
    b += 32;
  } while (--depth);
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
  v128.store(tile, c40, 128);
  v128.store(tile, c41, 144);
}

/** Moves `rows` full rows of a tile into C, on top of the bias or of what is there. */
function addFullRows(
  c: usize,
  rowBytes: usize,
  tile: usize,
  rows: i32,
  bias: usize,
  accumulate: bool,
  relu: bool,
): void {
  let low = f32x4.splat(0);
  let high = f32x4.splat(0);
  if (bias != 0) {
    low = v128.load(bias);
    high = v128.load(bias, 16);
  }
  for (; rows > 0; rows--) {
    // Sums of depth blocks are added to each other, not chained: long sums lose less to rounding.
    if (accumulate) {
      low = v128.load(c);
      high = v128.load(c, 16);
    }
    let first = f32x4.add(v128.load(tile), low);
    let second = f32x4.add(v128.load(tile, 16), high);
    if (relu) {
      first = relu4(first);
      second = relu4(second);
    }
    v128.store(c, first);
    v128.store(c, second, 16);
    tile += 32;
    c += rowBytes;
  }
}

/** The same for the last columns of C, where a tile is wider than what is left. */
function addPartRows(
  c: usize,
  rowBytes: usize,
  tile: usize,
  rows: i32,
  cols: i32,
  bias: usize,
  accumulate: bool,
  relu: bool,
): void {
  for (; rows > 0; rows--) {
    for (let j = 0; j < cols; j++) {
      let value = load<f32>(tile + floats(j));
      if (accumulate) value += load<f32>(c + floats(j));
      else if (bias != 0) value += load<f32>(bias + floats(j));
      if (relu && value < 0) value = 0;
      store<f32>(c + floats(j), value);
    }
    tile += 32;
    c += rowBytes;
  }
}

/** Panels of 8 columns, [depth, 8] each, of B stored [depth, width]; missing columns are zero. */
function packColumns(panels: usize, b: usize, width: i32, cols: i32, depth: i32): void {
  const rowBytes = floats(width);
  for (let j = 0; j < cols; j += TILE_COLS) {
    let row = b + floats(j);
    const panelCols = min(TILE_COLS, cols - j);
    for (let k = depth; k > 0; k--) {
      if (panelCols == TILE_COLS) {
        v128.store(panels, v128.load(row));
        v128.store(panels, v128.load(row, 16), 16);
      } else {
        copyPadded(panels, row, panelCols, TILE_COLS);
      }
      panels += 32;
      row += rowBytes;
    }
  }
}

/** The same panels of B stored [width, depth] with rows of `width` floats. */
function packColumnsTransposed(panels: usize, b: usize, width: i32, cols: i32, depth: i32): void {
  const rowBytes = floats(width);
  for (let j = 0; j < cols; j += TILE_COLS) {
    const first = b + <usize>j * rowBytes;
    const panelCols = min(TILE_COLS, cols - j);
    let k = 0;
    if (panelCols == TILE_COLS) {
      for (; k + 4 <= depth; k += 4) {
        transpose4(panels, 32, first + floats(k), rowBytes);
        transpose4(panels + 16, 32, first + 4 * rowBytes + floats(k), rowBytes);
        panels += 128;
      }
    }
    for (; k < depth; k++) {
      gatherPadded(panels, first + floats(k), rowBytes, panelCols, TILE_COLS);
      panels += 32;
    }
  }
}

/** Panels of 5 rows, [depth, 5] each, of A stored with rows of `width` floats; missing rows are zero. */
function packRows(panels: usize, a: usize, width: i32, rows: i32, depth: i32): void {
  const rowBytes = floats(width);
  for (let i = 0; i < rows; i += TILE_ROWS) {
    const first = a + <usize>i * rowBytes;
    const panelRows = min(TILE_ROWS, rows - i);
    let k = 0;
    if (panelRows == TILE_ROWS) {
      for (; k + 4 <= depth; k += 4) {
        transpose4(panels, 20, first + floats(k), rowBytes);
        const fifth = first + 4 * rowBytes + floats(k);
        store<f32>(panels, load<f32>(fifth), 16);
        store<f32>(panels, load<f32>(fifth, 4), 36);
        store<f32>(panels, load<f32>(fifth, 8), 56);
        store<f32>(panels, load<f32>(fifth, 12), 76);
        panels += 80;
      }
    }
    for (; k < depth; k++) {
      gatherPadded(panels, first + floats(k), rowBytes, panelRows, TILE_ROWS);
      panels += 20;
    }
  }
}

/** The same panels of A stored [depth, width]. */
function packRowsTransposed(panels: usize, a: usize, width: i32, rows: i32, depth: i32): void {
  const rowBytes = floats(width);
  for (let i = 0; i < rows; i += TILE_ROWS) {
    let row = a + floats(i);
    const panelRows = min(TILE_ROWS, rows - i);
    for (let k = depth; k > 0; k--) {
      if (panelRows == TILE_ROWS) {
        v128.store(panels, v128.load(row));
        store<f32>(panels, load<f32>(row, 16), 16);
      } else {
        copyPadded(panels, row, panelRows, TILE_ROWS);
      }
      panels += 20;
      row += rowBytes;
    }
  }
}

/** Copies `count` floats that lie `step` bytes apart and fills the rest of `width` with zeros. */
function gatherPadded(to: usize, from: usize, step: usize, count: i32, width: i32): void {
  for (let i = 0; i < width; i++) {
    store<f32>(to + floats(i), i < count ? load<f32>(from + <usize>i * step) : <f32>0);
  }
}
