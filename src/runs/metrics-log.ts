import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../core/errors.ts';
import { fileError } from './file-error.ts';

/** One line of `metrics.jsonl`. Numbers that are not finite are written as null, since JSON has none. */
export type MetricsRow = Readonly<Record<string, number | string | boolean | null>>;

/**
 * A log of one JSON object a line that only grows, but for `truncateAfter`. Rows are kept in memory until `flush`. A
 * last line that a kill left half-written is cut off. Throws a `UserError` naming the file where it can't be written
 * (the rows stay in memory, the file as it was) or a line is no JSON.
 */
export class MetricsLog {
  private readonly file: string;
  private descriptor: number | undefined;
  /** Bytes of whole lines in the file. */
  private size: number;
  private pending = '';

  constructor(file: string) {
    this.file = file;
    try {
      mkdirSync(dirname(file), { recursive: true });
      this.descriptor = openSync(file, 'a+');
    } catch (error) {
      throw fileError(error, 'write', file);
    }
    this.size = wholeLines(readFileSync(file)).length;
    ftruncateSync(this.descriptor, this.size);
  }

  append(rows: readonly MetricsRow[]): void {
    for (const row of rows) this.pending += `${JSON.stringify(row)}\n`;
  }

  /** Writes and syncs what was appended: afterwards it survives a kill and a power cut. */
  flush(): void {
    if (this.pending === '') return;
    const bytes = new TextEncoder().encode(this.pending);
    const descriptor = this.open();
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
      fdatasyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, this.size);
      throw fileError(error, 'write', this.file);
    }
    this.size += bytes.length;
    this.pending = '';
  }

  /**
   * Cuts the log before the first row whose `key` (`update` or `step`, never falling) is above `last`: resuming brings
   * the log back to the checkpoint.
   */
  truncateAfter(last: number, key: 'update' | 'step' = 'update'): void {
    this.flush();
    let end = 0;
    for (const { row, bytes } of parseLines(readFileSync(this.file), this.file)) {
      if (Number(row[key]) > last) break;
      end += bytes;
    }
    const descriptor = this.open();
    ftruncateSync(descriptor, end);
    fdatasyncSync(descriptor);
    this.size = end;
  }

  /** Flushes and closes. Closing twice is no error. */
  close(): void {
    if (this.descriptor === undefined) return;
    try {
      this.flush();
    } finally {
      closeSync(this.descriptor);
      this.descriptor = undefined;
    }
  }

  private open(): number {
    if (this.descriptor === undefined) throw new Error(`${this.file} is closed`);
    return this.descriptor;
  }
}

/** The rows of a log, also while it is being written; none where there is no file. */
export function readMetrics(file: string): MetricsRow[] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(error, 'read', file);
  }
  return [...parseLines(bytes, file)].map(({ row }) => row);
}

const NEWLINE = 0x0a;

/** The bytes up to the last newline: what comes after it was still being written. */
const wholeLines = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);

function* parseLines(bytes: Uint8Array, file: string): Generator<{ row: MetricsRow; bytes: number }> {
  const decoder = new TextDecoder();
  let begin = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(NEWLINE, begin) + 1;
    if (end === 0) return;
    const row = parseRow(decoder.decode(bytes.subarray(begin, end)));
    if (row === undefined) throw new UserError(`${file}: line ${line} is no JSON object; delete the line to go on`);
    yield { row, bytes: end - begin };
    begin = end;
  }
}

function parseRow(text: string): MetricsRow | undefined {
  try {
    const row: unknown = JSON.parse(text);
    return typeof row === 'object' && row !== null && !Array.isArray(row) ? (row as MetricsRow) : undefined;
  } catch {
    return undefined;
  }
}
