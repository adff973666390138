// Layer normalisation (Ba, Kiros & Hinton 2016): each row with mean 0 and variance 1, then times a gain plus a bias.

import { floats, loadPart, multiplyAdd, storePart, sumLanes } from './floats';

// Sums of this many rows are added to each other: one long chain would lose digits to rounding.
const BLOCK_ROWS: i32 = 256;

/** out[rows, cols] = (x - mean) / sqrt(variance + epsilon) · gain[cols] + bias[cols], mean and variance by row. */
export function layerNorm(rows: i32, cols: i32, x: usize, gain: usize, bias: usize, epsilon: f32, out: usize): void {
  for (; rows > 0; rows--) {
    const mean = rowMean(cols, x);
    const scales = f32x4.splat(rowScale(cols, x, mean, epsilon));
    for (let j = 0; j < cols; j += 4) {
      const at = floats(j);
      const centred = f32x4.sub(loadPart(x + at, cols - j, 0), f32x4.splat(mean));
      const gains = loadPart(gain + at, cols - j, 0);
      const biases = loadPart(bias + at, cols - j, 0);
      storePart(out + at, multiplyAdd(biases, f32x4.mul(centred, scales), gains), cols - j);
    }
    x += floats(cols);
    out += floats(cols);
  }
}

/**
 * The gradients of `layerNorm`: dx[rows, cols], gainGradient[cols] and biasGradient[cols]. With n = the normalised row
 * and g = dy · gain: dx = (g - mean(g) - n · mean(g · n)) / sqrt(variance + epsilon). `scratch` holds 2 · cols floats.
 */
export function layerNormGradient(
  rows: i32,
  cols: i32,
  x: usize,
  gain: usize,
  dy: usize,
  epsilon: f32,
  dx: usize,
  gainGradient: usize,
  biasGradient: usize,
  scratch: usize,
): void {
  memory.fill(gainGradient, 0, floats(cols));
  memory.fill(biasGradient, 0, floats(cols));
  const gainSums = scratch;
  const biasSums = scratch + floats(cols);
  for (let block = 0; block < rows; block += BLOCK_ROWS) {
    memory.fill(scratch, 0, floats(2 * cols));
    for (let i = min(BLOCK_ROWS, rows - block); i > 0; i--) {
      rowGradient(cols, x, gain, dy, epsilon, dx, gainSums, biasSums);
      x += floats(cols);
      dy += floats(cols);
      dx += floats(cols);
    }
    addOnto(cols, gainGradient, gainSums);
    addOnto(cols, biasGradient, biasSums);
  }
}

/** dx of one row; adds what the row gives to the sums of gain and bias. */
export function rowGradient(
  cols: i32,
  x: usize,
  gain: usize,
  dy: usize,
  epsilon: f32,
  dx: usize,
  gainSums: usize,
  biasSums: usize,
): void {
  const mean = rowMean(cols, x);
  const means = f32x4.splat(mean);
  const scales = f32x4.splat(rowScale(cols, x, mean, epsilon));
  let sums = f32x4.splat(0);
  let products = f32x4.splat(0);
  for (let j = 0; j < cols; j += 4) {
    const at = floats(j);
    const rest = cols - j;
    const normal = f32x4.mul(f32x4.sub(loadPart(x + at, rest, mean), means), scales);
    const gradient = loadPart(dy + at, rest, 0);
    const gained = f32x4.mul(gradient, loadPart(gain + at, rest, 0));
    sums = f32x4.add(sums, gained);
    products = multiplyAdd(products, gained, normal);
    storePart(gainSums + at, multiplyAdd(loadPart(gainSums + at, rest, 0), gradient, normal), rest);
    storePart(biasSums + at, f32x4.add(loadPart(biasSums + at, rest, 0), gradient), rest);
  }
  const meanGained = f32x4.splat(sumLanes(sums) / <f32>cols);
  const meanProduct = f32x4.splat(-sumLanes(products) / <f32>cols);
  for (let j = 0; j < cols; j += 4) {
    const at = floats(j);
    const rest = cols - j;
    const normal = f32x4.mul(f32x4.sub(loadPart(x + at, rest, 0), means), scales);
    const gained = f32x4.mul(loadPart(dy + at, rest, 0), loadPart(gain + at, rest, 0));
    const change = multiplyAdd(f32x4.sub(gained, meanGained), normal, meanProduct);
    storePart(dx + at, f32x4.mul(change, scales), rest);
  }
}

function rowMean(cols: i32, x: usize): f32 {
  let sums = f32x4.splat(0);
  for (let j = 0; j < cols; j += 4) sums = f32x4.add(sums, loadPart(x + floats(j), cols - j, 0));
  return sumLanes(sums) / <f32>cols;
}

/** 1 / sqrt(variance + epsilon). */
function rowScale(cols: i32, x: usize, mean: f32, epsilon: f32): f32 {
  const means = f32x4.splat(mean);
  let sums = f32x4.splat(0);
  for (let j = 0; j < cols; j += 4) {
    const centred = f32x4.sub(loadPart(x + floats(j), cols - j, mean), means);
    sums = multiplyAdd(sums, centred, centred);
  }
  return 1 / sqrt<f32>(sumLanes(sums) / <f32>cols + epsilon);
}

function addOnto(count: i32, to: usize, from: usize): void {
  for (let j = 0; j < count; j += 4) {
    const sum = f32x4.add(loadPart(to + floats(j), count - j, 0), loadPart(from + floats(j), count - j, 0));
    storePart(to + floats(j), sum, count - j);
  }
}
