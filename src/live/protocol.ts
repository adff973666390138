import type { Feature, Named, Shape } from '../core/game.ts';

/*
 * What travels between the server and a page. Free of Node and of any library: both sides share it.
 *
 * A frame is whole in itself (no deltas), so that a slow watcher simply misses some. It travels as base64 text: a string
 * packet is encoded once for a room, a binary one is two WebSocket frames a client. For a frame of seaquest in play the
 * serving process pays 28 µs as text and 57 µs as binary with 8 clients, 389 and 885 µs with 100, and a client receives
 * 149 and 145 bytes (`npx tsx bench/watch-cost.ts --encoding`).
 */

/** Raised whenever a page built for the old protocol could not read the new one. */
export const PROTOCOL = 2;

/** Speeds offered, as multiples of the speed made for eyes. */
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64] as const;

/** Steps a second at speed 1. */
export const STEPS_PER_SECOND = 12;

/** Above so many watchers of a match its frames travel in batches, one every so many ms. */
export const BATCH_ABOVE = 50;
export const BATCH_MS = 200;

/** What a page needs to draw a game it has never heard of. */
export type Board =
  | { readonly kind: 'planes'; readonly height: number; readonly width: number; readonly channels: readonly Named[] }
  /** `features`: what agents see instead of the picture. */
  | { readonly kind: 'shapes'; readonly features?: readonly Feature[] };

/** The game of a match, once it is known. */
export interface Stage {
  /** The game's id, by which a page may know art of its own. */
  readonly game: string;
  /** The full env id. */
  readonly env: string;
  readonly board: Board;
  readonly actions: readonly Named[];
}

/** Who plays: a policy, chance, or the keys of whoever watches. */
export type Driver = 'policy' | 'random' | 'keys';

/** A match as the page lists it. */
export interface MatchInfo {
  readonly id: string;
  /** The agent's name. */
  readonly label: string;
  /** What the agent is in an experiment: `source`, `scratch`, `transferred`, …. */
  readonly arm?: string;
  /** Who plays now; `keys` also where a human has taken over from a policy. */
  readonly driver: Driver;
  /** The connection of whoever has taken over from the policy. */
  readonly human?: string;
  /** `waiting`: for the first weights. `ready`: for the first key. `stopped`: the game has failed. */
  readonly state: 'waiting' | 'ready' | 'playing' | 'paused' | 'stopped';
  readonly speed: number;
  /** Null until the game is known. */
  readonly stage: Stage | null;
  /** Why no new weights can be read or, without a stage or stopped, why the match can't be shown; in a sentence. */
  readonly problem?: string;
}

/** What there is to draw: planes `[height, width, channel]` of 0 and 1, or shapes and the features that agents see. */
export type Picture =
  | { readonly kind: 'planes'; readonly cells: Uint8Array }
  | { readonly kind: 'shapes'; readonly shapes: readonly Shape[]; readonly features?: readonly number[] };

/** One moment of a match: the state on show and what the player makes of it. */
export interface Frame {
  /** Counts up over the whole match; a gap means that frames were missed. */
  readonly frame: number;
  readonly episode: number;
  /** Steps of the episode so far; 0 is its start. */
  readonly step: number;
  /** Training steps behind the weights that play, or null. */
  readonly trainingStep: number | null;
  /** The action chosen for this state, or null (a human's is not known yet; an ended episode has none). */
  readonly action: number | null;
  /** Reward received on the way to this state. */
  readonly reward: number;
  readonly episodeReturn: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** A human's keys made the step that led here (`now`), or only earlier ones of this episode (`before`). */
  readonly human?: 'now' | 'before';
  /** What the policy expects from here, or null. */
  readonly value: number | null;
  /** The policy's action probabilities, in steps of 1/255, or null. */
  readonly probabilities: readonly number[] | null;
  readonly picture: Picture;
}

/** A learning curve; points are `[training step, mean, low, high]`. */
export interface Curve {
  readonly label: string;
  readonly arm: string;
  /** The env id that it was learned on, where it is one. */
  readonly env?: string;
  readonly points: readonly (readonly [step: number, mean: number, low?: number, high?: number])[];
}

/** A piece of work under way. */
export interface Job {
  readonly id: string;
  readonly label: string;
  readonly arm?: string;
  readonly state: 'waiting' | 'running' | 'finished' | 'failed';
  /** From 0 to 1. */
  readonly progress: number;
}

/** What is going on, in words and numbers. */
export interface ViewerStatus {
  /** One sentence: "Learned Asterix, now learning Breakout, step 84k". */
  readonly caption: string;
  readonly jobs?: readonly Job[];
  readonly curves?: readonly Curve[];
  /** What the curves are of, for the axis: "return on breakout". */
  readonly curvesTitle?: string;
  /** The result in a sentence, once there is one. */
  readonly verdict?: string;
  /** Where the report is served, once there is one: `/report`. */
  readonly report?: string;
}

/** What the server says first. */
export interface Hello {
  readonly protocol: number;
  readonly title: string;
  /** Are there `/api/library` and what belongs to it? */
  readonly hasLibrary: boolean;
  /** This page may only watch: nothing else that it asks is heard. */
  readonly readOnly: boolean;
  /** The view to show where the address names none, maybe with what it shows: `play?id=…&seed=…`. */
  readonly home: string;
}

/** Events from the server, by name. A frame's text is read by `decodeFrame` with the board of its match. */
export interface ServerEvents {
  hello(hello: Hello): void;
  /** All matches: on joining, and when one is added or removed. */
  matches(matches: readonly MatchInfo[]): void;
  /** One match has changed. */
  match(match: MatchInfo): void;
  status(status: ViewerStatus): void;
  frame(match: string, text: string): void;
  /** What has come since the last batch, oldest first; `ages[i]`: how long `texts[i]` has waited for it, in ms. */
  frames(match: string, texts: readonly string[], ages: readonly number[]): void;
}

/** Everything a page may ask; checked by the server (`messages.ts`). */
export type Ask =
  | { readonly ask: 'watch' | 'leave' | 'next' | 'take' | 'hand-back'; readonly match: string }
  | { readonly ask: 'pause'; readonly match: string; readonly paused: boolean }
  | { readonly ask: 'speed'; readonly match: string; readonly speed: number }
  | { readonly ask: 'press'; readonly match: string; readonly action: number | null }
  /**
   * A duel with the agent `match` of the library as it was at a training step (left out: as it is now), for this page
   * alone: then `DUEL.you` and `DUEL.agent` are its matches.
   */
  | { readonly ask: 'duel'; readonly match: string; readonly step?: number; readonly seed: number };

/** The matches of a page's own duel. */
export const DUEL = { you: 'duel/you', agent: 'duel/agent' } as const;

/** Events from a page. */
export interface ClientEvents {
  ask(ask: Ask): void;
}

const TERMINATED = 1;
const TRUNCATED = 2;
const PLANES = 4;
const HUMAN_NOW = 8;
const HUMAN_BEFORE = 16;
const NO_ACTION = 0xffff;
const HEADER_BYTES = 37;
const SHAPE_KINDS = ['disc', 'box', 'line'] as const;
/** Shape coordinates travel as 16-bit fixed point in [-2, 2): what leaves the picture by its own width still fits. */
const COORDINATE_SCALE = 16384;

/** A frame as base64 text. Floats are rounded to 32 bits, probabilities to 1/255, coordinates to 1/16384. */
export const encodeFrame = (frame: Frame, board: Board): string => toBase64(encodeFrameBytes(frame, board));

/** The frame in this text. @throws RangeError where the text is cut off or does not fit the board */
export const decodeFrame = (text: string, board: Board): Frame => decodeFrameBytes(fromBase64(text), board);

export function encodeFrameBytes(frame: Frame, board: Board): Uint8Array {
  const probabilities = frame.probabilities ?? [];
  const picture = encodePicture(frame.picture, board);
  const bytes = new Uint8Array(HEADER_BYTES + probabilities.length + picture.length);
  const view = new DataView(bytes.buffer);
  const planes = frame.picture.kind === 'planes' ? PLANES : 0;
  const human = frame.human === 'now' ? HUMAN_NOW : frame.human === 'before' ? HUMAN_BEFORE : 0;
  bytes[0] = (frame.terminated ? TERMINATED : 0) | (frame.truncated ? TRUNCATED : 0) | planes | human;
  view.setUint16(1, frame.action ?? NO_ACTION, true);
  view.setUint16(3, probabilities.length, true);
  view.setUint32(5, frame.frame, true);
  view.setUint32(9, frame.episode, true);
  view.setUint32(13, frame.step, true);
  view.setFloat64(17, frame.trainingStep ?? Number.NaN, true);
  view.setFloat32(25, frame.reward, true);
  view.setFloat32(29, frame.episodeReturn, true);
  view.setFloat32(33, frame.value ?? Number.NaN, true);
  probabilities.forEach((probability, i) => (bytes[HEADER_BYTES + i] = Math.round(probability * 255)));
  bytes.set(picture, HEADER_BYTES + probabilities.length);
  return bytes;
}

export function decodeFrameBytes(bytes: Uint8Array, board: Board): Frame {
  if (bytes.length < HEADER_BYTES) throw new RangeError(`a frame of ${bytes.length} bytes is cut off`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pictureStart = HEADER_BYTES + view.getUint16(3, true);
  const action = view.getUint16(1, true);
  const probabilities = Array.from(bytes.subarray(HEADER_BYTES, pictureStart), (byte) => byte / 255);
  return {
    frame: view.getUint32(5, true),
    episode: view.getUint32(9, true),
    step: view.getUint32(13, true),
    trainingStep: nullIfNaN(view.getFloat64(17, true)),
    action: action === NO_ACTION ? null : action,
    reward: view.getFloat32(25, true),
    episodeReturn: view.getFloat32(29, true),
    terminated: (bytes[0] & TERMINATED) !== 0,
    truncated: (bytes[0] & TRUNCATED) !== 0,
    ...(bytes[0] & HUMAN_NOW && { human: 'now' as const }),
    ...(bytes[0] & HUMAN_BEFORE && { human: 'before' as const }),
    value: nullIfNaN(view.getFloat32(33, true)),
    probabilities: probabilities.length === 0 ? null : probabilities,
    picture: decodePicture(bytes.subarray(pictureStart), (bytes[0] & PLANES) !== 0, board),
  };
}

const nullIfNaN = (value: number): number | null => (Number.isNaN(value) ? null : value);

function encodePicture(picture: Picture, board: Board): Uint8Array {
  if (picture.kind === 'shapes') {
    const [features, shapes] = [encodeFeatures(picture.features ?? []), encodeShapes(picture.shapes)];
    const bytes = new Uint8Array(features.length + shapes.length);
    bytes.set(features);
    bytes.set(shapes, features.length);
    return bytes;
  }
  if (board.kind !== 'planes') throw new RangeError('planes do not fit a board of shapes');
  return packZeros(packBits(picture.cells, board.channels.length));
}

function decodePicture(bytes: Uint8Array, planes: boolean, board: Board): Picture {
  if (planes !== (board.kind === 'planes')) throw new RangeError('a frame does not fit its board');
  if (board.kind === 'shapes') {
    const features = decodeFeatures(bytes);
    const shapes = decodeShapes(bytes.subarray(2 + 4 * features.length));
    return { kind: 'shapes', shapes, ...(features.length > 0 && { features }) };
  }
  const size = board.height * board.width * board.channels.length;
  const bits = unpackZeros(bytes, Math.ceil(size / 8));
  return { kind: 'planes', cells: unpackBits(bits, size, board.channels.length) };
}

/** One bit a cell, plane by plane: a plane's cells lie together, and most of their bytes are 0. */
function packBits(cells: Uint8Array, channels: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(cells.length / 8));
  let bit = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let i = channel; i < cells.length; i += channels, bit++) {
      if (cells[i] !== 0) bits[bit >> 3] |= 1 << (bit & 7);
    }
  }
  return bits;
}

function unpackBits(bits: Uint8Array, size: number, channels: number): Uint8Array {
  const cells = new Uint8Array(size);
  let bit = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let i = channel; i < size; i += channels, bit++) cells[i] = (bits[bit >> 3] >> (bit & 7)) & 1;
  }
  return cells;
}

/** Eight bytes become a byte that marks which of them are not 0, followed by those. */
function packZeros(bytes: Uint8Array): Uint8Array {
  const packed: number[] = [];
  for (let start = 0; start < bytes.length; start += 8) {
    const group = bytes.subarray(start, start + 8);
    packed.push(group.reduce((mask, byte, i) => (byte === 0 ? mask : mask | (1 << i)), 0));
    packed.push(...group.filter((byte) => byte !== 0));
  }
  return Uint8Array.from(packed);
}

function unpackZeros(packed: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let next = 0;
  for (let i = 0, mask = 0; i < size; i++) {
    if (i % 8 === 0) mask = packed[next++];
    if ((mask >> (i % 8)) & 1) bytes[i] = packed[next++];
  }
  if (next !== packed.length) throw new RangeError(`planes of ${packed.length} bytes do not fit the board`);
  return bytes;
}

/** Their number, then each in 32 bits. */
function encodeFeatures(features: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 + 4 * features.length));
  view.setUint16(0, features.length, true);
  features.forEach((feature, i) => view.setFloat32(2 + 4 * i, feature, true));
  return new Uint8Array(view.buffer);
}

function decodeFeatures(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: view.getUint16(0, true) }, (_, i) => view.getFloat32(2 + 4 * i, true));
}

/** The roles in use (JSON, its length first), then for each shape its kind, role and coordinates. */
function encodeShapes(shapes: readonly Shape[]): Uint8Array {
  const roles = [...new Set(shapes.map((shape) => shape.role))];
  const names = new TextEncoder().encode(JSON.stringify(roles));
  const size = 2 + names.length + shapes.reduce((sum, shape) => sum + 2 + 2 * coordinates(shape).length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, names.length, true);
  bytes.set(names, 2);
  let at = 2 + names.length;
  for (const shape of shapes) {
    bytes[at++] = SHAPE_KINDS.indexOf(shape.kind);
    bytes[at++] = roles.indexOf(shape.role);
    for (const value of coordinates(shape)) {
      view.setInt16(at, clamp16(value * COORDINATE_SCALE), true);
      at += 2;
    }
  }
  return bytes;
}

function decodeShapes(bytes: Uint8Array): Shape[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const namesEnd = 2 + view.getUint16(0, true);
  const roles = JSON.parse(new TextDecoder().decode(bytes.subarray(2, namesEnd))) as string[];
  const shapes: Shape[] = [];
  let at = namesEnd;
  const coordinate = (): number => {
    at += 2;
    return view.getInt16(at - 2, true) / COORDINATE_SCALE;
  };
  while (at < bytes.length) {
    const kind = SHAPE_KINDS[bytes[at++]];
    const role = roles[bytes[at++]];
    const [x, y] = [coordinate(), coordinate()];
    if (kind === 'disc') shapes.push({ kind, role, x, y, radius: coordinate() });
    else if (kind === 'box') shapes.push({ kind, role, x, y, width: coordinate(), height: coordinate() });
    else shapes.push({ kind: 'line', role, x, y, x2: coordinate(), y2: coordinate() });
  }
  return shapes;
}

function coordinates(shape: Shape): number[] {
  if (shape.kind === 'disc') return [shape.x, shape.y, shape.radius];
  if (shape.kind === 'box') return [shape.x, shape.y, shape.width, shape.height];
  return [shape.x, shape.y, shape.x2, shape.y2];
}

const clamp16 = (value: number): number => Math.max(-32768, Math.min(32767, Math.round(value)));

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
