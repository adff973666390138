/** The values at `indices`. */
export function gather<T extends Float32Array | Int32Array | Uint8Array>(values: T, indices: Int32Array): T {
  const out = new (values.constructor as new (length: number) => T)(indices.length);
  for (let i = 0; i < indices.length; i++) out[i] = values[indices[i]];
  return out;
}

/** The rows `indices` of `values [rows, columns]`. */
export function gatherRows<T extends Float32Array | Uint8Array>(values: T, indices: Int32Array, columns: number): T {
  const out = new (values.constructor as new (length: number) => T)(indices.length * columns);
  for (let i = 0; i < indices.length; i++) {
    out.set(values.subarray(indices[i] * columns, (indices[i] + 1) * columns) as never, i * columns);
  }
  return out;
}
