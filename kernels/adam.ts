import { multiplyAdd } from './floats';

/**
 * One Adam update of `count` parameters and their two moments, in place (Kingma & Ba 2015, algorithm 1):
 *   g = gradScale · gradient;  m = beta1 · m + (1 - beta1) · g;  v = beta2 · v + (1 - beta2) · g²
 *   param -= stepSize · m / (sqrt(v) · vScale + epsilon)
 * where stepSize = learningRate / (1 - beta1^t) and vScale = 1 / sqrt(1 - beta2^t).
 */
export function adam(
  count: i32,
  param: usize,
  gradient: usize,
  m: usize,
  v: usize,
  stepSize: f32,
  beta1: f32,
  oneMinusBeta1: f32,
  beta2: f32,
  oneMinusBeta2: f32,
  vScale: f32,
  epsilon: f32,
  gradScale: f32,
): void {
  const stepSizes = f32x4.splat(stepSize);
  const decays1 = f32x4.splat(beta1);
  const gains1 = f32x4.splat(oneMinusBeta1);
  const decays2 = f32x4.splat(beta2);
  const gains2 = f32x4.splat(oneMinusBeta2);
  const vScales = f32x4.splat(vScale);
  const epsilons = f32x4.splat(epsilon);
  const gradScales = f32x4.splat(gradScale);
  for (; count >= 4; count -= 4) {
    const g = f32x4.mul(v128.load(gradient), gradScales);
    const m1 = multiplyAdd(f32x4.mul(v128.load(m), decays1), g, gains1);
    const v1 = multiplyAdd(f32x4.mul(v128.load(v), decays2), f32x4.mul(g, g), gains2);
    const divisor = multiplyAdd(epsilons, f32x4.sqrt(v1), vScales);
    v128.store(m, m1);
    v128.store(v, v1);
    v128.store(param, f32x4.sub(v128.load(param), f32x4.div(f32x4.mul(m1, stepSizes), divisor)));
    param += 16;
    gradient += 16;
    m += 16;
    v += 16;
  }
  for (; count > 0; count--) {
    const g = load<f32>(gradient) * gradScale;
    const m1 = load<f32>(m) * beta1 + g * oneMinusBeta1;
    const v1 = load<f32>(v) * beta2 + g * g * oneMinusBeta2;
    store<f32>(m, m1);
    store<f32>(v, v1);
    store<f32>(param, load<f32>(param) - (m1 * stepSize) / (sqrt<f32>(v1) * vScale + epsilon));
    param += 4;
    gradient += 4;
    m += 4;
    v += 4;
  }
}
