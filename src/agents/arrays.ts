/** The values at `indices`. */
export function gather<T extends Float32Array | Int32Array | Uint8Array>(values: T, indices: Int32Array): T {
  const out = new (values.constructor as new (length: number) => T)(indices.length);
  for (let i = 0; i < indices.length; i++) out[i] = values[indices[i]];
  return out;
}

/** Writes the rows `indices` of `values [rows, columns]` to `out`. */
export function gatherRows<T extends Float32Array | Uint8Array>(
  values: Float32Array | Uint8Array,
  indices: Int32Array,
  columns: number,
  out: T,
): T {
  for (let i = 0; i < indices.length; i++) {
    out.set(values.subarray(indices[i] * columns, (indices[i] + 1) * columns), i * columns);
  }
  return out;
}
