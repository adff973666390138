// Matrix product, blocked and packed as in Goto & van de Geijn 2008, "Anatomy of High-Performance Matrix
// Multiplication": blocks of A and B are copied into panels that the innermost loop reads straight through.

import { copyPadded, floats, multiplyAdd, transpose4 } from './floats';
import { addRows, gatherPadded, packColumns, packColumnsTransposed } from './gemm-panels';
import { isSparse, sparseGemm, sparseGemmScratchBytes } from './gemm-sparse';

// A 5x8 tile of C keeps 10 of the 16 SIMD registers for sums and leaves the others for A and B.
const TILE_ROWS: i32 = 5;
const TILE_COLS: i32 = 8;
const TILE_BYTES: i32 = 160;
// A block of A (60 kB) and the panel of B in use stay in the first two caches.
const BLOCK_ROWS: i32 = 60;
const BLOCK_COLS: i32 = 256;
const BLOCK_DEPTH: i32 = 256;

// With fewer columns the lists that `sparseGemm` makes cost more than they save.
const SPARSE_FROM_COLS: i32 = 32;

/** Bytes of scratch that `gemm` needs, whatever the shapes. */
export function gemmScratchBytes(): i32 {
  return max(sparseGemmScratchBytes(), (BLOCK_ROWS + BLOCK_COLS) * BLOCK_DEPTH * 4 + TILE_BYTES);
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
  if (cols >= SPARSE_FROM_COLS && isSparse(rows * depth, a)) {
    sparseGemm(transposeA, transposeB, rows, cols, depth, a, b, c, bias, relu, scratch);
    return;
  }
  const panelsB = scratch;
  const panelsA = panelsB + floats(BLOCK_COLS * BLOCK_DEPTH);
  const tile = panelsA + floats(BLOCK_ROWS * BLOCK_DEPTH);
  for (let j = 0; j < cols; j += BLOCK_COLS) {
    const blockCols = min(BLOCK_COLS, cols - j);
    for (let k = 0; k < depth; k += BLOCK_DEPTH) {
      const blockDepth = min(BLOCK_DEPTH, depth - k);
      if (transposeB)
        packColumnsTransposed(panelsB, b + floats(j * depth + k), depth, blockCols, blockDepth, TILE_COLS);
      else packColumns(panelsB, b + floats(k * cols + j), cols, blockCols, blockDepth, TILE_COLS);
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
      addRows(out, rowBytes, tile, TILE_COLS, tileRows, tileCols, tileBias, accumulate, relu);
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
