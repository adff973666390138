// The matrix product where many values of A are zero: what a ReLU lets through, the planes of a board game. Only the
// values that are set are multiplied; what is skipped would have added exactly zero.

import { addRows, packColumns, packColumnsTransposed } from './gemm-panels';
import { floats, multiplyAdd } from './floats';
import { turnRows, writeSelections } from './lists';

// One row by 32 columns: 8 of the 16 SIMD registers hold sums.
const TILE_COLS: i32 = 32;
const BLOCK_ROWS: i32 = 32;
const BLOCK_COLS: i32 = 256;
const BLOCK_DEPTH: i32 = 256;
// A row's list: its values, then for each the byte offset of the row of B that it multiplies. Both have room for the
// three that a write of four may add.
const LIST_OFFSETS: usize = 1040;
const LIST_BYTES: usize = 2080;
const SELECTION_BYTES: usize = 256;
// Listing what is set pays off when three in ten values are zero.
const SPARSE_BELOW: f32 = 0.7;

/** Bytes of scratch that `sparseGemm` needs, whatever the shapes. */
export function sparseGemmScratchBytes(): i32 {
  return (
    (BLOCK_COLS * BLOCK_DEPTH + BLOCK_ROWS * BLOCK_DEPTH + BLOCK_ROWS + TILE_COLS) * 4 +
    BLOCK_ROWS * <i32>LIST_BYTES +
    <i32>SELECTION_BYTES
  );
}

/** Whether few enough of `count` values are set. */
export function isSparse(count: i32, x: usize): bool {
  let counts = i32x4.splat(0);
  let rest = count;
  for (; rest >= 4; rest -= 4) {
    // A comparison that holds is -1.
    counts = i32x4.sub(counts, f32x4.ne(v128.load(x), f32x4.splat(0)));
    x += 16;
  }
  const pairs = i32x4.add(counts, v128.shuffle<i32>(counts, counts, 2, 3, 0, 1));
  const set = i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
  return <f32>(set + rest) < SPARSE_BELOW * <f32>count;
}

/** As `gemm`. */
export function sparseGemm(
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
  const panels = scratch;
  const lists = panels + floats(BLOCK_COLS * BLOCK_DEPTH);
  const turned = lists + LIST_BYTES * <usize>BLOCK_ROWS;
  const counts = turned + floats(BLOCK_ROWS * BLOCK_DEPTH);
  const tile = counts + floats(BLOCK_ROWS);
  const selections = tile + floats(TILE_COLS);
  writeSelections(selections);
  for (let j = 0; j < cols; j += BLOCK_COLS) {
    const blockCols = min(BLOCK_COLS, cols - j);
    for (let k = 0; k < depth; k += BLOCK_DEPTH) {
      const blockDepth = min(BLOCK_DEPTH, depth - k);
      if (transposeB) packColumnsTransposed(panels, b + floats(j * depth + k), depth, blockCols, blockDepth, TILE_COLS);
      else packColumns(panels, b + floats(k * cols + j), cols, blockCols, blockDepth, TILE_COLS);
      for (let i = 0; i < rows; i += BLOCK_ROWS) {
        const blockRows = min(BLOCK_ROWS, rows - i);
        if (transposeA) {
          turnRows(turned, floats(blockDepth), a + floats(k * rows + i), floats(rows), blockRows, blockDepth);
          listRows(lists, counts, selections, turned, blockDepth, blockRows, blockDepth);
        } else {
          listRows(lists, counts, selections, a + floats(i * depth + k), depth, blockRows, blockDepth);
        }
        const blockBias = k == 0 && bias != 0 ? bias + floats(j) : 0;
        const blockRelu = relu && k + blockDepth == depth;
        const out = c + floats(i * cols + j);
        multiplyBlock(
          blockRows,
          blockCols,
          blockDepth,
          lists,
          counts,
          panels,
          out,
          floats(cols),
          blockBias,
          k > 0,
          blockRelu,
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
  lists: usize,
  counts: usize,
  panels: usize,
  c: usize,
  rowBytes: usize,
  bias: usize,
  accumulate: bool,
  relu: bool,
  tile: usize,
): void {
  for (let j = 0; j < cols; j += TILE_COLS) {
    const tileCols = min(TILE_COLS, cols - j);
    const tileBias = bias != 0 ? bias + floats(j) : 0;
    for (let i = 0; i < rows; i++) {
      const list = lists + LIST_BYTES * <usize>i;
      multiplyRow(load<i32>(counts + floats(i)), list, panels + floats(j * depth), tile);
      addRows(c + <usize>i * rowBytes + floats(j), rowBytes, tile, TILE_COLS, 1, tileCols, tileBias, accumulate, relu);
    }
  }
}

/** tile[32] = the listed values of a row of A times their rows of a panel [depth, 32] of B. */
function multiplyRow(count: i32, list: usize, panel: usize, tile: usize): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let c4 = f32x4.splat(0);
  let c5 = f32x4.splat(0);
  let c6 = f32x4.splat(0);
  let c7 = f32x4.splat(0);
  if (count > 0) {
    do {
      const a = v128.load_splat<f32>(list);
      const b = panel + load<u32>(list, LIST_OFFSETS);
      c0 = multiplyAdd(c0, a, v128.load(b));
      c1 = multiplyAdd(c1, a, v128.load(b, 16));
      c2 = multiplyAdd(c2, a, v128.load(b, 32));
      c3 = multiplyAdd(c3, a, v128.load(b, 48));
      c4 = multiplyAdd(c4, a, v128.load(b, 64));
      c5 = multiplyAdd(c5, a, v128.load(b, 80));
      c6 = multiplyAdd(c6, a, v128.load(b, 96));
      c7 = multiplyAdd(c7, a, v128.load(b, 112));
      list += 4;
    } while (--count);
  }
  v128.store(tile, c0);
  v128.store(tile, c1, 16);
  v128.store(tile, c2, 32);
  v128.store(tile, c3, 48);
  v128.store(tile, c4, 64);
  v128.store(tile, c5, 80);
  v128.store(tile, c6, 96);
  v128.store(tile, c7, 112);
}

/** Lists what is set in each row of a block of A stored with rows of `width` floats. */
function listRows(lists: usize, counts: usize, selections: usize, a: usize, width: i32, rows: i32, depth: i32): void {
  for (let i = 0; i < rows; i++) {
    const count = listRow(lists + LIST_BYTES * <usize>i, selections, a + floats(i * width), depth);
    store<i32>(counts + floats(i), count);
  }
}

/**
 * Four values at a time: moves those that are set to the front, writes all four, and advances by how many were set. So
 * there is no branch to mispredict.
 */
function listRow(list: usize, selections: usize, row: usize, depth: i32): i32 {
  const rowBytes = <i32>floats(TILE_COLS);
  const start = list;
  let offsets = i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(rowBytes));
  const next = i32x4.splat(4 * rowBytes);
  for (; depth >= 4; depth -= 4) {
    const values = v128.load(row);
    const set = i32x4.bitmask(f32x4.ne(values, f32x4.splat(0)));
    const selection = v128.load(selections + ((<usize>set) << 4));
    v128.store(list, v128.swizzle(values, selection));
    v128.store(list, v128.swizzle(offsets, selection), LIST_OFFSETS);
    list += floats(popcnt(set));
    offsets = i32x4.add(offsets, next);
    row += 16;
  }
  let offset = i32x4.extract_lane(offsets, 0);
  for (; depth > 0; depth--) {
    const value = load<f32>(row);
    store<f32>(list, value);
    store<i32>(list, offset, LIST_OFFSETS);
    list += floats(i32(value != 0));
    offset += rowBytes;
    row += 4;
  }
  return <i32>((list - start) >> 2);
}
