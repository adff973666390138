import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crc32c } from './crc32c.ts';
import { fileError } from './file-error.ts';

/**
 * TensorBoard event files: protocol buffers (tensorflow/core/util/event.proto, summary.proto) in TFRecord frames
 * (tensorflow/core/lib/io/record_writer.h), encoded by hand, since scalars need but five fields of them.
 */

let filesOpened = 0;

/**
 * Writes an event file of its own into `folder` for each session of a run. Throws a `UserError` where that can't be
 * written.
 */
export class EventWriter {
  readonly file: string;
  private readonly now: () => number;
  private descriptor: number | undefined;

  /**
   * `resumedAt`: the step of the checkpoint that this session goes on from; TensorBoard then drops what an earlier
   * session logged after it. `now` gives the wall time in milliseconds.
   */
  constructor(folder: string, resumedAt?: number, now: () => number = Date.now) {
    this.now = now;
    const seconds = String(Math.floor(now() / 1000)).padStart(10, '0');
    this.file = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${filesOpened++}`);
    try {
      mkdirSync(folder, { recursive: true });
      this.descriptor = openSync(this.file, 'wx');
    } catch (error) {
      throw fileError(error, 'write', this.file);
    }
    this.write(0, textField(3, 'brain.Event:2'));
    if (resumedAt !== undefined) this.write(resumedAt + 1, messageField(7, varintField(1, SESSION_START)));
  }

  /** Logs each value under its name at this training step. */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    const logged = Object.entries(values).map(([tag, value]) =>
      messageField(1, [...textField(1, tag), ...floatField(2, value)]),
    );
    this.write(step, messageField(5, logged.flat()));
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private write(step: number, content: number[]): void {
    if (this.descriptor === undefined) throw new Error(`${this.file} is closed`);
    const event = [...doubleField(1, this.now() / 1000), ...varintField(2, step), ...content];
    try {
      writeSync(this.descriptor, frame(Uint8Array.from(event)));
    } catch (error) {
      throw fileError(error, 'write', this.file);
    }
  }
}

/** SessionLog.SessionStatus.START. */
const SESSION_START = 1;

/** One TFRecord: the length (64 bits), its checksum, the bytes, their checksum; all little-endian. */
function frame(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(8 + 4 + bytes.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedSum(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedSum(bytes), true);
  return record;
}

/** A sum that is stored beside the bytes it sums is rotated and shifted (tensorflow/core/lib/hash/crc32c.h). */
function maskedSum(bytes: Uint8Array): number {
  const sum = crc32c(bytes);
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}

// Wire types of protocol buffers: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes.
const key = (field: number, wireType: number): number => (field << 3) | wireType;
const varintField = (field: number, value: number): number[] => [key(field, 0), ...varint(value)];
const doubleField = (field: number, value: number): number[] => [key(field, 1), ...bytesOf(Float64Array.of(value))];
const floatField = (field: number, value: number): number[] => [key(field, 5), ...bytesOf(Float32Array.of(value))];
const textField = (field: number, text: string): number[] => messageField(field, [...new TextEncoder().encode(text)]);
const messageField = (field: number, bytes: number[]): number[] => [key(field, 2), ...varint(bytes.length), ...bytes];

const bytesOf = (array: Float64Array | Float32Array): Uint8Array => new Uint8Array(array.buffer);

/** Seven bits a byte, the lowest first; `value` is a whole number from 0 to 2^53. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}
