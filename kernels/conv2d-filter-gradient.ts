import { chunkBytes, chunkImages, listPatches, spread } from './conv2d';
import { copyFloats, copyPadded, floats, multiplyAdd, roundUp } from './floats';

// 4 patch values by 8 units: 8 of the 16 SIMD registers hold sums. (3x3 patch rows of 4, 8, 16 … channels are
// multiples of 4, not of 5.)
const TILE_PATCH: i32 = 4;
const TILE_UNITS: i32 = 8;

/** Bytes of scratch for the filter gradient of a convolution whose padded image is [height, width, channels]. */
export function filterGradientScratchBytes(
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
  const wideUnits = roundUp(units, TILE_UNITS);
  const sums = filterHeight * roundUp(filterWidth * channels, TILE_PATCH) * wideUnits;
  const pixels = chunkImages(image) * outHeight * outWidth;
  return (sums + pixels * (wideUnits + 1) + 8) * 4 + chunkBytes(image);
}

/**
 * gradient[filterHeight, filterWidth, channels, units] of a `conv2d`'s filter from its input x[batch, height, width,
 * channels] and dy[batch, outHeight, outWidth, units]: for each filter cell the sum over all pixels of the product of
 * patch value and dy.
 */
export function conv2dFilterGradient(
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
  dy: usize,
  gradient: usize,
  scratch: usize,
): void {
  const patchRow = filterWidth * channels;
  const sumRow = roundUp(patchRow, TILE_PATCH);
  const wideUnits = roundUp(units, TILE_UNITS);
  const paddedHeight = (outHeight - 1) * strideY + filterHeight;
  const paddedWidth = (outWidth - 1) * strideX + filterWidth;
  // Tiles that are cut off read past a patch row, so only whole ones may work on x itself.
  const inPlace = top == 0 && left == 0 && paddedHeight <= height && paddedWidth <= width && sumRow == patchRow;
  const fromHeight = inPlace ? height : paddedHeight;
  const fromWidth = inPlace ? width : paddedWidth;
  const fromImage = fromHeight * fromWidth * channels;
  const images = chunkImages(fromImage);
  const outImage = outHeight * outWidth;

  const sums = scratch;
  const padded = sums + floats(filterHeight * sumRow * wideUnits);
  const wideDy = padded + chunkBytes(fromImage);
  const patches = wideDy + floats(images * outImage * wideUnits);
  memory.fill(sums, 0, floats(filterHeight * sumRow * wideUnits));
  listPatches(patches, min(images, batch), fromHeight, fromWidth, channels, strideY, strideX, outHeight, outWidth);

  for (let image = 0; image < batch; image += images) {
    const count = min(images, batch - image);
    const pixels = count * outImage;
    let fromX = x + floats(image * height * width * channels);
    let fromDy = dy + floats(image * outImage * units);
    if (!inPlace) {
      spread(padded, fromHeight, fromWidth, fromX, count, height, width, channels, 1, 1, top, left);
      fromX = padded;
    }
    if (units != wideUnits) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        copyPadded(wideDy + floats(pixel * wideUnits), fromDy + floats(pixel * units), units, wideUnits);
      }
      fromDy = wideDy;
    }
    addChunk(pixels, filterHeight, floats(fromWidth * channels), sumRow, wideUnits, fromX, patches, fromDy, sums);
  }
  for (let y = 0; y < filterHeight; y++) {
    for (let k = 0; k < patchRow; k++) {
      copyFloats(gradient + floats((y * patchRow + k) * units), sums + floats((y * sumRow + k) * wideUnits), units);
    }
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
        addTile(
          pixels,
          x + <usize>y * rowBytes + floats(k),
          patches,
          dy + floats(unit),
          sums + floats((y * sumRow + k) * wideUnits + unit),
          floats(wideUnits),
        );
      }
    }
  }
}

/** sums[4, 8] += the sum over pixels of 4 patch values times 8 units of dy. */
function addTile(pixels: i32, x: usize, patches: usize, dy: usize, sums: usize, unitBytes: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  for (; pixels > 0; pixels--) {
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
    dy += unitBytes;
  }
  addRow(sums, c00, c01);
  addRow(sums + unitBytes, c10, c11);
  addRow(sums + 2 * unitBytes, c20, c21);
  addRow(sums + 3 * unitBytes, c30, c31);
}

function addRow(sums: usize, low: v128, high: v128): void {
  v128.store(sums, f32x4.add(v128.load(sums), low));
  v128.store(sums, f32x4.add(v128.load(sums, 16), high), 16);
}
