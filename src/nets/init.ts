import { normal, type Rng } from '../core/rng.ts';
import { type Params, type TensorSpec, tensorShape, tensorSize } from '../core/tensors.ts';

/** Fresh values for every tensor, each from a stream of its own, so that one tensor's shape leaves the others alone. */
export function initParams(tensors: readonly TensorSpec[], stream: (name: string) => Rng): Params {
  return Object.fromEntries(tensors.map((spec) => [spec.name, initTensor(spec, stream(spec.name))]));
}

function initTensor(spec: TensorSpec, rng: Rng): Float32Array {
  if (spec.init.kind !== 'orthogonal')
    return new Float32Array(tensorSize(spec)).fill(spec.init.kind === 'ones' ? 1 : 0);
  const columns = tensorShape(spec).at(-1) as number;
  return orthogonal(tensorSize(spec) / columns, columns, spec.init.gain, rng);
}

/**
 * A `[rows, columns]` matrix with orthonormal rows or columns, whichever are fewer, times `gain` (Saxe et al. 2014):
 * Gram–Schmidt, run twice for accuracy, on normal draws. Its law is that of the QR decomposition with positive diagonal.
 */
export function orthogonal(rows: number, columns: number, gain: number, rng: Rng): Float32Array {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const vectors = Array.from({ length: count }, () => Float64Array.from({ length }, () => normal(rng)));
  for (let i = 0; i < count; i++) {
    const v = vectors[i];
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const u = vectors[j];
        let dot = 0;
        for (let k = 0; k < length; k++) dot += v[k] * u[k];
        for (let k = 0; k < length; k++) v[k] -= dot * u[k];
      }
    }
    let square = 0;
    for (let k = 0; k < length; k++) square += v[k] * v[k];
    const factor = 1 / Math.sqrt(square);
    for (let k = 0; k < length; k++) v[k] *= factor;
  }
  const out = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[r * columns + c] = gain * (rows >= columns ? vectors[c][r] : vectors[r][c]);
  }
  return out;
}
