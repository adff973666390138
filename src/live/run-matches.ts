import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../core/errors.ts';
import { checkpointKey, decodeCheckpoint } from '../runs/checkpoint.ts';
import { loadGameOfRun } from '../runs/game-module.ts';
import { FolderStore } from '../runs/store.ts';
import type { MatchFeed, PolicySource } from './match-source.ts';
import { checkpointSteps, readArms, readRunFolder, type RunFolder } from './run-folder.ts';
import { statusOf } from './run-status.ts';

/**
 * The matches of a run's or a study's folder: one for each run in it, runs that begin later included, each with the
 * newest checkpoint file; and how the runs are doing. Reading files costs the training nothing.
 * @throws UserError where the folder is neither
 */
export async function runMatches(folder: string): Promise<MatchFeed<PolicySource>> {
  const arms = await readArms(folder);
  const order = [...(arms?.keys() ?? [])];
  const read = async (): Promise<RunFolder[]> => {
    const folders = [folder, ...(await subfolders(join(folder, 'jobs')))];
    const runs = await Promise.all(folders.map((at) => readRunFolder(at, { arm: arms?.get(basename(at)) })));
    const known = runs.filter((run) => run !== null);
    // As the study has them: that is how its seeds are counted.
    return known.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  };
  if (arms === null && (await read()).length === 0) {
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
  const run = await readRunFolder(folder);
  return run && sourceOf(run);
}

const sourceOf = ({ id, label, arm, env, folder }: RunFolder): PolicySource => ({
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

/** Reads the newest checkpoint file of a run's folder. Files appear there whole, by renaming. */
function newestCheckpoint(folder: string): PolicySource['latest'] {
  const store = new FolderStore(folder);
  return async (after) => {
    const newest = (await checkpointSteps(folder)).at(-1);
    if (newest === undefined || newest <= after) return null;
    const bytes = await store.get(checkpointKey(newest));
    // Old checkpoints are deleted: between listing and reading, the newest may have become one.
    return bytes === undefined ? null : { step: newest, bytes };
  };
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names.toSorted().map((name) => join(folder, name));
}
