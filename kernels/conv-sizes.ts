// The sizes of a convolution, and what follows from them.

import { copyFloats, floats } from './floats';

/**
 * As src/engine/wasm-module.ts writes them: fifteen int32, in this order. Images are [batch, height, width, channels],
 * filters [filterHeight, filterWidth, channels, units], outputs [batch, outHeight, outWidth, units]. `top` and `left`
 * count the zeros before the image; behind it come as many as the output needs. `spreadY` and `spreadX` are 1 except
 * for an input gradient, which spreads its image by the stride, with zeros between.
 */
@unmanaged
export class ConvSizes {
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  filterHeight: i32;
  filterWidth: i32;
  strideY: i32;
  strideX: i32;
  top: i32;
  left: i32;
  outHeight: i32;
  outWidth: i32;
  units: i32;
  spreadY: i32;
  spreadX: i32;
}

// Images are worked on in chunks of about this many bytes, so that padded copies stay in the first caches.
const CHUNK_BYTES: i32 = 32768;
// Tiles that are cut off may read this far past a padded copy.
const SLACK_BYTES: i32 = 64;

/** Floats of one image. */
export function imageFloats(sizes: ConvSizes): i32 {
  return sizes.height * sizes.width * sizes.channels;
}

/** Floats of the filter for one unit. */
export function patchFloats(sizes: ConvSizes): i32 {
  return sizes.filterHeight * sizes.filterWidth * sizes.channels;
}

/** Pixels of one output. */
export function outPixels(sizes: ConvSizes): i32 {
  return sizes.outHeight * sizes.outWidth;
}

/** Whether every patch lies inside the image as it stands, so that no padded copy is needed. */
export function fitsInPlace(sizes: ConvSizes): bool {
  return (
    sizes.top == 0 &&
    sizes.left == 0 &&
    sizes.spreadY == 1 &&
    sizes.spreadX == 1 &&
    paddedHeight(sizes) <= sizes.height &&
    paddedWidth(sizes) <= sizes.width
  );
}

/** Rows that the patches cover. */
export function paddedHeight(sizes: ConvSizes): i32 {
  return (sizes.outHeight - 1) * sizes.strideY + sizes.filterHeight;
}

/** Columns that the patches cover. */
export function paddedWidth(sizes: ConvSizes): i32 {
  return (sizes.outWidth - 1) * sizes.strideX + sizes.filterWidth;
}

/** Images to work on at once. */
export function chunkImages(sizes: ConvSizes): i32 {
  const image = paddedHeight(sizes) * paddedWidth(sizes) * sizes.channels;
  return min(sizes.batch, max(1, CHUNK_BYTES / (image * 4)));
}

/** Bytes for the padded copies of a chunk. */
export function chunkBytes(sizes: ConvSizes): i32 {
  return chunkImages(sizes) * paddedHeight(sizes) * paddedWidth(sizes) * sizes.channels * 4 + SLACK_BYTES;
}

/**
 * Writes the byte offset (uint32) of each output pixel's patch, for a chunk of images that are [_, width, channels]
 * each and `imageBytes` apart.
 */
export function listPatches(patches: usize, sizes: ConvSizes, width: i32, imageBytes: usize): void {
  const images = chunkImages(sizes);
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < sizes.outHeight; y++) {
      for (let x = 0; x < sizes.outWidth; x++) {
        const pixel = y * sizes.strideY * width + x * sizes.strideX;
        store<u32>(patches, <u32>(<usize>image * imageBytes + floats(pixel * sizes.channels)));
        patches += 4;
      }
    }
  }
}

/** Copies `images` images into padded ones: pixel (y, x) goes to (top + y · spreadY, left + x · spreadX) if it exists. */
export function padImages(to: usize, from: usize, images: i32, sizes: ConvSizes): void {
  const height = paddedHeight(sizes);
  const rowBytes = floats(paddedWidth(sizes) * sizes.channels);
  memory.fill(to, 0, <usize>(images * height) * rowBytes);
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < sizes.height; y++) {
      const toY = sizes.top + y * sizes.spreadY;
      if (toY >= 0 && toY < height) padRow(to + <usize>toY * rowBytes, from, sizes);
      from += floats(sizes.width * sizes.channels);
    }
    to += <usize>height * rowBytes;
  }
}

function padRow(to: usize, from: usize, sizes: ConvSizes): void {
  const width = paddedWidth(sizes);
  const channels = sizes.channels;
  if (sizes.spreadX == 1) {
    const first = max(0, -sizes.left);
    const count = min(sizes.width, width - sizes.left) - first;
    copyFloats(to + floats((sizes.left + first) * channels), from + floats(first * channels), count * channels);
    return;
  }
  for (let x = 0; x < sizes.width; x++) {
    const toX = sizes.left + x * sizes.spreadX;
    if (toX >= 0 && toX < width) copyFloats(to + floats(toX * channels), from + floats(x * channels), channels);
  }
}
