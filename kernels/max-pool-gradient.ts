import { floats } from './floats';

/**
 * dx[batch, height, width, channels] from dy[batch, outHeight, outWidth, channels]: each output's gradient goes to the
 * first greatest input of its window (row by row). Windows may overlap and may start `top` rows and `left` columns
 * before the image. Cells outside of the image count as minus infinity.
 */
export function maxPoolGradient(
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideY: i32,
  strideX: i32,
  outHeight: i32,
  outWidth: i32,
  top: i32,
  left: i32,
  x: usize,
  dy: usize,
  dx: usize,
): void {
  const imageBytes = floats(height * width * channels);
  memory.fill(dx, 0, <usize>batch * imageBytes);
  for (let image = 0; image < batch; image++) {
    for (let outY = 0; outY < outHeight; outY++) {
      const firstY = outY * strideY - top;
      const fromY = max(0, firstY);
      const toY = min(height, firstY + windowHeight);
      for (let outX = 0; outX < outWidth; outX++) {
        const firstX = outX * strideX - left;
        const fromX = max(0, firstX);
        const toX = min(width, firstX + windowWidth);
        for (let channel = 0; channel < channels; channel++) {
          const at = greatest(x + floats(channel), fromY, toY, fromX, toX, width, channels);
          if (at >= 0) {
            const to = dx + floats(at + channel);
            store<f32>(to, load<f32>(to) + load<f32>(dy + floats(channel)));
          }
        }
        dy += floats(channels);
      }
    }
    x += imageBytes;
    dx += imageBytes;
  }
}

/** Where in one image the greatest value of a window lies, counted in floats; -1 if the window is empty or all NaN. */
function greatest(x: usize, fromY: i32, toY: i32, fromX: i32, toX: i32, width: i32, channels: i32): i32 {
  let best: f32 = -Infinity;
  let at = -1;
  for (let y = fromY; y < toY; y++) {
    for (let column = fromX; column < toX; column++) {
      const here = (y * width + column) * channels;
      const value = load<f32>(x + floats(here));
      if (value > best) {
        best = value;
        at = here;
      }
    }
  }
  return at;
}
