import { GIFEncoder, nearestColorIndex, quantize } from 'gifenc';
import { decodeFrame, type Frame, STEPS_PER_SECOND } from '../../src/live/protocol.ts';
import type { SharedLane } from '../../src/live/share.ts';
import { type ArmStyle, distinctStyles } from './arms.ts';
import { score, steps } from './numbers.ts';
import { sprites } from './stage/art/index.ts';
import { CanvasBoard } from './stage/canvas-board.ts';
import { Paint } from './stage/canvas-scene.ts';
import type { Ink } from './stage/ink.ts';
import { type Tempo, TWEEN_SHARE } from './stage/layer.ts';

/** Longer episodes are cut off: files that nobody could send help nobody. */
const MOST_STEPS = 600;

/** Widths in pixels: of a board, and around it. */
const BOARD = 280;
const EDGE = 12;
const HEAD = 46;
const FOOT = 34;
const FONT = 'system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

/** A GIF counts in hundredths of a second: the nearest to a step. */
const DELAY_MS = Math.round(100 / STEPS_PER_SECOND) * 10;
/** The last picture stands for this long before the first one comes back. */
const LAST_MS = 2000;
/** Pictures whose colours make the palette. */
const SAMPLES = 12;
const COLOURS = 255;

interface Film {
  readonly width: number;
  readonly height: number;
  readonly pictures: number;
  /** Draws the picture after this many steps: RGBA. What moves does so from the picture drawn before, if that is near. */
  draw(step: number): Uint8ClampedArray;
}

/**
 * The episodes of these lanes side by side as an animated GIF, a picture a step. The same lanes always give the same
 * bytes in the same browser. `onProgress` hears how much is done, from 0 to 1.
 */
export async function gifOf(
  lanes: readonly SharedLane[],
  onProgress: (share: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const paint = new Paint(sprites);
  const palette = paletteOf(filmOf(lanes, paint));
  const film = filmOf(lanes, paint);
  const { width, height, pictures } = film;
  const encoder = GIFEncoder();
  const indexOf = indexing(palette);
  const transparent = palette.length;
  let before: Uint8Array | null = null;
  for (let i = 0; i < pictures; i++) {
    const now = indexOf(film.draw(i));
    const changed = before === null ? now : now.map((index, at) => (index === before![at] ? transparent : index));
    encoder.writeFrame(changed, width, height, {
      // One colour more than there are: the one that lets the picture before show through.
      ...(i === 0 && { palette: [...palette, [0, 0, 0]] }),
      ...(i > 0 && { transparent: true, transparentIndex: transparent, dispose: 1 }),
      delay: i === pictures - 1 ? LAST_MS : DELAY_MS,
    });
    before = now;
    onProgress((i + 1) / pictures);
    // The page stays alive meanwhile.
    if (i % 4 === 3) await new Promise((resolve) => setTimeout(resolve));
  }
  encoder.finish();
  return encoder.bytes();
}

function filmOf(lanes: readonly SharedLane[], paint: Paint): Film {
  const styles = distinctStyles(lanes.map(({ arm }) => arm));
  const shown = lanes.map((lane, i) => {
    const { stage, frames } = lane.recording;
    const board = new CanvasBoard(stage, paint);
    return {
      lane,
      style: styles[i],
      board,
      frames: frames.slice(0, MOST_STEPS + 1).map((text) => decodeFrame(text, stage.board)),
    };
  });
  const canvas = document.createElement('canvas');
  const boardHeight = Math.max(...shown.map(({ board }) => Math.round((BOARD * board.rows) / board.columns)));
  const width = (canvas.width = EDGE + shown.length * (BOARD + EDGE));
  const height = (canvas.height = HEAD + boardHeight + FOOT);
  const ink = canvas.getContext('2d', { willReadFrequently: true })!;
  const pictures = Math.max(...shown.map(({ frames }) => frames.length));
  // What flies about does so by chance: without it, the bytes are the same every time.
  const tempo: Tempo = { stepMs: DELAY_MS, isHuman: false, hasEffects: false, jumps: false };
  return {
    width,
    height,
    pictures,
    draw(step) {
      const now = step * DELAY_MS;
      ink.fillStyle = '#0E1116';
      ink.fillRect(0, 0, width, height);
      shown.forEach(({ lane, style, board, frames }, i) => {
        const frame = frames[Math.min(step, frames.length - 1)];
        if (step < frames.length) board.show(frame, now, tempo);
        ink.save();
        ink.translate(EDGE + i * (BOARD + EDGE), 0);
        write(ink, lane, style, frame, boardHeight);
        ink.translate(0, HEAD);
        board.draw(ink, now + DELAY_MS * TWEEN_SHARE, BOARD);
        ink.restore();
      });
      return ink.getImageData(0, 0, width, height).data;
    },
  };
}

/** Who plays, above the board; how it goes, below. */
function write(
  ink: Ink,
  { label, recording }: SharedLane,
  { colour, mark }: ArmStyle,
  frame: Frame,
  boardHeight: number,
): void {
  const text = (words: string, x: number, y: number, font: string, fill: string, most: number): void => {
    ink.font = `${font} ${FONT}`;
    ink.fillStyle = fill;
    ink.fillText(words, x, y, most);
  };
  text(mark, 0, 20, '14px', colour, 16);
  text(label, 18, 20, '600 14px', '#E8ECF1', BOARD - 18);
  const facts = `${recording.stage.env} · ${steps(recording.trainingStep)} steps of training`;
  text(facts, 18, 37, '12px', '#9AA6B2', BOARD - 18);
  const end = frame.terminated || frame.truncated ? ' · over' : '';
  text(`return ${score(frame.episodeReturn)}`, 0, HEAD + boardHeight + 22, '600 14px', '#E8ECF1', BOARD / 2);
  ink.textAlign = 'right';
  text(`step ${frame.step}${end}`, BOARD, HEAD + boardHeight + 22, '12px', '#9AA6B2', BOARD / 2);
}

/** The colours of pictures from all over the film: one palette, so that nothing flickers. */
function paletteOf(film: Film): readonly (readonly number[])[] {
  const last = film.pictures - 1;
  const steps = new Set(Array.from({ length: SAMPLES }, (_, i) => Math.round((i * last) / (SAMPLES - 1))));
  const samples = [...steps].map((step) => film.draw(step));
  const all = new Uint8ClampedArray(samples.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const sample of samples) {
    all.set(sample, at);
    at += sample.length;
  }
  return quantize(all, COLOURS);
}

/** Turns pixels into places in the palette; colours are looked up once for all pictures, in steps of 565 bits. */
function indexing(palette: readonly (readonly number[])[]): (rgba: Uint8ClampedArray) => Uint8Array {
  const known = new Int16Array(1 << 16).fill(-1);
  return (rgba) => {
    const indices = new Uint8Array(rgba.length / 4);
    for (let i = 0, at = 0; i < indices.length; i++, at += 4) {
      const key = ((rgba[at] >> 3) << 11) | ((rgba[at + 1] >> 2) << 5) | (rgba[at + 2] >> 3);
      if (known[key] < 0) known[key] = nearestColorIndex(palette, [rgba[at], rgba[at + 1], rgba[at + 2]]);
      indices[i] = known[key];
    }
    return indices;
  };
}
