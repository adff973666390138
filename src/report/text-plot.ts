import { type Band, meanBand } from '../stats/band.ts';
import { type Arm, interpolate } from '../stats/curve.ts';
import { steps as stepsText } from '../stats/verdict.ts';
import { extent, niceTicks } from './scale.ts';

export interface TextPlotOptions {
  /** Columns of the terminal (80). */
  readonly width?: number;
  /** Rows of the plot without axis and legend (16). */
  readonly height?: number;
  /** ANSI colours: amber and sky. Nothing depends on them. */
  readonly color?: boolean;
  readonly title?: string;
  /** Return of the random policy, drawn as a dotted line. */
  readonly random?: number;
  /** Coverage of the band around each mean (0.95). */
  readonly level?: number;
}

interface Style {
  readonly marker: string;
  /** Which of the dots (across, down) the interval is made of. */
  readonly grain: (x: number, y: number) => boolean;
  readonly rgb: string;
  /** Sub-columns drawn and left out along the line. */
  readonly dash: readonly [on: number, off: number];
}

/** The first arm is scratch (amber, dashed, ▲), the second the transferred one (sky, solid, ●). */
const STYLES: readonly Style[] = [
  { marker: '▲', grain: (x, y) => x % 4 === 0 && y % 4 === 1, rgb: '230;159;0', dash: [3, 2] },
  { marker: '●', grain: (x, y) => x % 2 === 0 && y % 2 === 0, rgb: '86;180;233', dash: [1, 0] },
  { marker: '■', grain: (x, y) => y % 4 === 2 && x % 2 === 0, rgb: '0;158;115', dash: [5, 1] },
  { marker: '◆', grain: (x, y) => x % 4 === 2 && y % 2 === 0, rgb: '204;121;167', dash: [2, 2] },
];
const MUTED = '154;166;178';

interface Cell {
  text: string;
  rgb?: string;
  dim?: boolean;
}

interface Frame {
  readonly columns: number;
  readonly rows: number;
  readonly lastStep: number;
  readonly low: number;
  readonly high: number;
  readonly cells: Cell[][];
}

/**
 * Learning curves for a terminal: the mean of each arm as a line of braille dots with markers, the interval of the mean
 * as a shade. Returns lines without a trailing newline.
 */
export function textPlot(arms: readonly Arm[], options: TextPlotOptions = {}): string {
  const { width = 80, height = 16, color = false, level = 0.95, random } = options;
  const bands = arms.map((arm) => meanBand(arm.curves, level));
  const values = [...bands.flatMap((band) => [...band.low, ...band.high]), ...(random === undefined ? [] : [random])];
  const range = plotRange(values, height);
  const ticks = niceTicks(...range, Math.max(3, Math.round(height / 3))).filter((t) => t >= range[0] && t <= range[1]);
  const labels = ticks.map(tickText(ticks));
  const gutter = Math.max(...labels.map((label) => label.length)) + 2;
  const frame = emptyFrame(Math.max(16, width - gutter - 1), height, bands, range);
  if (random !== undefined) drawBaseline(frame, random);
  bands.forEach((band, i) => shade(frame, band, styleOf(i)));
  bands.forEach((band, i) => drawLine(frame, band, styleOf(i)));
  bands.forEach((band, i) => drawMarkers(frame, band, styleOf(i), i, bands.length));
  const paint = color ? ansi : (cell: Cell) => cell.text;
  return [
    ...(options.title === undefined ? [] : [options.title]),
    legend(arms, random).map(paint).join(''),
    paint({ text: caption(level, width), rgb: MUTED }),
    ...frame.cells.map(
      (row, y) => leftAxis(frame, y, ticks, labels, gutter, paint) + row.map(paint).join('').trimEnd(),
    ),
    ...bottomAxis(frame, gutter).map((text) => paint({ text, rgb: MUTED })),
  ].join('\n');
}

const styleOf = (arm: number): Style => STYLES[arm % STYLES.length];

/** All labels of an axis with as many decimals as its closest ticks need. */
function tickText(ticks: readonly number[]): (tick: number) => string {
  const decimals = Math.max(...ticks.map((tick) => (String(tick).split('.')[1] ?? '').length));
  return (tick) => tick.toFixed(decimals).replace('-', '−');
}

/** All values with half a text row to spare on both sides, from 0 where they start just above it. */
function plotRange(values: readonly number[], rows: number): [low: number, high: number] {
  const [low, high] = extent(values);
  const spare = (high - low || Math.abs(high) || 1) / (2 * rows);
  return [low >= 0 && low < (high - low) / 4 ? 0 : low - spare, high + spare];
}

function emptyFrame(columns: number, rows: number, bands: readonly Band[], [low, high]: [number, number]): Frame {
  const cells = Array.from({ length: rows }, () => Array.from({ length: columns }, (): Cell => ({ text: ' ' })));
  const lastStep = Math.max(...bands.map((band) => band.steps[band.steps.length - 1]));
  return { columns, rows, lastStep, low, high, cells };
}

/** The row of dots (four to a text row, counted from the top) in which a value lies. */
function dotRow({ rows, low, high }: Frame, value: number): number {
  return Math.min(4 * rows - 1, Math.max(0, Math.floor(((high - value) / (high - low)) * 4 * rows)));
}

const textRow = (frame: Frame, value: number): number => dotRow(frame, value) >> 2;
const stepAt = ({ columns, lastStep }: Frame, column: number): number => (column / (columns - 1)) * lastStep;

function drawBaseline(frame: Frame, value: number): void {
  const row = frame.cells[textRow(frame, value)];
  row.forEach((cell, x) => {
    if (x % 2 === 0) Object.assign(cell, { text: '┈', rgb: MUTED });
  });
}

/** Sets one braille dot, two across and four down in each cell. A line clears the shade (`dim`) in the cells it crosses. */
function dot({ columns, cells }: Frame, x: number, y: number, rgb: string, dim: boolean): void {
  const column = Math.min(columns - 1, x >> 1);
  const cell = cells[y >> 2][column];
  const keeps = isBraille(cell) && !(cell.dim && !dim);
  const bits = keeps ? cell.text.charCodeAt(0) : 0x2800;
  cells[y >> 2][column] = { text: String.fromCharCode(bits | BRAILLE[y & 3][x & 1]), rgb, dim };
}

const isBraille = ({ text }: Cell): boolean => text >= '\u2800' && text <= '\u28ff';

/** Unicode's bits of the braille dots, by row and column. */
const BRAILLE = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** Sparse dots over the interval. */
function shade(frame: Frame, band: Band, { rgb, grain }: Style): void {
  for (let x = 0; x < 2 * frame.columns; x++) {
    const step = stepAt(frame, x / 2);
    const top = dotRow(frame, interpolate(band.steps, band.high, step));
    const bottom = dotRow(frame, interpolate(band.steps, band.low, step));
    for (let y = top; y <= bottom; y++) if (grain(x, y)) dot(frame, x, y, rgb, true);
  }
}

/** Steep parts are filled up so that the line holds together. */
function drawLine(frame: Frame, band: Band, { rgb, dash }: Style): void {
  let before = dotRow(frame, band.mean[0]);
  for (let x = 0; x < 2 * frame.columns; x++) {
    const row = dotRow(frame, interpolate(band.steps, band.mean, stepAt(frame, x / 2)));
    const from = row > before ? before + 1 : row < before ? before - 1 : row;
    for (let y = Math.min(from, row); y <= Math.max(from, row); y++) {
      if (x % (dash[0] + dash[1]) < dash[0]) dot(frame, x, y, rgb, false);
    }
    before = row;
  }
}

/** A marker about every eight columns, the arms' in turn so that none hides another. */
function drawMarkers(frame: Frame, band: Band, { marker, rgb }: Style, arm: number, arms: number): void {
  const gap = 4 * arms;
  for (let x = 2 + 4 * arm; x < frame.columns; x += gap) {
    const value = interpolate(band.steps, band.mean, stepAt(frame, x));
    frame.cells[textRow(frame, value)][x] = { text: marker, rgb };
  }
}

function legend(arms: readonly Arm[], random: number | undefined): Cell[] {
  const cells = arms.flatMap(({ label, curves }, i): Cell[] => {
    const { marker, rgb } = styleOf(i);
    return [
      { text: `${marker} ${label}`, rgb },
      { text: ` (${curves.length} ${curves.length === 1 ? 'seed' : 'seeds'})   ` },
    ];
  });
  return random === undefined ? cells : [...cells, { text: '┈ random play', rgb: MUTED }];
}

function caption(level: number, width: number): string {
  const [left, right] = ['return', `shade: ${Math.round(level * 100)} % interval of the mean`];
  return left + right.padStart(Math.max(right.length + 2, width - left.length));
}

function leftAxis(
  frame: Frame,
  y: number,
  ticks: readonly number[],
  labels: readonly string[],
  gutter: number,
  paint: (cell: Cell) => string,
): string {
  const tick = ticks.findIndex((value) => textRow(frame, value) === y);
  const text = tick < 0 ? `${' '.repeat(gutter)}│` : `${labels[tick].padStart(gutter - 1)} ┤`;
  return paint({ text, rgb: MUTED });
}

function bottomAxis(frame: Frame, gutter: number): string[] {
  const ticks = niceTicks(0, frame.lastStep, Math.max(3, Math.round(frame.columns / 14))).filter(
    (s) => s <= frame.lastStep,
  );
  const line = Array.from({ length: frame.columns }, () => '─');
  const labels = Array.from({ length: gutter + 1 + frame.columns }, () => ' ');
  for (const tick of ticks) {
    const x = Math.round((tick / frame.lastStep) * (frame.columns - 1));
    line[x] = '┬';
    const text = stepsText(tick);
    const start = Math.min(labels.length - text.length, gutter + 1 + x - (text.length >> 1));
    [...text].forEach((letter, i) => (labels[start + i] = letter));
  }
  const name = 'steps'.padStart(gutter + 1 + (frame.columns >> 1) + 2);
  return [`${' '.repeat(gutter)}└${line.join('')}`, labels.join('').trimEnd(), name];
}

function ansi({ text, rgb, dim }: Cell): string {
  return rgb === undefined ? text : `\u001b[${dim ? '2;' : ''}38;2;${rgb}m${text}\u001b[0m`;
}
