import { floats, multiplyAdd } from './floats';

// Layer normalisation (Ba, Kiros & Hinton 2016) over rows of `cols` values:
//   y = gain · n + bias,  n = (x − mean) · r,  r = 1 / sqrt(variance + epsilon)

/** y[rows, cols]; keeps each row's mean and r in `moments` [rows, 2] for the gradient. */
export function layerNorm(
  rows: i32,
  cols: i32,
  x: usize,
  gain: usize,
  bias: usize,
  epsilon: f32,
  y: usize,
  moments: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const mean = sum(cols, x) / <f32>cols;
    const scale = <f32>1 / sqrt<f32>(sumOfDeviations(cols, x, mean) / <f32>cols + epsilon);
    const means = f32x4.splat(mean);
    const scales = f32x4.splat(scale);
    let i = 0;
    for (; i + 4 <= cols; i += 4) {
      const at = floats(i);
      const n = f32x4.mul(f32x4.sub(v128.load(x + at), means), scales);
      v128.store(y + at, multiplyAdd(v128.load(bias + at), n, v128.load(gain + at)));
    }
    for (; i < cols; i++) {
      const at = floats(i);
      store<f32>(y + at, (load<f32>(x + at) - mean) * scale * load<f32>(gain + at) + load<f32>(bias + at));
    }
    store<f32>(moments, mean);
    store<f32>(moments, scale, 4);
    moments += 8;
    x += floats(cols);
    y += floats(cols);
  }
}

/**
 * With g = dy · gain: dx = r · (g − mean(g) − n · mean(g · n)), dGain = the rows' sum of dy · n, dBias = that of dy.
 */
export function layerNormGradient(
  rows: i32,
  cols: i32,
  x: usize,
  gain: usize,
  moments: usize,
  dy: usize,
  dx: usize,
  dGain: usize,
  dBias: usize,
): void {
  memory.fill(dGain, 0, floats(cols));
  memory.fill(dBias, 0, floats(cols));
  for (let row = 0; row < rows; row++) {
    const mean = load<f32>(moments);
    const scale = load<f32>(moments, 4);
    let sumG: f32 = 0;
    let sumGn: f32 = 0;
    for (let i = 0; i < cols; i++) {
      const at = floats(i);
      const d = load<f32>(dy + at);
      const n = (load<f32>(x + at) - mean) * scale;
      const g = d * load<f32>(gain + at);
      sumG += g;
      sumGn += g * n;
      store<f32>(dGain + at, load<f32>(dGain + at) + d * n);
      store<f32>(dBias + at, load<f32>(dBias + at) + d);
    }
    sumG /= <f32>cols;
    sumGn /= <f32>cols;
    for (let i = 0; i < cols; i++) {
      const at = floats(i);
      const n = (load<f32>(x + at) - mean) * scale;
      store<f32>(dx + at, scale * (load<f32>(dy + at) * load<f32>(gain + at) - sumG - n * sumGn));
    }
    moments += 8;
    x += floats(cols);
    dy += floats(cols);
    dx += floats(cols);
  }
}

function sum(count: i32, x: usize): f32 {
  let sums = f32x4.splat(0);
  for (; count >= 4; count -= 4) {
    sums = f32x4.add(sums, v128.load(x));
    x += 16;
  }
  let total = lanes(sums);
  for (; count > 0; count--) {
    total += load<f32>(x);
    x += 4;
  }
  return total;
}

function sumOfDeviations(count: i32, x: usize, mean: f32): f32 {
  const means = f32x4.splat(mean);
  let sums = f32x4.splat(0);
  for (; count >= 4; count -= 4) {
    const deviation = f32x4.sub(v128.load(x), means);
    sums = multiplyAdd(sums, deviation, deviation);
    x += 16;
  }
  let total = lanes(sums);
  for (; count > 0; count--) {
    const deviation = load<f32>(x) - mean;
    total += deviation * deviation;
    x += 4;
  }
  return total;
}

function lanes(sums: v128): f32 {
  return (
    f32x4.extract_lane(sums, 0) +
    f32x4.extract_lane(sums, 1) +
    (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3))
  );
}
