import { readFileSync } from 'node:fs';

/** The content of a JSON file; null where there is none, or it can't be read. */
export const readJson = <T>(file: string): T | null => parsed(read(file));

/** The rows of a file with one in each line, without a line that was torn when the machine went down. */
export const readRows = <T>(file: string): T[] =>
  read(file)
    .split('\n')
    .flatMap((line) => parsed<T>(line) ?? []);

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Null where it is no JSON. */
function parsed<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
