// Direct 2-d convolution (cross-correlation, as every framework means it). No patch matrix is built; a table of patch
// addresses stands in for it.
//
// The input gradient is a convolution too: of the output's gradient, spread by the stride and padded, with the filter
// turned by 180 degrees and its channels and units exchanged. So both share `correlate`.

import {
  chunkBytes,
  chunkImages,
  ConvSizes,
  fitsInPlace,
  imageFloats,
  listPatches,
  outPixels,
  paddedHeight,
  paddedWidth,
  padImages,
  patchFloats,
} from './conv-sizes';
import { copyPadded, floats, multiplyAdd, relu4, roundUp } from './floats';

// 5 pixels by 8 units: 10 of the 16 SIMD registers hold sums.
const TILE_PIXELS: i32 = 5;
const TILE_UNITS: i32 = 8;
const TILE_BYTES: i32 = 160;

/** Bytes of scratch for `conv2d`, or for `conv2dInputGradient` with its sizes. */
export function conv2dScratchBytes(sizes: ConvSizes): i32 {
  const panels = patchFloats(sizes) * roundUp(sizes.units, TILE_UNITS) * 4;
  const patches = chunkImages(sizes) * outPixels(sizes) * 4;
  return panels + chunkBytes(sizes) + patches + TILE_UNITS * 4 + TILE_BYTES;
}

/** out = x convolved with filter, then + bias[units] unless `bias` is 0, then ReLU if asked. */
export function conv2d(
  sizes: ConvSizes,
  x: usize,
  filter: usize,
  out: usize,
  bias: usize,
  relu: bool,
  scratch: usize,
): void {
  packFilter(scratch, filter, patchFloats(sizes), sizes.units);
  correlate(sizes, x, out, bias, relu, scratch);
}

/**
 * dx = the gradient of a `conv2d` for its input. The sizes are those of the convolution that this is: its image is dy
 * [batch, height, width, channels], with the forward stride as its spread and padding filter - 1 - padding; its output
 * dx [batch, outHeight, outWidth, units]. The filter is the forward one, [filterHeight, filterWidth, units, channels].
 */
export function conv2dInputGradient(sizes: ConvSizes, dy: usize, filter: usize, dx: usize, scratch: usize): void {
  packTurnedFilter(scratch, filter, sizes.filterHeight * sizes.filterWidth, sizes.units, sizes.channels);
  correlate(sizes, dy, dx, 0, false, scratch);
}

/** The convolution behind both, with the filter's panels at the start of scratch. */
function correlate(sizes: ConvSizes, x: usize, out: usize, bias: usize, relu: bool, scratch: usize): void {
  const inPlace = fitsInPlace(sizes);
  const width = inPlace ? sizes.width : paddedWidth(sizes);
  const height = inPlace ? sizes.height : paddedHeight(sizes);
  const rowBytes = floats(width * sizes.channels);
  const images = chunkImages(sizes);
  const depth = patchFloats(sizes);
  const units = sizes.units;

  const panels = scratch;
  const padded = panels + floats(depth * roundUp(units, TILE_UNITS));
  const patches = padded + <usize>chunkBytes(sizes);
  const panelBias = patches + floats(images * outPixels(sizes));
  const tile = panelBias + floats(TILE_UNITS);
  listPatches(patches, sizes, width, <usize>height * rowBytes);

  for (let image = 0; image < sizes.batch; image += images) {
    const count = min(images, sizes.batch - image);
    let from = x + floats(image * imageFloats(sizes));
    if (!inPlace) {
      padImages(padded, from, count, sizes);
      from = padded;
    }
    const to = out + floats(image * outPixels(sizes) * units);
    for (let unit = 0; unit < units; unit += TILE_UNITS) {
      const tileUnits = min(TILE_UNITS, units - unit);
      if (bias != 0) copyPadded(panelBias, bias + floats(unit), tileUnits, TILE_UNITS);
      else memory.fill(panelBias, 0, floats(TILE_UNITS));
      const panel = panels + floats(unit * depth);
      correlatePanel(sizes, count, rowBytes, from, patches, panel, tileUnits, to + floats(unit), panelBias, relu, tile);
    }
  }
}

/** All pixels of `images` images for up to 8 units. */
function correlatePanel(
  sizes: ConvSizes,
  images: i32,
  rowBytes: usize,
  x: usize,
  patches: usize,
  panel: usize,
  tileUnits: i32,
  out: usize,
  bias: usize,
  relu: bool,
  tile: usize,
): void {
  const patchRow = sizes.filterWidth * sizes.channels;
  const pixelBytes = floats(sizes.units);
  const pixels = images * outPixels(sizes);
  for (let pixel = 0; pixel < pixels; pixel += TILE_PIXELS) {
    // A tile that is cut off repeats its last pixel: what lies behind may be no memory at all.
    const count = min(TILE_PIXELS, pixels - pixel);
    correlateTile(
      sizes.filterHeight,
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
    if (tileUnits == TILE_UNITS) writeFullPixels(out, pixelBytes, tile, count, bias, relu);
    else writePartPixels(out, pixelBytes, tile, count, tileUnits, bias, relu);
    patches += floats(TILE_PIXELS);
    out += <usize>TILE_PIXELS * pixelBytes;
  }
}

/**
 * tile[5, 8] = five patches times the panel [depth, 8] of the filter. A patch has `rows` rows of `patchRow` floats,
 * `skip` bytes apart. As with the tile of gemm: nothing else may be alive here, no unrolling, tests at the end of loops.
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
  do {
    let k = patchRow;
    do {
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
    } while (--k);
    x0 += skip;
    x1 += skip;
    x2 += skip;
    x3 += skip;
    x4 += skip;
  } while (--rows);
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

function writeFullPixels(out: usize, pixelBytes: usize, tile: usize, pixels: i32, bias: usize, relu: bool): void {
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
    out += pixelBytes;
  }
}

/** The same for the last units, where a tile is wider than what is left. */
function writePartPixels(
  out: usize,
  pixelBytes: usize,
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
    out += pixelBytes;
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

/** The same of a filter [positions, units, depth] with its positions reversed: panels [positions · depth, 8]. */
function packTurnedFilter(panels: usize, filter: usize, positions: i32, units: i32, depth: i32): void {
  for (let unit = 0; unit < units; unit += TILE_UNITS) {
    for (let position = positions - 1; position >= 0; position--) {
      for (let k = 0; k < depth; k++) {
        for (let i = 0; i < TILE_UNITS; i++) {
          const at = (position * units + unit + i) * depth + k;
          store<f32>(panels + floats(i), unit + i < units ? load<f32>(filter + floats(at)) : <f32>0);
        }
        panels += 32;
      }
    }
  }
}
