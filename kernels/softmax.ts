import { exp4, log } from './exp';
import { floats, loadPart, multiplyAdd, storePart, sumLanes } from './floats';

/** out[rows, cols] = x minus the logarithm of its row's sum of exponentials. */
export function logSoftmax(rows: i32, cols: i32, x: usize, out: usize): void {
  for (; rows > 0; rows--) {
    const greatest = rowMax(cols, x);
    const shifts = f32x4.splat(greatest);
    let sums = f32x4.splat(0);
    for (let j = 0; j < cols; j += 4) {
      sums = f32x4.add(sums, exp4(f32x4.sub(loadPart(x + floats(j), cols - j, -Infinity), shifts)));
    }
    const logSums = f32x4.splat(log(sumLanes(sums)));
    for (let j = 0; j < cols; j += 4) {
      const shifted = f32x4.sub(loadPart(x + floats(j), cols - j, 0), shifts);
      storePart(out + floats(j), f32x4.sub(shifted, logSums), cols - j);
    }
    x += floats(cols);
    out += floats(cols);
  }
}

function rowMax(cols: i32, x: usize): f32 {
  let most = f32x4.splat(-Infinity);
  for (let j = 0; j < cols; j += 4) most = f32x4.pmax(most, loadPart(x + floats(j), cols - j, -Infinity));
  most = f32x4.pmax(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  return max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1));
}

/** dx[rows, cols] = dy - e^y · (the sum of dy over the row), with y what `logSoftmax` gave. */
export function logSoftmaxGradient(rows: i32, cols: i32, y: usize, dy: usize, dx: usize): void {
  for (; rows > 0; rows--) {
    let sums = f32x4.splat(0);
    for (let j = 0; j < cols; j += 4) sums = f32x4.add(sums, loadPart(dy + floats(j), cols - j, 0));
    const factors = f32x4.splat(-sumLanes(sums));
    for (let j = 0; j < cols; j += 4) {
      const gradient = loadPart(dy + floats(j), cols - j, 0);
      const probabilities = exp4(loadPart(y + floats(j), cols - j, 0));
      storePart(dx + floats(j), multiplyAdd(gradient, probabilities, factors), cols - j);
    }
    y += floats(cols);
    dy += floats(cols);
    dx += floats(cols);
  }
}

/** dx[rows, cols] = y · (dy - the sum of dy · y over the row), with y what softmax gave. */
export function softmaxGradient(rows: i32, cols: i32, y: usize, dy: usize, dx: usize): void {
  for (; rows > 0; rows--) {
    let sums = f32x4.splat(0);
    for (let j = 0; j < cols; j += 4) {
      sums = multiplyAdd(sums, loadPart(y + floats(j), cols - j, 0), loadPart(dy + floats(j), cols - j, 0));
    }
    const means = f32x4.splat(sumLanes(sums));
    for (let j = 0; j < cols; j += 4) {
      const gradient = f32x4.sub(loadPart(dy + floats(j), cols - j, 0), means);
      storePart(dx + floats(j), f32x4.mul(loadPart(y + floats(j), cols - j, 0), gradient), cols - j);
    }
    y += floats(cols);
    dy += floats(cols);
    dx += floats(cols);
  }
}
