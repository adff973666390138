// Depthwise 2-d convolution: `multiplier` units for each channel, unit u sees channel u / multiplier alone. The sizes
// are those of a convolution, with all units counted; a filter is [filterHeight, filterWidth, units].
//
// All three work on one padded image at a time, [paddedHeight, paddedWidth, wide], in which each channel is repeated for
// its units and `wide` is their number rounded up to a whole vector. So the loops know neither borders nor multipliers.

import { ConvSizes, imageFloats, outPixels, paddedHeight, paddedWidth } from './conv-sizes';
import { copyFloats, copyPadded, floats, multiplyAdd, roundUp, storePart } from './floats';

/** Bytes of scratch for each of the three. */
export function depthwiseScratchBytes(sizes: ConvSizes): i32 {
  return <i32>(paddedBytes(sizes) + panelBytes(sizes) + floats(outPixels(sizes)) * pixelFloats(sizes));
}

function pixelFloats(sizes: ConvSizes): usize {
  return <usize>roundUp(sizes.units, 4);
}

function paddedBytes(sizes: ConvSizes): usize {
  return floats(paddedHeight(sizes) * paddedWidth(sizes)) * pixelFloats(sizes);
}

function panelBytes(sizes: ConvSizes): usize {
  return floats(sizes.filterHeight * sizes.filterWidth) * pixelFloats(sizes);
}

/** out[batch, outHeight, outWidth, units] = x convolved with filter. */
export function depthwiseConv2d(sizes: ConvSizes, x: usize, filter: usize, out: usize, scratch: usize): void {
  const panel = scratch + paddedBytes(sizes);
  memory.fill(scratch, 0, paddedBytes(sizes));
  widenRows(panel, filter, sizes.filterHeight * sizes.filterWidth, sizes.units);
  for (let image = 0; image < sizes.batch; image++) {
    padImage(scratch, x, sizes);
    correlateImage(sizes, scratch, panel, out);
    x += floats(imageFloats(sizes));
    out += floats(outPixels(sizes) * sizes.units);
  }
}

/** dx = the gradient of `depthwiseConv2d` for its input. */
export function depthwiseInputGradient(sizes: ConvSizes, dy: usize, filter: usize, dx: usize, scratch: usize): void {
  const panel = scratch + paddedBytes(sizes);
  const room = panel + panelBytes(sizes);
  widenRows(panel, filter, sizes.filterHeight * sizes.filterWidth, sizes.units);
  for (let image = 0; image < sizes.batch; image++) {
    memory.fill(scratch, 0, paddedBytes(sizes));
    spreadImage(sizes, wideRows(room, dy, outPixels(sizes), sizes.units), panel, scratch);
    foldImage(dx, scratch, sizes);
    dy += floats(outPixels(sizes) * sizes.units);
    dx += floats(imageFloats(sizes));
  }
}

/** gradient = that of a `depthwiseConv2d`'s filter. */
export function depthwiseFilterGradient(sizes: ConvSizes, x: usize, dy: usize, gradient: usize, scratch: usize): void {
  const sums = scratch + paddedBytes(sizes);
  const room = sums + panelBytes(sizes);
  const pixelBytes = pixelFloats(sizes) << 2;
  memory.fill(scratch, 0, paddedBytes(sizes) + panelBytes(sizes));
  for (let image = 0; image < sizes.batch; image++) {
    padImage(scratch, x, sizes);
    addImage(sizes, scratch, wideRows(room, dy, outPixels(sizes), sizes.units), sums);
    x += floats(imageFloats(sizes));
    dy += floats(outPixels(sizes) * sizes.units);
  }
  for (let tap = 0; tap < sizes.filterHeight * sizes.filterWidth; tap++) {
    copyFloats(gradient + floats(tap * sizes.units), sums + <usize>tap * pixelBytes, sizes.units);
  }
}

/** Copies rows of `count` floats into rows of whole vectors. */
function widenRows(to: usize, from: usize, rows: i32, count: i32): void {
  const width = roundUp(count, 4);
  for (; rows > 0; rows--) {
    copyPadded(to, from, count, width);
    to += floats(width);
    from += floats(count);
  }
}

/** Where those rows lie widened: where they are, if they are whole vectors already, else in the room given. */
function wideRows(room: usize, from: usize, rows: i32, count: i32): usize {
  if ((count & 3) == 0) return from;
  widenRows(room, from, rows, count);
  return room;
}

/** Copies an image into a padded one whose borders are zero already. */
function padImage(to: usize, from: usize, sizes: ConvSizes): void {
  const pixelBytes = pixelFloats(sizes) << 2;
  const rowBytes = <usize>paddedWidth(sizes) * pixelBytes;
  const height = min(sizes.height, paddedHeight(sizes) - sizes.top);
  const width = min(sizes.width, paddedWidth(sizes) - sizes.left);
  const multiplier = sizes.units / sizes.channels;
  for (let y = 0; y < height; y++) {
    let at = to + <usize>(sizes.top + y) * rowBytes + <usize>sizes.left * pixelBytes;
    let pixel = from + floats(y * sizes.width * sizes.channels);
    for (let x = 0; x < width; x++) {
      if (multiplier == 1) copyFloats(at, pixel, sizes.channels);
      else repeatChannels(at, pixel, sizes.channels, multiplier);
      at += pixelBytes;
      pixel += floats(sizes.channels);
    }
  }
}

function repeatChannels(to: usize, from: usize, channels: i32, multiplier: i32): void {
  for (let channel = 0; channel < channels; channel++) {
    const value = load<f32>(from + floats(channel));
    for (let i = 0; i < multiplier; i++) {
      store<f32>(to, value);
      to += 4;
    }
  }
}

/** The way back from a padded image: what its units hold is added up by channel; what the patches never saw is zero. */
function foldImage(to: usize, from: usize, sizes: ConvSizes): void {
  const pixelBytes = pixelFloats(sizes) << 2;
  const multiplier = sizes.units / sizes.channels;
  for (let y = 0; y < sizes.height; y++) {
    for (let x = 0; x < sizes.width; x++) {
      const paddedY = sizes.top + y;
      const paddedX = sizes.left + x;
      const pixel = from + <usize>(paddedY * paddedWidth(sizes) + paddedX) * pixelBytes;
      if (paddedY >= paddedHeight(sizes) || paddedX >= paddedWidth(sizes)) memory.fill(to, 0, floats(sizes.channels));
      else if (multiplier == 1) copyFloats(to, pixel, sizes.channels);
      else addUnits(to, pixel, sizes.channels, multiplier);
      to += floats(sizes.channels);
    }
  }
}

function addUnits(to: usize, from: usize, channels: i32, multiplier: i32): void {
  for (let channel = 0; channel < channels; channel++) {
    let sum: f32 = 0;
    for (let i = 0; i < multiplier; i++) {
      sum += load<f32>(from);
      from += 4;
    }
    store<f32>(to + floats(channel), sum);
  }
}

/** The output of one image: tiles of four pixels in a row by four units. */
function correlateImage(sizes: ConvSizes, padded: usize, panel: usize, out: usize): void {
  const units = sizes.units;
  const pixelBytes = pixelFloats(sizes) << 2;
  const rowBytes = <usize>paddedWidth(sizes) * pixelBytes;
  const stepBytes = <usize>sizes.strideX * pixelBytes;
  for (let y = 0; y < sizes.outHeight; y++) {
    const row = padded + <usize>(y * sizes.strideY) * rowBytes;
    for (let x = 0; x < sizes.outWidth; x += 4) {
      // A tile that is cut off repeats its last pixel.
      const last = min(4, sizes.outWidth - x) - 1;
      const patch = row + <usize>x * stepBytes;
      for (let unit = 0; unit < units; unit += 4) {
        correlateTile(
          sizes.filterHeight,
          sizes.filterWidth,
          pixelBytes,
          rowBytes,
          patch + floats(unit),
          stepBytes,
          last,
          panel + floats(unit),
          out + floats(unit),
          floats(units),
          units - unit,
        );
      }
      out += floats((last + 1) * units);
    }
  }
}

function correlateTile(
  filterHeight: i32,
  filterWidth: i32,
  pixelBytes: usize,
  rowBytes: usize,
  patch: usize,
  stepBytes: usize,
  last: i32,
  panel: usize,
  out: usize,
  outBytes: usize,
  units: i32,
): void {
  let x0 = patch;
  let x1 = patch + <usize>min(1, last) * stepBytes;
  let x2 = patch + <usize>min(2, last) * stepBytes;
  let x3 = patch + <usize>last * stepBytes;
  const skip = rowBytes - <usize>filterWidth * pixelBytes;
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  for (let ky = filterHeight; ky > 0; ky--) {
    for (let kx = filterWidth; kx > 0; kx--) {
      const weights = v128.load(panel);
      c0 = multiplyAdd(c0, v128.load(x0), weights);
      c1 = multiplyAdd(c1, v128.load(x1), weights);
      c2 = multiplyAdd(c2, v128.load(x2), weights);
      c3 = multiplyAdd(c3, v128.load(x3), weights);
      panel += pixelBytes;
      x0 += pixelBytes;
      x1 += pixelBytes;
      x2 += pixelBytes;
      x3 += pixelBytes;
    }
    x0 += skip;
    x1 += skip;
    x2 += skip;
    x3 += skip;
  }
  storePart(out, c0, units);
  storePart(out + <usize>min(1, last) * outBytes, c1, units);
  storePart(out + <usize>min(2, last) * outBytes, c2, units);
  storePart(out + <usize>last * outBytes, c3, units);
}

/** Adds each pixel of dy times the filter to the patch of the padded image that it came from. */
function spreadImage(sizes: ConvSizes, dy: usize, panel: usize, padded: usize): void {
  const pixelBytes = pixelFloats(sizes) << 2;
  const rowBytes = <usize>paddedWidth(sizes) * pixelBytes;
  const stepBytes = <usize>sizes.strideX * pixelBytes;
  for (let y = 0; y < sizes.outHeight; y++) {
    let weights = panel;
    for (let ky = 0; ky < sizes.filterHeight; ky++) {
      let to = padded + <usize>(y * sizes.strideY + ky) * rowBytes;
      for (let kx = 0; kx < sizes.filterWidth; kx++) {
        for (let unit = 0; unit < sizes.units; unit += 4) {
          const at = floats(unit);
          addRow(sizes.outWidth, to + at, stepBytes, dy + at, pixelBytes, v128.load(weights + at));
        }
        to += pixelBytes;
        weights += pixelBytes;
      }
    }
    dy += <usize>sizes.outWidth * pixelBytes;
  }
}

/** Adds a row of dy times the weights of four units at one tap. */
function addRow(pixels: i32, to: usize, stepBytes: usize, dy: usize, pixelBytes: usize, weights: v128): void {
  for (; pixels > 0; pixels--) {
    v128.store(to, multiplyAdd(v128.load(to), v128.load(dy), weights));
    to += stepBytes;
    dy += pixelBytes;
  }
}

/** Adds what one image gives to the sums [filterHeight, filterWidth, wide]: four taps in a row by four units at once. */
function addImage(sizes: ConvSizes, padded: usize, dy: usize, sums: usize): void {
  const pixelBytes = pixelFloats(sizes) << 2;
  const rowBytes = <usize>paddedWidth(sizes) * pixelBytes;
  for (let ky = 0; ky < sizes.filterHeight; ky++) {
    for (let kx = 0; kx < sizes.filterWidth; kx += 4) {
      const first = padded + <usize>ky * rowBytes + <usize>kx * pixelBytes;
      const tile = sums + <usize>(ky * sizes.filterWidth + kx) * pixelBytes;
      const last = min(4, sizes.filterWidth - kx) - 1;
      for (let unit = 0; unit < sizes.units; unit += 4) {
        const at = floats(unit);
        addTaps(sizes, pixelBytes, rowBytes, first + at, last, dy + at, tile + at);
      }
    }
  }
}

function addTaps(
  sizes: ConvSizes,
  pixelBytes: usize,
  rowBytes: usize,
  x: usize,
  last: i32,
  dy: usize,
  sums: usize,
): void {
  // As with the tiles: the last tap is repeated, and its sum written once.
  const to1 = <usize>min(1, last) * pixelBytes;
  const to2 = <usize>min(2, last) * pixelBytes;
  const to3 = <usize>last * pixelBytes;
  const step = <usize>sizes.strideX * pixelBytes;
  const skip = <usize>sizes.strideY * rowBytes - <usize>sizes.outWidth * step;
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  for (let outY = sizes.outHeight; outY > 0; outY--) {
    for (let outX = sizes.outWidth; outX > 0; outX--) {
      const gradient = v128.load(dy);
      c0 = multiplyAdd(c0, v128.load(x), gradient);
      c1 = multiplyAdd(c1, v128.load(x + to1), gradient);
      c2 = multiplyAdd(c2, v128.load(x + to2), gradient);
      c3 = multiplyAdd(c3, v128.load(x + to3), gradient);
      x += step;
      dy += pixelBytes;
    }
    x += skip;
  }
  v128.store(sums, f32x4.add(v128.load(sums), c0));
  if (last > 0) v128.store(sums + to1, f32x4.add(v128.load(sums + to1), c1));
  if (last > 1) v128.store(sums + to2, f32x4.add(v128.load(sums + to2), c2));
  if (last > 2) v128.store(sums + to3, f32x4.add(v128.load(sums + to3), c3));
}
