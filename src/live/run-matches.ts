import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../core/errors.ts';
import { decodeCheckpoint } from '../runs/checkpoint.ts';
import { loadGameOfRun } from '../runs/game-module.ts';
import { FolderStore } from '../runs/store.ts';
import type { MatchFeed, PolicySource } from './match-source.ts';
import { type RunFiles, statusOf } from './run-status.ts';

/** What a match needs to know of a run's `config.json`. */
const runConfig = z.object({
  env: z.string(),
  seed: z.number(),
  totalTimesteps: z.number(),
  label: z.string().default(''),
  transfer: z.unknown().optional(),
});

/** What is read of a study's `study.json`: the arm of each job. */
const studyFile = z.object({ jobs: z.array(z.object({ id: z.string(), arm: z.string() })).default([]) });

/** One row of `evaluations.jsonl`. */
const evaluationRow = z.object({ step: z.number(), mean: z.number() });

/**
 * The matches of a run's or a study's folder: one for each run in it, runs that begin later included, each with the
 * newest checkpoint file; and how the runs are doing. Reading files costs the training nothing.
 * @throws UserError where the folder is neither
 */
export async function runMatches(folder: string): Promise<MatchFeed<PolicySource>> {
  const study = await readIf(join(folder, 'study.json'), studyFile);
  const arms = new Map(study?.jobs.map(({ id, arm }) => [id, arm === 'transfer' ? 'transferred' : arm]));
  const order = [...arms.keys()];
  const read = async (): Promise<RunFiles[]> => {
    const folders = [folder, ...(await subfolders(join(folder, 'jobs')))];
    const runs = await Promise.all(folders.map((at) => readRun(at, arms.get(basename(at)))));
    const known = runs.filter((run) => run !== null);
    // As the study has them: that is how its seeds are counted.
    return known.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  };
  if (study === null && (await read()).length === 0) {
    throw new UserError(`"${folder}" holds neither a run (config.json) nor a study (study.json)`);
  }
  return {
    list: async () => (await read()).map((run) => sourceOf(run)),
    status: async () => statusOf(await read()),
  };
}

/** The match of one checkpoint, which learns no more. */
export function checkpointSource(name: string, bytes: Uint8Array): PolicySource {
  const { info } = decodeCheckpoint(bytes, name);
  const label = `${info.env}, ${info.algorithm} after ${info.step} steps`;
  return {
    id: name,
    label,
    env: info.env,
    latest: async (after) => (after < info.step ? { step: info.step, bytes } : null),
  };
}

/** The match of a run's folder, or null where no run has begun there. */
export async function runSource(folder: string): Promise<PolicySource | null> {
  const run = await readRun(folder);
  return run && sourceOf(run);
}

const sourceOf = ({ id, label, arm, env, folder }: RunFiles): PolicySource => ({
  id,
  label,
  arm,
  env,
  load: () => loadInTurn(folder),
  latest: newestCheckpoint(folder),
});

let loading: Promise<unknown> = Promise.resolve();

/** Loads a run's game, one run at a time: those of a study share games, and each is registered once. */
export async function loadInTurn(folder: string): Promise<void> {
  const own = loading.then(() => loadGameOfRun(folder));
  loading = own.catch(() => {});
  await own;
}

/** What a run's folder says of it, or null where no run has begun there. */
async function readRun(folder: string, knownArm?: string): Promise<RunFiles | null> {
  const config = await readIf(join(folder, 'config.json'), runConfig);
  if (config === null) return null;
  const { env, seed, totalTimesteps, label, transfer } = config;
  const lines = await readFile(join(folder, 'evaluations.jsonl'), 'utf8').catch(() => '');
  return {
    id: basename(folder),
    folder,
    label: label || `${env}, seed ${seed}`,
    arm: knownArm ?? (transfer ? 'transferred' : undefined),
    env,
    totalTimesteps,
    evaluations: lines.split('\n').flatMap((line) => parse(line, evaluationRow) ?? []),
    isFinished: (await readIf(join(folder, 'result.json'), z.object({}))) !== null,
  };
}

/** Reads the newest checkpoint file of a run's folder. Files appear there whole, by renaming. */
function newestCheckpoint(folder: string): PolicySource['latest'] {
  const store = new FolderStore(folder);
  return async (after) => {
    const keys = await store.list('checkpoints/');
    const steps = keys.map((key) => /^checkpoints\/(\d+)\.safetensors$/.exec(key)?.[1]).filter((step) => step);
    const newest = steps.at(-1);
    if (newest === undefined || Number(newest) <= after) return null;
    const bytes = await store.get(`checkpoints/${newest}.safetensors`);
    // Old checkpoints are deleted: between listing and reading, the newest may have become one.
    return bytes === undefined ? null : { step: Number(newest), bytes };
  };
}

/** The content of a JSON file that has this form, or null: it may be absent, unfinished or another program's. */
async function readIf<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.output<Schema> | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return parse(text, schema);
}

function parse<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names.toSorted().map((name) => join(folder, name));
}
