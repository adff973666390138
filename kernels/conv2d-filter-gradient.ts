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
} from './conv-sizes';
import { copyFloats, copyPadded, floats, multiplyAdd, roundUp } from './floats';

// 4 patch values by 8 units: 8 of the 16 SIMD registers hold sums. (Patch rows of 3 times 4, 8, 16 … channels are
// multiples of 4, not of 5.)
const TILE_PATCH: i32 = 4;
const TILE_UNITS: i32 = 8;

/** Bytes of scratch for `conv2dFilterGradient`. */
export function filterGradientScratchBytes(sizes: ConvSizes): i32 {
  const wideUnits = roundUp(sizes.units, TILE_UNITS);
  const sums = sizes.filterHeight * roundUp(sizes.filterWidth * sizes.channels, TILE_PATCH) * wideUnits;
  const pixels = chunkImages(sizes) * outPixels(sizes);
  return (sums + pixels * (wideUnits + 1)) * 4 + chunkBytes(sizes);
}

/**
 * gradient = that of a `conv2d`'s filter, from its input x and the output's gradient dy: for each filter value the sum
 * over all pixels of patch value times dy.
 */
export function conv2dFilterGradient(sizes: ConvSizes, x: usize, dy: usize, gradient: usize, scratch: usize): void {
  const units = sizes.units;
  const patchRow = sizes.filterWidth * sizes.channels;
  const sumRow = roundUp(patchRow, TILE_PATCH);
  const wideUnits = roundUp(units, TILE_UNITS);
  const sumFloats = sizes.filterHeight * sumRow * wideUnits;
  // Tiles that are cut off read past a patch row, so only whole ones may work on x itself.
  const inPlace = fitsInPlace(sizes) && sumRow == patchRow;
  const width = inPlace ? sizes.width : paddedWidth(sizes);
  const height = inPlace ? sizes.height : paddedHeight(sizes);
  const rowBytes = floats(width * sizes.channels);
  const images = chunkImages(sizes);

  const sums = scratch;
  const padded = sums + floats(sumFloats);
  const wideDy = padded + <usize>chunkBytes(sizes);
  const patches = wideDy + floats(images * outPixels(sizes) * wideUnits);
  memory.fill(sums, 0, floats(sumFloats));
  listPatches(patches, sizes, width, <usize>height * rowBytes);

  for (let image = 0; image < sizes.batch; image += images) {
    const count = min(images, sizes.batch - image);
    const pixels = count * outPixels(sizes);
    let fromX = x + floats(image * imageFloats(sizes));
    let fromDy = dy + floats(image * outPixels(sizes) * units);
    if (!inPlace) {
      padImages(padded, fromX, count, sizes);
      fromX = padded;
    }
    if (units != wideUnits) {
      widenRows(wideDy, fromDy, pixels, units, wideUnits);
      fromDy = wideDy;
    }
    addChunk(pixels, sizes.filterHeight, rowBytes, sumRow, wideUnits, fromX, patches, fromDy, sums);
  }
  for (let y = 0; y < sizes.filterHeight; y++) {
    for (let k = 0; k < patchRow; k++) {
      copyFloats(gradient + floats((y * patchRow + k) * units), sums + floats((y * sumRow + k) * wideUnits), units);
    }
  }
}

function widenRows(to: usize, from: usize, rows: i32, count: i32, width: i32): void {
  for (; rows > 0; rows--) {
    copyPadded(to, from, count, width);
    to += floats(width);
    from += floats(count);
  }
}

/** Adds a chunk's products to the sums [filterHeight, sumRow, wideUnits]. */
function addChunk(
  pixels: i32,
  filterHeight: i32,
  rowBytes: usize,
  sumRow: i32,
  wideUnits: i32,
  x: usize,
  patches: usize,
  dy: usize,
  sums: usize,
): void {
  for (let y = 0; y < filterHeight; y++) {
    for (let k = 0; k < sumRow; k += TILE_PATCH) {
      for (let unit = 0; unit < wideUnits; unit += TILE_UNITS) {
        const patchValues = x + <usize>y * rowBytes + floats(k);
        const tile = sums + floats((y * sumRow + k) * wideUnits + unit);
        addTile(pixels, patchValues, patches, dy + floats(unit), tile, floats(wideUnits));
      }
    }
  }
}

/** sums[4, 8] += the sum over pixels of 4 patch values times 8 units of dy. */
function addTile(pixels: i32, x: usize, patches: usize, dy: usize, sums: usize, rowBytes: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  do {
    const patch = x + load<u32>(patches);
    const d0 = v128.load(dy);
    const d1 = v128.load(dy, 16);
    const a0 = v128.load_splat<f32>(patch);
    c00 = multiplyAdd(c00, a0, d0);
    c01 = multiplyAdd(c01, a0, d1);
    const a1 = v128.load_splat<f32>(patch, 4);
    c10 = multiplyAdd(c10, a1, d0);
    c11 = multiplyAdd(c11, a1, d1);
    const a2 = v128.load_splat<f32>(patch, 8);
    c20 = multiplyAdd(c20, a2, d0);
    c21 = multiplyAdd(c21, a2, d1);
    const a3 = v128.load_splat<f32>(patch, 12);
    c30 = multiplyAdd(c30, a3, d0);
    c31 = multiplyAdd(c31, a3, d1);
    patches += 4;
    dy += rowBytes;
  } while (--pixels);
  addRow(sums, c00, c01);
  addRow(sums + rowBytes, c10, c11);
  addRow(sums + 2 * rowBytes, c20, c21);
  addRow(sums + 3 * rowBytes, c30, c31);
}

function addRow(sums: usize, low: v128, high: v128): void {
  v128.store(sums, f32x4.add(v128.load(sums), low));
  v128.store(sums, f32x4.add(v128.load(sums, 16), high), 16);
}
