import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { stepOfCheckpoint } from '../runs/checkpoint.ts';
import { FolderStore } from '../runs/store.ts';

/** What a run's folder says of it. */
export interface RunFolder {
  /** The folder's own name. */
  readonly id: string;
  readonly folder: string;
  readonly label: string;
  /** What it is in its experiment: `source`, `scratch`, `transferred`; undefined where it is none. */
  readonly arm: string | undefined;
  readonly env: string;
  readonly algorithm: string;
  readonly seed: number;
  readonly totalTimesteps: number;
  readonly evaluations: readonly { readonly step: number; readonly mean: number }[];
  readonly isFinished: boolean;
}

const runConfig = z.object({
  env: z.string(),
  algorithm: z.string(),
  seed: z.number(),
  totalTimesteps: z.number(),
  label: z.string().default(''),
  transfer: z.unknown().optional(),
});
const studyFile = z.object({ jobs: z.array(z.object({ id: z.string(), arm: z.string() })).default([]) });
const evaluationRow = z.object({ step: z.number(), mean: z.number() });

/** Reads a run's folder; null where no run has begun there. `known`: what is known already, the arm by the study above. */
export async function readRunFolder(
  folder: string,
  known: Partial<Pick<RunFolder, 'arm' | 'isFinished'>> = {},
): Promise<RunFolder | null> {
  const config = await readIf(join(folder, 'config.json'), runConfig);
  if (config === null) return null;
  const { label, transfer, ...rest } = config;
  const lines = await readFile(join(folder, 'evaluations.jsonl'), 'utf8').catch(() => '');
  return {
    ...rest,
    id: basename(folder),
    folder,
    label: label || `${rest.env}, seed ${rest.seed}`,
    arm: known.arm ?? (transfer ? 'transferred' : undefined),
    evaluations: lines.split('\n').flatMap((line) => parse(line, evaluationRow) ?? []),
    isFinished: known.isFinished ?? (await stat(join(folder, 'result.json')).catch(() => null)) !== null,
  };
}

/** The arm of each of a study's runs, by the names of their folders and in its order; null where it is no study's folder. */
export async function readArms(folder: string): Promise<ReadonlyMap<string, string> | null> {
  const study = await readIf(join(folder, 'study.json'), studyFile);
  return study && new Map(study.jobs.map(({ id, arm }) => [id, arm === 'transfer' ? 'transferred' : arm]));
}

/** Training steps of the checkpoints that are kept in a run's folder, ascending. */
export async function checkpointSteps(folder: string): Promise<number[]> {
  const keys = await new FolderStore(folder).list('checkpoints/');
  return keys.flatMap((key) => stepOfCheckpoint(key) ?? []);
}

/** The content of a JSON file that has this form, or null: it may be absent, unfinished or another program's. */
export async function readIf<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.output<Schema> | null> {
  return parse(await readFile(file, 'utf8').catch(() => ''), schema);
}

/** JSON text that has this form, or null. */
export function parse<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
