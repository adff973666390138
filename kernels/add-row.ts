import { floats } from './floats';

/** out[rows, cols] = x[rows, cols] + row[cols]: adding a bias. */
export function addRow(rows: i32, cols: i32, x: usize, row: usize, out: usize): void {
  for (; rows > 0; rows--) {
    let j = 0;
    for (; j + 4 <= cols; j += 4) {
      const at = floats(j);
      v128.store(out + at, f32x4.add(v128.load(x + at), v128.load(row + at)));
    }
    for (; j < cols; j++) {
      const at = floats(j);
      store<f32>(out + at, load<f32>(x + at) + load<f32>(row + at));
    }
    x += floats(cols);
    out += floats(cols);
  }
}
