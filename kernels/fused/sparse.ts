// The matrix product where many values of A are zero, as behind a ReLU: what is zero in two neighbouring rows is
// skipped. It would have added exactly zero.

import { copyFloats, floats, multiplyAdd } from '../floats';
import { turnRows, writeSelections } from '../lists';

// Two rows by 16 columns: 8 of the 16 SIMD registers hold sums, 4 a row of B, 2 the values of A. V8 loads all of a
// loop's values before it uses the first; with one more register in use it would spill sums.
const PANEL_COLS: i32 = 16;
const PANEL_ROW: i32 = 64;
// The part of a panel in use (16 kB) stays in the first cache.
const BLOCK_DEPTH: i32 = 256;
const MAX_ROWS: i32 = 32;
// The list of a pair of rows: the values of the first, those of the second, then the byte offset of the row of B that
// they multiply. Each has room for the three that a write of four may add.
const LIST_SECOND: usize = 1040;
const LIST_OFFSETS: usize = 2080;
const LIST_BYTES: usize = 3120;
const SELECTION_BYTES: usize = 256;

/**
 * out[rows, cols] = bias + A · B, with zeros for the bias where it is 0. At most 32 rows; `cols` is a multiple of 16.
 * A is [rows, depth] with `strideA` bytes a row, or where `turned` stored as [depth, rows]. B is in panels of 16
 * columns, [cols / 16, panelDepth, 16]. `strideOut` is in bytes.
 */
export function sparseMultiply(
  turned: bool,
  rows: i32,
  depth: i32,
  cols: i32,
  a: usize,
  strideA: usize,
  panels: usize,
  panelDepth: i32,
  out: usize,
  strideOut: usize,
  bias: usize,
  scratch: usize,
): void {
  const lists = scratch;
  const columns = lists + LIST_BYTES * <usize>(MAX_ROWS / 2);
  const counts = columns + floats(MAX_ROWS * BLOCK_DEPTH);
  const selections = counts + floats(MAX_ROWS);
  const spare = selections + SELECTION_BYTES;
  writeSelections(selections);
  startRows(rows, cols, out, strideOut, bias);
  for (let k = 0; k < depth; k += BLOCK_DEPTH) {
    const blockDepth = min(BLOCK_DEPTH, depth - k);
    if (turned) {
      turnRows(columns, floats(BLOCK_DEPTH), a + <usize>k * strideA, strideA, rows, blockDepth);
      listPairs(lists, counts, selections, columns, floats(BLOCK_DEPTH), rows, blockDepth);
    } else {
      listPairs(lists, counts, selections, a + floats(k), strideA, rows, blockDepth);
    }
    for (let j = 0; j < cols; j += PANEL_COLS) {
      const panel = panels + floats(j * panelDepth + k * PANEL_COLS);
      for (let i = 0; i < rows; i += 2) {
        const count = load<i32>(counts + floats(i));
        if (count == 0) continue;
        const first = out + <usize>i * strideOut + floats(j);
        // An odd last row is paired with itself; its twin's sums go nowhere.
        const second = i + 1 < rows ? first + strideOut : spare;
        addPair(count, lists + LIST_BYTES * <usize>(i >> 1), panel, first, second);
      }
    }
  }
}

function startRows(rows: i32, cols: i32, out: usize, strideOut: usize, bias: usize): void {
  for (let i = 0; i < rows; i++) {
    const row = out + <usize>i * strideOut;
    if (bias != 0) copyFloats(row, bias, cols);
    else memory.fill(row, 0, floats(cols));
  }
}

/** first[16], second[16] += the listed values of two rows of A times their rows of a panel. */
function addPair(count: i32, list: usize, panel: usize, first: usize, second: usize): void {
  let c00 = v128.load(first);
  let c01 = v128.load(first, 16);
  let c02 = v128.load(first, 32);
  let c03 = v128.load(first, 48);
  let c10 = v128.load(second);
  let c11 = v128.load(second, 16);
  let c12 = v128.load(second, 32);
  let c13 = v128.load(second, 48);
  do {
    const row = panel + load<u32>(list, LIST_OFFSETS);
    const b0 = v128.load(row);
    const b1 = v128.load(row, 16);
    const b2 = v128.load(row, 32);
    const b3 = v128.load(row, 48);
    const a0 = v128.load_splat<f32>(list);
    c00 = multiplyAdd(c00, a0, b0);
    c01 = multiplyAdd(c01, a0, b1);
    c02 = multiplyAdd(c02, a0, b2);
    c03 = multiplyAdd(c03, a0, b3);
    const a1 = v128.load_splat<f32>(list, LIST_SECOND);
    c10 = multiplyAdd(c10, a1, b0);
    c11 = multiplyAdd(c11, a1, b1);
    c12 = multiplyAdd(c12, a1, b2);
    c13 = multiplyAdd(c13, a1, b3);
    list += 4;
  } while (--count);
  v128.store(first, c00);
  v128.store(first, c01, 16);
  v128.store(first, c02, 32);
  v128.store(first, c03, 48);
  v128.store(second, c10);
  v128.store(second, c11, 16);
  v128.store(second, c12, 32);
  v128.store(second, c13, 48);
}

/** Lists what is set in each pair of rows of a block of A. */
function listPairs(
  lists: usize,
  counts: usize,
  selections: usize,
  a: usize,
  strideA: usize,
  rows: i32,
  depth: i32,
): void {
  for (let i = 0; i < rows; i += 2) {
    const first = a + <usize>i * strideA;
    const second = i + 1 < rows ? first + strideA : first;
    const count = listPair(lists + LIST_BYTES * <usize>(i >> 1), selections, first, second, depth);
    store<i32>(counts + floats(i), count);
  }
}

/**
 * Four values of each row at a time: moves those that are set in one of them to the front, writes all four, and
 * advances by how many were set. So there is no branch to mispredict.
 */
function listPair(list: usize, selections: usize, first: usize, second: usize, depth: i32): i32 {
  const start = list;
  let offsets = i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(PANEL_ROW));
  const next = i32x4.splat(4 * PANEL_ROW);
  for (; depth >= 4; depth -= 4) {
    const a0 = v128.load(first);
    const a1 = v128.load(second);
    const set = i32x4.bitmask(f32x4.ne(v128.or(f32x4.abs(a0), f32x4.abs(a1)), f32x4.splat(0)));
    const selection = v128.load(selections + ((<usize>set) << 4));
    v128.store(list, v128.swizzle(a0, selection));
    v128.store(list, v128.swizzle(a1, selection), LIST_SECOND);
    v128.store(list, v128.swizzle(offsets, selection), LIST_OFFSETS);
    list += floats(popcnt(set));
    offsets = i32x4.add(offsets, next);
    first += 16;
    second += 16;
  }
  let offset = i32x4.extract_lane(offsets, 0);
  for (; depth > 0; depth--) {
    const a0 = load<f32>(first);
    const a1 = load<f32>(second);
    store<f32>(list, a0);
    store<f32>(list, a1, LIST_SECOND);
    store<i32>(list, offset, LIST_OFFSETS);
    list += floats(i32(a0 != 0) | i32(a1 != 0));
    offset += PANEL_ROW;
    first += 4;
    second += 4;
  }
  return <i32>((list - start) >> 2);
}
