import { ConvSizes, imageFloats } from './conv-sizes';
import { floats, loadPart, multiplyAdd, storePart } from './floats';

/**
 * dx = the gradient of average pooling: each dy goes in equal shares to the values of its window. The sizes are those
 * of a convolution with the window as its filter and as many units as channels; what is outside of the image does not
 * count, in the mean as in its shares.
 */
export function avgPoolGradient(sizes: ConvSizes, dy: usize, dx: usize): void {
  const imageBytes = floats(imageFloats(sizes));
  memory.fill(dx, 0, <usize>sizes.batch * imageBytes);
  for (let image = 0; image < sizes.batch; image++) {
    for (let outY = 0; outY < sizes.outHeight; outY++) {
      for (let outX = 0; outX < sizes.outWidth; outX++) {
        share(sizes, dy, dx, outY * sizes.strideY - sizes.top, outX * sizes.strideX - sizes.left);
        dy += floats(sizes.channels);
      }
    }
    dx += imageBytes;
  }
}

/** Adds a pixel of dy to its window in one image. */
function share(sizes: ConvSizes, dy: usize, dx: usize, y: i32, x: i32): void {
  const firstY = max(0, y);
  const firstX = max(0, x);
  const height = min(sizes.height, y + sizes.filterHeight) - firstY;
  const width = min(sizes.width, x + sizes.filterWidth) - firstX;
  const shares = f32x4.splat(1 / <f32>(height * width));
  for (let row = firstY; row < firstY + height; row++) {
    for (let column = firstX; column < firstX + width; column++) {
      addScaled(sizes.channels, dx + floats((row * sizes.width + column) * sizes.channels), dy, shares);
    }
  }
}

function addScaled(count: i32, to: usize, from: usize, factors: v128): void {
  for (let j = 0; j < count; j += 4) {
    const sum = multiplyAdd(loadPart(to + floats(j), count - j, 0), loadPart(from + floats(j), count - j, 0), factors);
    storePart(to + floats(j), sum, count - j);
  }
}
