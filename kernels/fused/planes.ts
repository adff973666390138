// The first layer on binary planes. Few of a board's cells are set, so it is computed from the list of those that are:
// exactly the same sums without the zeros. A convolution is told by a table which places of its output each cell
// reaches and by which filter rows, so any stride and padding will do.

import { copyFloats, floats, relu4 } from '../floats';

/** Writes the indices of the set cells, times `step`. */
function listCells(list: usize, obs: usize, cells: i32, step: i32): i32 {
  const start = list;
  for (let at = 0; at < cells; at += 16) {
    let set = i8x16.bitmask(i8x16.ne(v128.load(obs + <usize>at), i8x16.splat(0)));
    // What lies behind the last cell belongs to the next observation.
    if (cells - at < 16) set &= (1 << (cells - at)) - 1;
    while (set != 0) {
      store<i32>(list, (at + ctz(set)) * step);
      list += 4;
      set &= set - 1;
    }
  }
  return <i32>((list - start) >> 2);
}

/**
 * out[rows, cols] = bias + the sum of the weight rows of the set cells. Observation i is row `indices[i]` of `obs`
 * [_, cells] (bytes); weights are [cells, cols]; `cols` is a multiple of 32.
 */
export function planesDense(
  rows: i32,
  cells: i32,
  cols: i32,
  obs: usize,
  indices: usize,
  weights: usize,
  bias: usize,
  out: usize,
  scratch: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const from = obs + <usize>load<i32>(indices + floats(i)) * <usize>cells;
    const count = listCells(scratch, from, cells, cols * 4);
    copyFloats(out, bias, cols);
    if (count > 0) {
      for (let j = 0; j < cols; j += 32) addRows(count, scratch, weights + floats(j), out + floats(j));
    }
    out += floats(cols);
  }
}

/** out[32] += the rows at the listed byte offsets. */
function addRows(count: i32, list: usize, rows: usize, out: usize): void {
  let c0 = v128.load(out);
  let c1 = v128.load(out, 16);
  let c2 = v128.load(out, 32);
  let c3 = v128.load(out, 48);
  let c4 = v128.load(out, 64);
  let c5 = v128.load(out, 80);
  let c6 = v128.load(out, 96);
  let c7 = v128.load(out, 112);
  do {
    const row = rows + load<u32>(list);
    c0 = f32x4.add(c0, v128.load(row));
    c1 = f32x4.add(c1, v128.load(row, 16));
    c2 = f32x4.add(c2, v128.load(row, 32));
    c3 = f32x4.add(c3, v128.load(row, 48));
    c4 = f32x4.add(c4, v128.load(row, 64));
    c5 = f32x4.add(c5, v128.load(row, 80));
    c6 = f32x4.add(c6, v128.load(row, 96));
    c7 = f32x4.add(c7, v128.load(row, 112));
    list += 4;
  } while (--count);
  v128.store(out, c0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  v128.store(out, c3, 48);
  v128.store(out, c4, 64);
  v128.store(out, c5, 80);
  v128.store(out, c6, 96);
  v128.store(out, c7, 112);
}

/**
 * gradient[cell, cols] = the sum of g over the samples in which the cell is set, for up to 16 cells from `first` on.
 * g is [batch, cols].
 */
export function planesDenseGradient(
  batch: i32,
  cells: i32,
  first: i32,
  cols: i32,
  obs: usize,
  indices: usize,
  g: usize,
  gradient: usize,
  scratch: usize,
): void {
  const listBytes = floats(batch);
  const counts = scratch + 16 * listBytes;
  memory.fill(counts, 0, 64);
  for (let i = 0; i < batch; i++) {
    const from = obs + <usize>load<i32>(indices + floats(i)) * <usize>cells + <usize>first;
    let set = i8x16.bitmask(i8x16.ne(v128.load(from), i8x16.splat(0)));
    while (set != 0) {
      const cell = ctz(set);
      const count = counts + floats(cell);
      const at = load<i32>(count);
      store<i32>(scratch + <usize>cell * listBytes + floats(at), i * cols * 4);
      store<i32>(count, at + 1);
      set &= set - 1;
    }
  }
  const last = min(16, cells - first);
  for (let cell = 0; cell < last; cell++) {
    const count = load<i32>(counts + floats(cell));
    const list = scratch + <usize>cell * listBytes;
    memory.fill(gradient, 0, floats(cols));
    if (count > 0) {
      for (let j = 0; j < cols; j += 32) addRows(count, list, g + floats(j), gradient + floats(j));
    }
    gradient += floats(cols);
  }
}

/**
 * out[rows, pixels, filters] = ReLU(bias + the filter rows that the set cells bring). `reach` is [cells, places + 1]
 * of int32: how many places of the output a cell reaches, then for each the byte offset of its filter row in the
 * kernel (high 16 bits, in units of 16 bytes) and of the pixel in the output (low 16 bits, the same). `filters` is a
 * multiple of 4.
 */
export function planesConv(
  rows: i32,
  cells: i32,
  pixels: i32,
  filters: i32,
  relu: bool,
  obs: usize,
  indices: usize,
  reach: usize,
  reachBytes: i32,
  kernel: usize,
  bias: usize,
  out: usize,
  strideOut: usize,
  scratch: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const from = obs + <usize>load<i32>(indices + floats(i)) * <usize>cells;
    const count = listCells(scratch, from, cells, reachBytes);
    for (let pixel = 0; pixel < pixels; pixel++) copyFloats(out + floats(pixel * filters), bias, filters);
    for (let at = 0; at < count; at++) {
      const places = reach + load<u32>(scratch + floats(at));
      if (filters == 16) spreadSixteen(places, out, kernel);
      else spread(places, out, kernel, filters);
    }
    if (relu) rectify(out, pixels * filters);
    out += strideOut;
  }
}

/**
 * The gradients of kernel and bias over these rows: for each set cell the sum of the gradients of the pixels that it
 * reaches. Sizes as in `planesConv`; `kernelRows` are those of the kernel.
 */
export function planesConvGradient(
  rows: i32,
  cells: i32,
  pixels: i32,
  filters: i32,
  kernelRows: i32,
  obs: usize,
  indices: usize,
  reach: usize,
  reachBytes: i32,
  g: usize,
  strideG: usize,
  kernelGradient: usize,
  biasGradient: usize,
  scratch: usize,
): void {
  memory.fill(kernelGradient, 0, floats(kernelRows * filters));
  memory.fill(biasGradient, 0, floats(filters));
  for (let i = 0; i < rows; i++) {
    const from = obs + <usize>load<i32>(indices + floats(i)) * <usize>cells;
    const count = listCells(scratch, from, cells, reachBytes);
    for (let at = 0; at < count; at++) {
      const places = reach + load<u32>(scratch + floats(at));
      if (filters == 16) collectSixteen(places, g, kernelGradient);
      else collect(places, g, kernelGradient, filters);
    }
    addPixels(pixels, filters, g, biasGradient);
    g += strideG;
  }
}

// A place: its filter row (high 16 bits) and its pixel (low 16 bits), both in units of 16 bytes.

/** Adds a cell's filter rows to the pixels that it reaches. */
function spread(places: usize, out: usize, kernel: usize, filters: i32): void {
  for (let left = load<i32>(places); left > 0; left--) {
    places += 4;
    const place = load<u32>(places);
    addFilters(out + <usize>((place & 0xffff) << 4), kernel + <usize>((place >> 16) << 4), filters);
  }
}

/** Adds the gradients of the pixels that a cell reaches to its filter rows. */
function collect(places: usize, g: usize, kernelGradient: usize, filters: i32): void {
  for (let left = load<i32>(places); left > 0; left--) {
    places += 4;
    const place = load<u32>(places);
    addFilters(kernelGradient + <usize>((place >> 16) << 4), g + <usize>((place & 0xffff) << 4), filters);
  }
}

// The same for 16 filters, the default, without a loop over them: half as long.

function spreadSixteen(places: usize, out: usize, kernel: usize): void {
  for (let left = load<i32>(places); left > 0; left--) {
    places += 4;
    const place = load<u32>(places);
    addSixteen(out + <usize>((place & 0xffff) << 4), kernel + <usize>((place >> 16) << 4));
  }
}

function collectSixteen(places: usize, g: usize, kernelGradient: usize): void {
  for (let left = load<i32>(places); left > 0; left--) {
    places += 4;
    const place = load<u32>(places);
    addSixteen(kernelGradient + <usize>((place >> 16) << 4), g + <usize>((place & 0xffff) << 4));
  }
}

function addSixteen(to: usize, from: usize): void {
  v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
  v128.store(to, f32x4.add(v128.load(to, 16), v128.load(from, 16)), 16);
  v128.store(to, f32x4.add(v128.load(to, 32), v128.load(from, 32)), 32);
  v128.store(to, f32x4.add(v128.load(to, 48), v128.load(from, 48)), 48);
}

/** to[filters] += from[filters] */
function addFilters(to: usize, from: usize, filters: i32): void {
  for (; filters >= 16; filters -= 16) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    v128.store(to, f32x4.add(v128.load(to, 16), v128.load(from, 16)), 16);
    v128.store(to, f32x4.add(v128.load(to, 32), v128.load(from, 32)), 32);
    v128.store(to, f32x4.add(v128.load(to, 48), v128.load(from, 48)), 48);
    to += 64;
    from += 64;
  }
  for (; filters > 0; filters -= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
}

/** sum[filters] += the sum of x[pixels, filters] over its pixels. */
function addPixels(pixels: i32, filters: i32, x: usize, sum: usize): void {
  for (let j = 0; j < filters; j += 4) {
    let total = v128.load(sum + floats(j));
    let from = x + floats(j);
    for (let i = pixels; i > 0; i--) {
      total = f32x4.add(total, v128.load(from));
      from += floats(filters);
    }
    v128.store(sum + floats(j), total);
  }
}

function rectify(x: usize, count: i32): void {
  for (; count > 0; count -= 4) {
    v128.store(x, relu4(v128.load(x)));
    x += 16;
  }
}
