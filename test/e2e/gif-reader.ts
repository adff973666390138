/** What a GIF file says of itself. */
export interface Gif {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly { readonly width: number; readonly height: number; readonly delayMs: number }[];
}

/** Reads the blocks of a GIF file, after CompuServe's "Graphics Interchange Format, version 89a". @throws RangeError for anything else */
export function readGif(bytes: Buffer): Gif {
  if (bytes.toString('latin1', 0, 6) !== 'GIF89a') throw new RangeError('no GIF89a');
  const tableSize = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1));
  const frames: { width: number; height: number; delayMs: number }[] = [];
  let at = 13 + tableSize(bytes[10]);
  let delayMs = 0;
  const skipBlocks = (): void => {
    while (bytes[at] !== 0) at += 1 + bytes[at];
    at++;
  };
  for (;;) {
    const kind = bytes[at++];
    if (kind === 0x3b) break;
    if (kind === 0x21) {
      // A graphic control extension holds the delay, in hundredths of a second.
      if (bytes[at] === 0xf9) delayMs = 10 * bytes.readUInt16LE(at + 3);
      at++;
      skipBlocks();
    } else if (kind === 0x2c) {
      frames.push({ width: bytes.readUInt16LE(at + 4), height: bytes.readUInt16LE(at + 6), delayMs });
      at += 9 + tableSize(bytes[at + 8]) + 1;
      skipBlocks();
    } else {
      throw new RangeError(`unknown block ${kind} at ${at - 1}`);
    }
  }
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes after the end`);
  return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8), frames };
}
