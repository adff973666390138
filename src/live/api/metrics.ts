import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parse } from '../run-folder.ts';
import { defineEndpoint } from './endpoint.ts';

/** Rows that a page is sent at most. */
const MOST_ROWS = 500;

/** What a training logged of itself, by name; each as long as `steps`, null where a row has none. */
export interface Metrics {
  readonly steps: readonly number[];
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
  /** Rows there are; more than `steps` where they were thinned. */
  readonly rows: number;
}

const row = z.looseObject({ step: z.number() });

/** The training metrics of a run, thinned to every so many rows, the first and the last one kept: `Metrics`. */
export const metrics = defineEndpoint({
  query: z.strictObject({ id: z.string().min(1).max(300) }),
  async answer({ id }, library): Promise<Metrics> {
    const folder = await library.folder(id);
    const text = await readFile(join(folder, 'metrics.jsonl'), 'utf8').catch(() => '');
    const rows = text.split('\n').flatMap((line) => parse(line, row) ?? []);
    const kept = thin(rows, MOST_ROWS);
    const names = [...new Set(kept.flatMap((each) => Object.keys(each)))].filter(
      (name) => name !== 'step' && name !== 'update',
    );
    const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
    return {
      steps: kept.map(({ step }) => step),
      values: Object.fromEntries(names.map((name) => [name, kept.map((each) => numberOf(each[name]))])),
      rows: rows.length,
    };
  },
});

/** At most `most` of these, evenly spread, the first and the last included. */
export function thin<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]);
}
