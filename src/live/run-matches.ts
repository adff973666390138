import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { FolderStore } from '../runs/store.ts';
import type { MatchFeed, PolicySource } from './match-source.ts';

/** What a match needs to know of a run's `config.json`. */
const runConfig = z.object({
  env: z.string(),
  seed: z.number(),
  label: z.string().default(''),
  transfer: z.unknown().optional(),
});

/**
 * The matches of a run's or a study's folder: one for each run in it, runs that begin later included, each with the
 * newest checkpoint file. Reading files costs the training nothing.
 * @throws UserError where the folder is neither
 */
export async function runMatches(folder: string): Promise<MatchFeed> {
  const jobs = join(folder, 'jobs');
  const list = async (): Promise<PolicySource[]> => {
    const runs = [folder, ...(await subfolders(jobs))];
    const sources = await Promise.all(runs.map(runSource));
    return sources.filter((source) => source !== null);
  };
  const isStudy = await readFile(join(folder, 'study.json')).then(
    () => true,
    () => false,
  );
  if (!isStudy && (await list()).length === 0) {
    throw new UserError(`"${folder}" holds neither a run (config.json) nor a study (study.json)`);
  }
  return { list };
}

/** The match of a run's folder, or null where no run has begun there. */
export async function runSource(folder: string): Promise<PolicySource | null> {
  const config = await readFile(join(folder, 'config.json'), 'utf8').then(parseConfig, () => null);
  if (config === null) return null;
  const { env, seed, label, transfer } = config;
  const name = basename(folder);
  const arm = transfer ? 'transferred' : /\b(source|scratch)\b/.exec(`${label} ${name}`)?.[0];
  return { id: name, label: label || `${env}, seed ${seed}`, arm, env, latest: newestCheckpoint(folder) };
}

function parseConfig(text: string): z.output<typeof runConfig> | null {
  try {
    return runConfig.parse(JSON.parse(text));
  } catch {
    return null; // Some other program's config.json: no run.
  }
}

/** Reads the newest checkpoint file of a run's folder. Files appear there whole, by renaming. */
export function newestCheckpoint(folder: string): PolicySource['latest'] {
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

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names.toSorted().map((name) => join(folder, name));
}
