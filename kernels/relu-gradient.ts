/** out = gradient where y > 0, else 0, over `count` floats; y is the output of the ReLU. `out` may be `gradient`. */
export function reluGradient(count: i32, gradient: usize, y: usize, out: usize): void {
  for (; count >= 4; count -= 4) {
    v128.store(out, v128.and(v128.load(gradient), f32x4.gt(v128.load(y), f32x4.splat(0))));
    gradient += 16;
    y += 16;
    out += 16;
  }
  for (; count > 0; count--) {
    store<f32>(out, load<f32>(y) > 0 ? load<f32>(gradient) : <f32>0);
    gradient += 4;
    y += 4;
    out += 4;
  }
}
