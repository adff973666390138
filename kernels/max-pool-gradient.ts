import { ConvSizes, imageFloats } from './conv-sizes';
import { floats } from './floats';

/**
 * dx = the gradient of maximum pooling, from its input x and the output's gradient dy: each dy goes to the first
 * greatest value of its window (row by row). The sizes are those of a convolution with the window as its filter and as
 * many units as channels; what is outside of the image does not count.
 */
export function maxPoolGradient(sizes: ConvSizes, x: usize, dy: usize, dx: usize): void {
  const imageBytes = floats(imageFloats(sizes));
  memory.fill(dx, 0, <usize>sizes.batch * imageBytes);
  for (let image = 0; image < sizes.batch; image++) {
    for (let outY = 0; outY < sizes.outHeight; outY++) {
      for (let outX = 0; outX < sizes.outWidth; outX++) {
        const firstY = outY * sizes.strideY - sizes.top;
        const firstX = outX * sizes.strideX - sizes.left;
        for (let channel = 0; channel < sizes.channels; channel++) {
          const at = greatest(sizes, x + floats(channel), firstY, firstX);
          if (at >= 0) {
            const to = dx + floats(at + channel);
            store<f32>(to, load<f32>(to) + load<f32>(dy + floats(channel)));
          }
        }
        dy += floats(sizes.channels);
      }
    }
    x += imageBytes;
    dx += imageBytes;
  }
}

/** Where in one image the greatest value of a window lies, counted in floats; -1 if the window is empty or all NaN. */
function greatest(sizes: ConvSizes, x: usize, firstY: i32, firstX: i32): i32 {
  const lastY = min(sizes.height, firstY + sizes.filterHeight) - 1;
  const lastX = min(sizes.width, firstX + sizes.filterWidth) - 1;
  let best: f32 = -Infinity;
  let at = -1;
  for (let row = max(0, firstY); row <= lastY; row++) {
    for (let column = max(0, firstX); column <= lastX; column++) {
      const here = (row * sizes.width + column) * sizes.channels;
      const value = load<f32>(x + floats(here));
      if (value > best) {
        best = value;
        at = here;
      }
    }
  }
  return at;
}
