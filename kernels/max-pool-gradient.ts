import { ConvSizes, imageFloats } from './conv-sizes';
import { floats, loadPart } from './floats';

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
        for (let channel = 0; channel < sizes.channels; channel += 4) {
          const rest = sizes.channels - channel;
          const at = greatest(sizes, x + floats(channel), rest, firstY, firstX);
          addAt(dx + floats(channel), i32x4.extract_lane(at, 0), dy);
          if (rest > 1) addAt(dx + floats(channel + 1), i32x4.extract_lane(at, 1), dy + 4);
          if (rest > 2) addAt(dx + floats(channel + 2), i32x4.extract_lane(at, 2), dy + 8);
          if (rest > 3) addAt(dx + floats(channel + 3), i32x4.extract_lane(at, 3), dy + 12);
          dy += floats(min(4, rest));
        }
      }
    }
    x += imageBytes;
    dx += imageBytes;
  }
}

/**
 * Where in one image the greatest value of a window lies, counted in floats, for four channels of which `rest` exist;
 * -1 if the window is empty or all NaN.
 */
function greatest(sizes: ConvSizes, x: usize, rest: i32, firstY: i32, firstX: i32): v128 {
  const lastY = min(sizes.height, firstY + sizes.filterHeight) - 1;
  const lastX = min(sizes.width, firstX + sizes.filterWidth) - 1;
  let best = f32x4.splat(-Infinity);
  let at = i32x4.splat(-1);
  for (let row = max(0, firstY); row <= lastY; row++) {
    for (let column = max(0, firstX); column <= lastX; column++) {
      const here = (row * sizes.width + column) * sizes.channels;
      const values = loadPart(x + floats(here), rest, 0);
      const greater = f32x4.gt(values, best);
      best = v128.bitselect(values, best, greater);
      at = v128.bitselect(i32x4.splat(here), at, greater);
    }
  }
  return at;
}

function addAt(dx: usize, at: i32, dy: usize): void {
  if (at < 0) return;
  const to = dx + floats(at);
  store<f32>(to, load<f32>(to) + load<f32>(dy));
}
