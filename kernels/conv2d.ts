// Direct 2-d convolution (cross-correlation, as every framework means it): images [batch, y, x, channel], filters
// [y, x, channel, unit]. No patch matrix is built; a table of patch addresses stands in for it.
//
// The input gradient is a convolution too: of the output's gradient, spread by the stride and padded, with the filter
// turned by 180 degrees and its channels and units exchanged. So both share `correlate`.

import { copyFloats, copyPadded, floats, multiplyAdd, relu4, roundUp } from './floats';

// 5 pixels by 8 units: 10 of the 16 SIMD registers hold sums.
const TILE_PIXELS: i32 = 5;
const TILE_UNITS: i32 = 8;
const TILE_BYTES: usize = 160;
// Images are worked on in chunks of about this many bytes, so that padded copies stay in the first caches.
const CHUNK_BYTES: i32 = 32768;
// Copied images may be read a little past their end by tiles that are cut off.
const SLACK_BYTES: i32 = 64;

/** Images to work on at once, when one takes `imageFloats`. */
export function chunkImages(imageFloats: i32): i32 {
  return max(1, CHUNK_BYTES / (imageFloats * 4));
}

/** Bytes for a chunk of images and the slack behind it. */
export function chunkBytes(imageFloats: i32): i32 {
  return chunkImages(imageFloats) * imageFloats * 4 + SLACK_BYTES;
}

/** Bytes of scratch for a convolution whose padded image is [height, width, channels]. */
export function correlateScratchBytes(
  height: i32,
  width: i32,
  channels: i32,
  filterHeight: i32,
  filterWidth: i32,
  outHeight: i32,
  outWidth: i32,
  units: i32,
): i32 {
  const image = height * width * channels;
  const panels = filterHeight * filterWidth * channels * roundUp(units, TILE_UNITS) * 4;
  const table = chunkImages(image) * outHeight * outWidth * 4;
  return panels + table + chunkBytes(image) + <i32>TILE_BYTES + TILE_UNITS * 4 + SLACK_BYTES;
}

/**
 * out[batch, outHeight, outWidth, units] = x[batch, height, width, channels] correlated with
 * filter[filterHeight, filterWidth, channels, units], then + bias[units] unless `bias` is 0, then ReLU if asked.
 * `top` and `left` are the padding before the image; behind it there is as much as the output needs.
 */
export function conv2d(
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  units: i32,
  x: usize,
  filter: usize,
  out: usize,
  bias: usize,
  relu: bool,
  scratch: usize,
): void {
  packFilter(scratch, filter, filterHeight * filterWidth * channels, units);
  correlate(
    batch,
    height,
    width,
    channels,
    filterHeight,
    filterWidth,
    strideY,
    strideX,
    1,
    1,
    top,
    left,
    outHeight,
    outWidth,
    units,
    x,
    out,
    bias,
    relu,
    scratch,
  );
}

/**
 * dx[batch, height, width, channels] = the gradient of `conv2d` for its input, from dy[batch, outHeight, outWidth,
 * units]. The arguments before `dy` are those of the forward convolution.
 */
export function conv2dInputGradient(
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  units: i32,
  dy: usize,
  filter: usize,
  dx: usize,
  scratch: usize,
): void {
  packTurnedFilter(scratch, filter, filterHeight * filterWidth, channels, units);
  correlate(
    batch,
    outHeight,
    outWidth,
    units,
    filterHeight,
    filterWidth,
    1,
    1,
    strideY,
    strideX,
    filterHeight - 1 - top,
    filterWidth - 1 - left,
    height,
    width,
    channels,
    dy,
    dx,
    0,
    false,
    scratch,
  );
}

/**
 * The convolution behind both, with the filter's panels at the start of scratch. The image's rows are spread
 * `spreadY` apart, its columns `spreadX`, with zeros between.
 */
function correlate(
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideY: i32,
  strideX: i32,
  spreadY: i32,
  spreadX: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  units: i32,
  x: usize,
  out: usize,
  bias: usize,
  relu: bool,
  scratch: usize,
): void {
  const inPlace = fitsInPlace(
    height,
    width,
    filterHeight,
    filterWidth,
    strideY,
    strideX,
    spreadY,
    spreadX,
    top,
    left,
    outHeight,
    outWidth,
  );
  const paddedHeight = inPlace ? height : (outHeight - 1) * strideY + filterHeight;
  const paddedWidth = inPlace ? width : (outWidth - 1) * strideX + filterWidth;
  const paddedImage = paddedHeight * paddedWidth * channels;
  const images = chunkImages(paddedImage);
  const outImage = outHeight * outWidth;
  const patchRow = filterWidth * channels;
  const depth = filterHeight * patchRow;

  const panels = scratch;
  const padded = panels + floats(depth * roundUp(units, TILE_UNITS));
  const patches = padded + chunkBytes(paddedImage);
  const panelBias = patches + floats(images * outImage);
  const tile = panelBias + floats(TILE_UNITS);
  listPatches(patches, min(images, batch), paddedHeight, paddedWidth, channels, strideY, strideX, outHeight, outWidth);

  for (let image = 0; image < batch; image += images) {
    const count = min(images, batch - image);
    let from = x + floats(image * height * width * channels);
    if (!inPlace) {
      spread(padded, paddedHeight, paddedWidth, from, count, height, width, channels, spreadY, spreadX, top, left);
      from = padded;
    }
    for (let unit = 0; unit < units; unit += TILE_UNITS) {
      const tileUnits = min(TILE_UNITS, units - unit);
      if (bias != 0) copyPadded(panelBias, bias + floats(unit), tileUnits, TILE_UNITS);
      else memory.fill(panelBias, 0, floats(TILE_UNITS));
      correlatePanel(
        count * outImage,
        filterHeight,
        patchRow,
        floats(paddedWidth * channels),
        from,
        patches,
        panels + floats(unit * depth),
        tileUnits,
        out + floats(image * outImage * units + unit),
        floats(units),
        panelBias,
        relu,
        tile,
      );
    }
  }
}

/** Whether every patch lies inside the image as it stands, so that no padded copy is needed. */
function fitsInPlace(
  height: i32,
  width: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideY: i32,
  strideX: i32,
  spreadY: i32,
  spreadX: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
): bool {
  return (
    top == 0 &&
    left == 0 &&
    spreadY == 1 &&
    spreadX == 1 &&
    (outHeight - 1) * strideY + filterHeight <= height &&
    (outWidth - 1) * strideX + filterWidth <= width
  );
}

/** All pixels of a chunk for 8 units. */
function correlatePanel(
  pixels: i32,
  filterHeight: i32,
  patchRow: i32,
  rowBytes: usize,
  x: usize,
  patches: usize,
  panel: usize,
  units: i32,
  out: usize,
  outBytes: usize,
  bias: usize,
  relu: bool,
  tile: usize,
): void {
  for (let pixel = 0; pixel < pixels; pixel += TILE_PIXELS) {
    // A tile that is cut off repeats its last pixel: what lies behind may be no memory at all.
    const count = min(TILE_PIXELS, pixels - pixel);
    correlateTile(
      filterHeight,
      patchRow,
      rowBytes - floats(patchRow),
      x + load<u32>(patches),
      x + load<u32>(patches + floats(min(1, count - 1))),
      x + load<u32>(patches + floats(min(2, count - 1))),
      x + load<u32>(patches + floats(min(3, count - 1))),
      x + load<u32>(patches + floats(count - 1)),
      panel,
      tile,
    );
    if (units == TILE_UNITS) writeFullPixels(out, outBytes, tile, count, bias, relu);
    else writePartPixels(out, outBytes, tile, count, units, bias, relu);
    patches += floats(TILE_PIXELS);
    out += <usize>TILE_PIXELS * outBytes;
  }
}

/**
 * tile[5, 8] = five patches times the panel [depth, 8] of the filter. A patch's rows are `patchRow` floats each and
 * `skip` bytes apart. As with the tile of gemm: nothing else may be alive here, and no unrolling.
 */
function correlateTile(
  rows: i32,
  patchRow: i32,
  skip: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  x4: usize,
  panel: usize,
  tile: usize,
): void {
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
  for (; rows > 0; rows--) {
    for (let k = patchRow; k > 0; k--) {
      const f0 = v128.load(panel);
      const f1 = v128.load(panel, 16);
      const a0 = v128.load_splat<f32>(x0);
      c00 = multiplyAdd(c00, a0, f0);
      c01 = multiplyAdd(c01, a0, f1);
      const a1 = v128.load_splat<f32>(x1);
      c10 = multiplyAdd(c10, a1, f0);
      c11 = multiplyAdd(c11, a1, f1);
      const a2 = v128.load_splat<f32>(x2);
      c20 = multiplyAdd(c20, a2, f0);
      c21 = multiplyAdd(c21, a2, f1);
      const a3 = v128.load_splat<f32>(x3);
      c30 = multiplyAdd(c30, a3, f0);
      c31 = multiplyAdd(c31, a3, f1);
      const a4 = v128.load_splat<f32>(x4);
      c40 = multiplyAdd(c40, a4, f0);
      c41 = multiplyAdd(c41, a4, f1);
      panel += 32;
      x0 += 4;
      x1 += 4;
      x2 += 4;
      x3 += 4;
      x4 += 4;
    }
    x0 += skip;
    x1 += skip;
    x2 += skip;
    x3 += skip;
    x4 += skip;
  }
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

function writeFullPixels(out: usize, outBytes: usize, tile: usize, pixels: i32, bias: usize, relu: bool): void {
  const low = v128.load(bias);
  const high = v128.load(bias, 16);
  for (; pixels > 0; pixels--) {
    let first = f32x4.add(v128.load(tile), low);
    let second = f32x4.add(v128.load(tile, 16), high);
    if (relu) {
      first = relu4(first);
      second = relu4(second);
    }
    v128.store(out, first);
    v128.store(out, second, 16);
    tile += 32;
    out += outBytes;
  }
}

function writePartPixels(
  out: usize,
  outBytes: usize,
  tile: usize,
  pixels: i32,
  units: i32,
  bias: usize,
  relu: bool,
): void {
  for (; pixels > 0; pixels--) {
    for (let unit = 0; unit < units; unit++) {
      let value = load<f32>(tile + floats(unit)) + load<f32>(bias + floats(unit));
      if (relu && value < 0) value = 0;
      store<f32>(out + floats(unit), value);
    }
    tile += 32;
    out += outBytes;
  }
}

/** The byte offset (uint32) of each output pixel's patch in a chunk of padded images, pixel by pixel. */
export function listPatches(
  patches: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  strideY: i32,
  strideX: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        store<u32>(patches, <u32>floats(((image * height + y * strideY) * width + x * strideX) * channels));
        patches += 4;
      }
    }
  }
}

/**
 * Copies `images` images [height, width, channels] into zeroed ones [toHeight, toWidth, channels]: pixel (y, x) goes
 * to (top + y · spreadY, left + x · spreadX), or nowhere if that is outside.
 */
export function spread(
  to: usize,
  toHeight: i32,
  toWidth: i32,
  from: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  spreadY: i32,
  spreadX: i32,
  top: i32,
  left: i32,
): void {
  const toBytes = floats(toHeight * toWidth * channels);
  const rowBytes = floats(width * channels);
  memory.fill(to, 0, <usize>images * toBytes);
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < height; y++) {
      const toY = top + y * spreadY;
      if (toY >= 0 && toY < toHeight) {
        spreadRow(to + floats(toY * toWidth * channels), toWidth, from, width, channels, spreadX, left);
      }
      from += rowBytes;
    }
    to += toBytes;
  }
}

function spreadRow(to: usize, toWidth: i32, from: usize, width: i32, channels: i32, spreadX: i32, left: i32): void {
  if (spreadX == 1) {
    const first = max(0, -left);
    const last = min(width, toWidth - left);
    if (last > first)
      copyFloats(to + floats((left + first) * channels), from + floats(first * channels), (last - first) * channels);
    return;
  }
  for (let x = 0; x < width; x++) {
    const toX = left + x * spreadX;
    if (toX >= 0 && toX < toWidth) copyFloats(to + floats(toX * channels), from + floats(x * channels), channels);
  }
}

/** Panels of 8 units, [depth, 8] each, of a filter [depth, units]; missing units are zero. */
function packFilter(panels: usize, filter: usize, depth: i32, units: i32): void {
  for (let unit = 0; unit < units; unit += TILE_UNITS) {
    const count = min(TILE_UNITS, units - unit);
    let from = filter + floats(unit);
    for (let k = depth; k > 0; k--) {
      copyPadded(panels, from, count, TILE_UNITS);
      panels += 32;
      from += floats(units);
    }
  }
}

/** The same of a filter [positions, channels, units] with its positions reversed, channels and units exchanged. */
function packTurnedFilter(panels: usize, filter: usize, positions: i32, channels: i32, units: i32): void {
  for (let channel = 0; channel < channels; channel += TILE_UNITS) {
    for (let position = positions - 1; position >= 0; position--) {
      for (let unit = 0; unit < units; unit++) {
        for (let i = 0; i < TILE_UNITS; i++) {
          const at = (position * channels + channel + i) * units + unit;
          store<f32>(panels + floats(i), channel + i < channels ? load<f32>(filter + floats(at)) : <f32>0);
        }
        panels += 32;
      }
    }
  }
}
