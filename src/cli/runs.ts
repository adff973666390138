import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { RunConfig } from '../runs/config.ts';
import type { RunResult } from '../runs/run.ts';
import type { EvaluationRow } from '../runs/training.ts';
import { checkpointFiles } from '../runs/source.ts';
import { defineCommand } from './flags.ts';
import { say, writeJson } from './output.ts';
import { formatCount } from './progress.ts';

interface RunRow {
  readonly folder: string;
  readonly env: string;
  readonly algorithm: string;
  readonly net: string;
  readonly seed: number;
  /** The transfer's method. */
  readonly from: string | null;
  readonly teachers: number;
  readonly step: number;
  readonly totalTimesteps: number;
  readonly finished: boolean;
  readonly evaluated: number | null;
}

export const runs = defineCommand({
  name: 'runs',
  summary: 'list runs and studies under a folder',
  options: z.object({
    folder: z.string().default('runs').describe('where to look'),
    json: z.string().default('').describe('write the list as JSON to this file, - for standard output'),
  }),
  positionals: ['folder'],
  run({ options: { folder, json }, io }) {
    const isFolder = existsSync(folder) && statSync(folder).isDirectory();
    const rows = isFolder ? runFolders(folder).map(describe) : [];
    if (json !== '') return writeJson(io, json, rows);
    say(io, json, rows.length === 0 ? `no runs under "${folder}"; start one: ngplus train breakout` : table(rows));
  },
});

interface FoundRun {
  readonly folder: string;
  readonly config: RunConfig;
}

/** Run folders at any depth, sorted. */
function runFolders(folder: string): FoundRun[] {
  const config = readConfig(folder);
  if (config !== null) return [{ folder, config }];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => join(folder, name))
    .sort()
    .flatMap(runFolders);
}

/** The config of the run in a folder, or null where the folder holds none: other programs have a config.json too. */
function readConfig(folder: string): RunConfig | null {
  const file = join(folder, 'config.json');
  if (!existsSync(file)) return null;
  try {
    const config = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunConfig>;
    return config.format === 1 && config.env !== undefined ? (config as RunConfig) : null;
  } catch {
    return null;
  }
}

function describe({ folder, config }: FoundRun): RunRow {
  const resultFile = join(folder, 'result.json');
  const finished = existsSync(resultFile);
  const evaluations = finished
    ? (JSON.parse(readFileSync(resultFile, 'utf8')) as RunResult).evaluations
    : readRows(join(folder, 'evaluations.jsonl'));
  const newest = checkpointFiles(folder).at(-1);
  return {
    folder,
    env: config.env,
    algorithm: config.algorithm,
    net: config.net,
    seed: config.seed,
    from: config.transfer ? config.transfer.method : null,
    teachers: config.teachers?.length ?? 0,
    step: newest ? Number(/(\d+)\.safetensors$/.exec(newest)?.[1]) : 0,
    totalTimesteps: config.totalTimesteps,
    finished,
    evaluated: evaluations.at(-1)?.mean ?? null,
  };
}

const readRows = (file: string): EvaluationRow[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as EvaluationRow)
    : [];

function originOf({ from, teachers }: RunRow): string {
  if (teachers > 0) return `${teachers} ${teachers === 1 ? 'teacher' : 'teachers'}`;
  return from === null ? 'scratch' : `transfer, ${from}`;
}

function table(rows: readonly RunRow[]): string {
  const cells = rows.map((row) => [
    row.folder,
    row.env,
    `${row.algorithm}/${row.net}`,
    `seed ${row.seed}`,
    originOf(row),
    row.finished
      ? `finished at ${formatCount(row.step)}`
      : `${formatCount(row.step)} of ${formatCount(row.totalTimesteps)}`,
    row.evaluated === null ? '' : `return ${row.evaluated.toFixed(2)}`,
  ]);
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
