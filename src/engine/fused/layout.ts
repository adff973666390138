/** Places for buffers in a memory that is made afterwards, as large as they need. All are aligned to cache lines. */
export class Layout {
  private end = 64;

  bytes(count: number): number {
    const address = this.end;
    this.end = roundUp(address + count, 64);
    return address;
  }

  floats(count: number): number {
    return this.bytes(count * 4);
  }

  /** Pages of 64 KiB. */
  pages(): number {
    return Math.ceil(this.end / 65536);
  }
}

export const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;
