// What the products that skip zeros share: how they list what is set.

import { floats, transpose4 } from './floats';

/** For each of the 16 subsets of four lanes the byte indices that move them to the front. */
export function writeSelections(selections: usize): void {
  for (let set = 0; set < 16; set++) {
    let to = selections + ((<usize>set) << 4);
    for (let lane = 0; lane < 4; lane++) {
      if (set & (1 << lane)) {
        store<u32>(to, 0x03020100 + 0x04040404 * lane);
        to += 4;
      }
    }
  }
}

/** to[rows, depth] = from[depth, rows]; rows of `to` lie `toBytes` apart, rows of `from` `fromBytes`. */
export function turnRows(to: usize, toBytes: usize, from: usize, fromBytes: usize, rows: i32, depth: i32): void {
  const wholeRows = rows & -4;
  const wholeDepth = depth & -4;
  for (let k = 0; k < wholeDepth; k += 4) {
    for (let i = 0; i < wholeRows; i += 4) {
      transpose4(to + <usize>i * toBytes + floats(k), toBytes, from + <usize>k * fromBytes + floats(i), fromBytes);
    }
  }
  for (let k = 0; k < depth; k++) {
    for (let i = k < wholeDepth ? wholeRows : 0; i < rows; i++) {
      store<f32>(to + <usize>i * toBytes + floats(k), load<f32>(from + <usize>k * fromBytes + floats(i)));
    }
  }
}
