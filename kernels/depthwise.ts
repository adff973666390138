import { ConvSizes, imageFloats, outPixels } from './conv-sizes';
import { floats, multiplyAdd } from './floats';

// Gradients of a depthwise convolution: each of `channels` inputs has `multiplier` filters of its own, so an output
// pixel has channels · multiplier values, `sizes.units` of them. Filters are [filterHeight, filterWidth, channels,
// multiplier]. With one filter a channel, which is what nets use, four channels go at a time.

/** gradient = that of the filter, from the input x and the output's gradient dy. */
export function depthwiseFilterGradient(sizes: ConvSizes, x: usize, dy: usize, gradient: usize): void {
  memory.fill(gradient, 0, floats(sizes.filterHeight * sizes.filterWidth * sizes.units));
  for (let image = 0; image < sizes.batch; image++) {
    visit(sizes, x, dy, gradient, false);
    x += floats(imageFloats(sizes));
    dy += floats(outPixels(sizes) * sizes.units);
  }
}

/** dx = the gradient of the input, from the output's gradient dy and the filter. */
export function depthwiseInputGradient(sizes: ConvSizes, dy: usize, filter: usize, dx: usize): void {
  memory.fill(dx, 0, floats(sizes.batch * imageFloats(sizes)));
  for (let image = 0; image < sizes.batch; image++) {
    visit(sizes, dx, dy, filter, true);
    dx += floats(imageFloats(sizes));
    dy += floats(outPixels(sizes) * sizes.units);
  }
}

/** All pairs of an input pixel and an output pixel that a filter position joins, in one image. */
function visit(sizes: ConvSizes, image: usize, dy: usize, filter: usize, toImage: bool): void {
  for (let outY = 0; outY < sizes.outHeight; outY++) {
    for (let outX = 0; outX < sizes.outWidth; outX++) {
      for (let filterY = 0; filterY < sizes.filterHeight; filterY++) {
        const y = outY * sizes.strideY - sizes.top + filterY;
        if (y < 0 || y >= sizes.height) continue;
        for (let filterX = 0; filterX < sizes.filterWidth; filterX++) {
          const x = outX * sizes.strideX - sizes.left + filterX;
          if (x < 0 || x >= sizes.width) continue;
          const pixel = image + floats((y * sizes.width + x) * sizes.channels);
          const weights = filter + floats((filterY * sizes.filterWidth + filterX) * sizes.units);
          if (toImage) addProducts(pixel, weights, dy, sizes);
          else addOuter(weights, pixel, dy, sizes);
        }
      }
      dy += floats(sizes.units);
    }
  }
}

/** pixel[channel] += sum over the channel's filters of weights · dy. */
function addProducts(pixel: usize, weights: usize, dy: usize, sizes: ConvSizes): void {
  const channels = sizes.channels;
  const multiplier = sizes.units / channels;
  let channel = 0;
  if (multiplier == 1) channel = addFours(pixel, weights, dy, channels);
  for (; channel < channels; channel++) {
    let sum = load<f32>(pixel + floats(channel));
    for (let i = channel * multiplier; i < (channel + 1) * multiplier; i++) {
      sum += load<f32>(weights + floats(i)) * load<f32>(dy + floats(i));
    }
    store<f32>(pixel + floats(channel), sum);
  }
}

/** weights[channel, filter] += pixel[channel] · dy[channel, filter]. */
function addOuter(weights: usize, pixel: usize, dy: usize, sizes: ConvSizes): void {
  const channels = sizes.channels;
  const multiplier = sizes.units / channels;
  let channel = 0;
  if (multiplier == 1) channel = addFours(weights, pixel, dy, channels);
  for (; channel < channels; channel++) {
    const value = load<f32>(pixel + floats(channel));
    for (let i = channel * multiplier; i < (channel + 1) * multiplier; i++) {
      const to = weights + floats(i);
      store<f32>(to, load<f32>(to) + value * load<f32>(dy + floats(i)));
    }
  }
}

/** to += a · b for as many whole fours as there are; returns how many values that were. */
function addFours(to: usize, a: usize, b: usize, count: i32): i32 {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = floats(i);
    v128.store(to + at, multiplyAdd(v128.load(to + at), v128.load(a + at), v128.load(b + at)));
  }
  return i;
}
