import decodeQr from 'qr/decode.js';
import { describe, expect, test } from 'vitest';
import { qrCode } from '../../src/cli/viewer.ts';

const URL = 'http://192.168.100.100:4263/?token=q8Zr1xv0Y3mB6kHt2nLw9A';
const MODULE = 4;

/** What a camera sees of these lines: blocks are light, spaces dark. */
function photograph(text: string): { width: number; height: number; data: Uint8Array } {
  const light: Record<string, [boolean, boolean]> = {
    '█': [true, true],
    '▀': [true, false],
    '▄': [false, true],
    ' ': [false, false],
  };
  const lines = text.split('\n').map((line) => [...line].map((char) => light[char]));
  const rows = lines.flatMap((line) => [0, 1].map((half) => line.map((halves) => halves[half])));
  const [width, height] = [rows[0].length * MODULE, rows.length * MODULE];
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const isLight = rows[Math.floor(i / width / MODULE)][Math.floor((i % width) / MODULE)];
    data.fill(isLight ? 255 : 0, i * 4, i * 4 + 3);
    data[i * 4 + 3] = 255;
  }
  return { width, height, data };
}

describe('the QR code in the terminal', () => {
  test('is read as the address it was made of', () => {
    expect(decodeQr(photograph(qrCode(URL, false)))).toBe(URL);
  });

  test('fits a small terminal, and is light on dark in any that has colours', () => {
    const lines = qrCode(URL, true).split('\n');
    expect(lines.length).toBeLessThan(24);
    // oxlint-disable-next-line no-control-regex
    for (const line of lines) expect(line).toMatch(/^\u001b\[97;40m[█▀▄ ]{37}\u001b\[0m$/);
  });
});
