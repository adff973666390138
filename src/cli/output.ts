import { writeFileSync } from 'node:fs';
import { UserError } from '../core/errors.ts';
import type { CommandIo } from './flags.ts';

/** Writes a result as JSON where `--json` says: a file, or `-` for standard output; nowhere if it is empty. */
export function writeJson(io: CommandIo, target: string, value: unknown): void {
  if (target === '') return;
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (target === '-') {
    io.stdout.write(text);
    return;
  }
  try {
    writeFileSync(target, text);
  } catch (error) {
    throw new UserError(`can't write ${target}: ${(error as Error).message}`);
  }
}

/** A line of text for people: on stderr where stdout is taken by JSON. */
export function say(io: CommandIo, json: string, text: string): void {
  (json === '-' ? io.stderr : io.stdout).write(`${text}\n`);
}

/** A word as a shell takes it: quoted where it needs to be. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
