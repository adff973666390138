// Convolutions of images that are mostly zero, as the planes of a board game are: each value that is set adds its
// share to every output it reaches. What is skipped would have added exactly zero.

import { chunkImages, ConvSizes, imageFloats, outPixels, patchFloats } from './conv-sizes';
import { floats, multiplyAdd, relu4 } from './floats';

// With more than a quarter of the values set the dense kernels are faster.
const DENSE_FROM: i32 = 4;

/** Whether few enough of `count` floats are set for the kernels below. */
export function isSparse(count: i32, x: usize): bool {
  let counts = i32x4.splat(0);
  let rest = count;
  for (; rest >= 4; rest -= 4) {
    // A comparison that holds is -1.
    counts = i32x4.sub(counts, f32x4.ne(v128.load(x), f32x4.splat(0)));
    x += 16;
  }
  let set =
    i32x4.extract_lane(counts, 0) +
    i32x4.extract_lane(counts, 1) +
    i32x4.extract_lane(counts, 2) +
    i32x4.extract_lane(counts, 3);
  for (; rest > 0; rest--) {
    if (load<f32>(x) != 0) set++;
    x += 4;
  }
  return set <= count / DENSE_FROM;
}

/** As `conv2d`. */
export function sparseConv2d(sizes: ConvSizes, x: usize, filter: usize, out: usize, bias: usize, relu: bool): void {
  const outFloats = outPixels(sizes) * sizes.units;
  for (let image = 0; image < sizes.batch; image++) {
    if (bias != 0) repeatRow(out, bias, outPixels(sizes), sizes.units);
    else memory.fill(out, 0, floats(outFloats));
    visitImage(sizes, x, filter, out, false);
    if (relu) reluInPlace(out, outFloats);
    x += floats(imageFloats(sizes));
    out += floats(outFloats);
  }
}

/** As `conv2dFilterGradient`; `sums` is scratch for as many floats as the filter has. */
export function sparseFilterGradient(sizes: ConvSizes, x: usize, dy: usize, gradient: usize, sums: usize): void {
  const filterFloats = patchFloats(sizes) * sizes.units;
  const images = chunkImages(sizes);
  memory.fill(gradient, 0, floats(filterFloats));
  for (let image = 0; image < sizes.batch; image += images) {
    const count = min(images, sizes.batch - image);
    memory.fill(sums, 0, floats(filterFloats));
    for (let i = 0; i < count; i++) {
      visitImage(sizes, x, sums, dy, true);
      x += floats(imageFloats(sizes));
      dy += floats(outPixels(sizes) * sizes.units);
    }
    // Sums of chunks are added to each other, not chained: long sums lose less to rounding.
    addScaled(gradient, sums, 1, filterFloats);
  }
}

/**
 * For each value that is set in an image, and each output pixel and filter position that bring it together: adds value
 * times filter row to the pixel's units or, for the `gradient`, value times the pixel's units to the filter row.
 */
function visitImage(sizes: ConvSizes, x: usize, filter: usize, out: usize, gradient: bool): void {
  for (let row = 0; row < sizes.height; row++) {
    for (let column = 0; column < sizes.width; column++) {
      for (let channel = 0; channel < sizes.channels; channel++) {
        const value = load<f32>(x);
        if (value != 0) visitValue(sizes, row, column, channel, value, filter, out, gradient);
        x += 4;
      }
    }
  }
}

function visitValue(
  sizes: ConvSizes,
  row: i32,
  column: i32,
  channel: i32,
  value: f32,
  filter: usize,
  out: usize,
  gradient: bool,
): void {
  const units = sizes.units;
  const y = row + sizes.top;
  const x = column + sizes.left;
  const lastY = min(sizes.outHeight - 1, y / sizes.strideY);
  const lastX = min(sizes.outWidth - 1, x / sizes.strideX);
  for (let outY = firstOutput(y, sizes.filterHeight, sizes.strideY); outY <= lastY; outY++) {
    const filterY = y - outY * sizes.strideY;
    for (let outX = firstOutput(x, sizes.filterWidth, sizes.strideX); outX <= lastX; outX++) {
      const filterX = x - outX * sizes.strideX;
      const atFilter = filter + floats(((filterY * sizes.filterWidth + filterX) * sizes.channels + channel) * units);
      const atOut = out + floats((outY * sizes.outWidth + outX) * units);
      if (gradient) addScaled(atFilter, atOut, value, units);
      else addScaled(atOut, atFilter, value, units);
    }
  }
}

/** The first output whose window of `size`, every `stride`, reaches position `at` of the padded image. */
function firstOutput(at: i32, size: i32, stride: i32): i32 {
  return max(0, (at - size + stride) / stride);
}

/** to += scale · from, over `count` floats. */
function addScaled(to: usize, from: usize, scale: f32, count: i32): void {
  const scales = f32x4.splat(scale);
  for (; count >= 16; count -= 16) {
    v128.store(to, multiplyAdd(v128.load(to), scales, v128.load(from)));
    v128.store(to, multiplyAdd(v128.load(to, 16), scales, v128.load(from, 16)), 16);
    v128.store(to, multiplyAdd(v128.load(to, 32), scales, v128.load(from, 32)), 32);
    v128.store(to, multiplyAdd(v128.load(to, 48), scales, v128.load(from, 48)), 48);
    to += 64;
    from += 64;
  }
  for (; count >= 4; count -= 4) {
    v128.store(to, multiplyAdd(v128.load(to), scales, v128.load(from)));
    to += 16;
    from += 16;
  }
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(to) + scale * load<f32>(from));
    to += 4;
    from += 4;
  }
}

function repeatRow(to: usize, row: usize, times: i32, count: i32): void {
  for (; times > 0; times--) {
    memory.copy(to, row, floats(count));
    to += floats(count);
  }
}

function reluInPlace(x: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(x, relu4(v128.load(x)));
    x += 16;
  }
  for (; count > 0; count--) {
    if (load<f32>(x) < 0) store<f32>(x, 0);
    x += 4;
  }
}
