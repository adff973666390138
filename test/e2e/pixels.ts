import type { Browser } from 'playwright-core';

/** A decoded picture, RGBA. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Decodes a screenshot, in an empty page of its own: no picture library is needed. */
export async function decodePng(browser: Browser, png: Buffer): Promise<Pixels> {
  const page = await browser.newPage();
  // As text: the test's compiler must not touch what runs in the page.
  const decoded = (await page.evaluate(`(async () => {
    const bytes = Uint8Array.from(atob('${png.toString('base64')}'), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const ink = canvas.getContext('2d');
    ink.drawImage(bitmap, 0, 0);
    const { data } = ink.getImageData(0, 0, bitmap.width, bitmap.height);
    let text = '';
    for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
    return { width: bitmap.width, height: bitmap.height, data: btoa(text) };
  })()`)) as { width: number; height: number; data: string };
  await page.close();
  return { ...decoded, data: new Uint8Array(Buffer.from(decoded.data, 'base64')) };
}

/** Number of different colours, each channel in 16 steps. */
export function countColours({ data }: Pixels): number {
  const colours = new Set<number>();
  for (let i = 0; i < data.length; i += 4) {
    colours.add(((data[i] >> 4) << 8) | ((data[i + 1] >> 4) << 4) | (data[i + 2] >> 4));
  }
  return colours.size;
}

/** Spread of brightness in a rectangle (standard deviation, 0 to 127): near 0 where nothing is drawn. */
export function contrast({ data, width }: Pixels, x: number, y: number, w: number, h: number): number {
  let [sum, squares, count] = [0, 0, 0];
  for (let row = Math.round(y); row < Math.round(y + h); row++) {
    for (let column = Math.round(x); column < Math.round(x + w); column++) {
      const i = (row * width + column) * 4;
      const light = 0.3 * data[i] + 0.59 * data[i + 1] + 0.11 * data[i + 2];
      sum += light;
      squares += light * light;
      count++;
    }
  }
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}

/** Mean red, green and blue in a rectangle. */
export function meanColour({ data, width }: Pixels, x: number, y: number, w: number, h: number): number[] {
  const sums = [0, 0, 0];
  for (let row = Math.round(y); row < Math.round(y + h); row++)
    for (let column = Math.round(x); column < Math.round(x + w); column++)
      for (let k = 0; k < 3; k++) sums[k] += data[(row * width + column) * 4 + k];
  return sums.map((sum) => sum / (Math.round(w) * Math.round(h)));
}

/** Share of pixels that differ visibly between two pictures of the same size. */
export function difference(a: Pixels, b: Pixels): number {
  let changed = 0;
  for (let i = 0; i < a.data.length; i += 4) {
    const distance = [0, 1, 2].reduce((sum, k) => sum + Math.abs(a.data[i + k] - b.data[i + k]), 0);
    if (distance > 24) changed++;
  }
  return changed / (a.data.length / 4);
}
