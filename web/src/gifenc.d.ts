/** What is used of gifenc, which comes without types. */
declare module 'gifenc' {
  type Colour = readonly number[];

  interface FrameOptions {
    /** Of the whole picture where it comes with the first frame. */
    readonly palette?: readonly Colour[];
    readonly transparent?: boolean;
    readonly transparentIndex?: number;
    /** In ms. */
    readonly delay?: number;
    /** 1: what it covers stays. */
    readonly dispose?: number;
  }

  interface Encoder {
    writeFrame(pixels: Uint8Array, width: number, height: number, options?: FrameOptions): void;
    finish(): void;
    bytes(): Uint8Array<ArrayBuffer>;
  }

  export function GIFEncoder(): Encoder;
  export function quantize(rgba: Uint8Array | Uint8ClampedArray, maxColors: number): Colour[];
  export function nearestColorIndex(palette: readonly Colour[], pixel: Colour): number;
}
