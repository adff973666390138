import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoppedError, UserError } from '../core/errors.ts';
import { resolveBackend } from '../engine/index.ts';
import type { RunConfig } from './config.ts';
import { isGone, ownerName, parseOwner, thisProcess } from './owner.ts';
import { RESUME_KEY, type ResumeState, type RunHooks, type RunResult, trainRun } from './run.ts';
import type { SourceCheckpoint } from './training.ts';
import { decodeState, encodeState } from './state-codec.ts';
import { FolderStore, type Store } from './store.ts';

/**
 * Trains a run that is kept in a store which many machines see, from where any of them left it, in a scratch folder of
 * this one. A finished run gives its result at once.
 *
 * Two attempts at the same run may be under way at once: one whose machine was thought dead, and the one that took over.
 * No clock or lock can rule that out, so nothing here relies on one. What an attempt saves to go on from is one key of
 * its own, complete in itself; whoever goes on takes the farthest. All else is the same bytes, whichever attempt writes
 * it, but for what clocks say; `result.json` is written once, and what it then holds is the result for all.
 * @throws UserError as `trainRun`, and where this machine would not come to the same bits
 */
export async function trainStored(
  store: Store,
  config: RunConfig,
  source: SourceCheckpoint | null,
  hooks: RunHooks = {},
): Promise<RunResult> {
  const { kernels } = await resolveBackend(config.backend);
  if (kernels !== config.kernels) {
    throw new UserError(`the run is for kernels "${config.kernels}", this machine takes "${kernels}": other weights`);
  }
  const folder = await scratchFolder();
  try {
    const scratch = new FolderStore(folder);
    const known = await restore(store, scratch);
    const attempt = randomBytes(8).toString('hex');
    const saved = async (step: number): Promise<void> => {
      if (await resultOf(store)) throw new StoppedError();
      await share(scratch, store, known);
      const key = snapshotKey(step, attempt);
      await store.put(key, await snapshot(scratch));
      await deleteKeys(store, await store.list(SNAPSHOTS), (each) => each >= key);
    };
    await trainRun(folder, config, source, { ...hooks, saved });
    return await publish(scratch, store, known);
  } catch (error) {
    // Stopped for good: another attempt has finished it in the meantime.
    const result = error instanceof StoppedError ? await resultOf(store) : null;
    if (!result) throw error;
    await deleteKeys(store, await store.list(SNAPSHOTS));
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The newest checkpoint of a stored run. @throws UserError where there is none */
export async function storedSource(store: Store, name: string): Promise<SourceCheckpoint> {
  const newest = (await store.list(CHECKPOINTS)).at(-1);
  const bytes = newest && (await store.get(newest));
  if (!bytes) throw new UserError(`${name} holds no checkpoint (checkpoints/*.safetensors)`);
  return { name: `${name}/${newest}`, bytes };
}

/** Copies a finished run. */
export async function copyRun(from: Store, to: Store): Promise<void> {
  for (const key of (await from.list()).filter(isPlain)) await copy(from, to, key);
}

/** How far a run is, told from what it has saved. */
export interface Standing {
  readonly finished: boolean;
  readonly step: number;
  /** Seconds of work, up to what was saved. */
  readonly seconds: number;
  /** When it was last saved, in milliseconds since 1970; 0 where nobody can go on with it. */
  readonly savedMs: number;
}

/** How far the run in a store is, whoever trains it. */
export async function standingOf(store: Store): Promise<Standing> {
  const result = await resultOf(store);
  if (result) return { finished: true, step: result.step, seconds: result.seconds, savedMs: 0 };
  const keys = await store.list();
  const saved = (await newestSnapshot(store, keys))[RESUME_KEY] ?? (await store.get(RESUME_KEY));
  if (!saved) return { finished: false, step: 0, seconds: 0, savedMs: 0 };
  const { step, seconds, savedMs } = decodeState(saved, RESUME_KEY) as ResumeState;
  return { finished: false, step, seconds, savedMs };
}

const CHECKPOINTS = 'checkpoints/';
const SNAPSHOTS = 'snapshot-';
const RESULT_KEY = 'result.json';
const LOGS = ['metrics.jsonl', 'evaluations.jsonl'];
/** What grows while the run goes on. Only together do they say where it is: logs, and the state that relies on them. */
const SNAPSHOT_KEYS = [...LOGS, RESUME_KEY];

/** Sorts by steps: the last is the farthest. */
const snapshotKey = (step: number, attempt: string): string =>
  `${SNAPSHOTS}${String(step).padStart(12, '0')}-${attempt}.safetensors`;

const isPlain = (key: string): boolean => !key.startsWith(SNAPSHOTS);

async function snapshot(scratch: Store): Promise<Uint8Array> {
  const files = await Promise.all(SNAPSHOT_KEYS.map(async (key) => [key, await scratch.get(key)] as const));
  return encodeState({ files: Object.fromEntries(files) });
}

/** Copies what there is of a run; the keys that are the same in both then. */
async function restore(store: Store, scratch: Store): Promise<Set<string>> {
  const keys = await store.list();
  const known = new Set<string>();
  for (const key of keys.filter(isPlain)) if (await copy(store, scratch, key)) known.add(key);
  for (const [key, content] of Object.entries(await newestSnapshot(store, keys))) await scratch.put(key, content);
  return known;
}

/** The files of the farthest snapshot; none where there is none. */
async function newestSnapshot(store: Store, keys: readonly string[]): Promise<Record<string, Uint8Array>> {
  for (const key of keys.filter((each) => !isPlain(each)).reverse()) {
    const bytes = await store.get(key);
    // Another attempt may just have got farther, and deleted it.
    if (bytes) return (decodeState(bytes, key) as { files: Record<string, Uint8Array> }).files;
  }
  return {};
}

/**
 * Puts what is new, but for what snapshots hold, and deletes what this attempt has put or found and needs no more: what
 * another attempt has put is left alone.
 */
async function share(scratch: Store, store: Store, known: Set<string>): Promise<void> {
  const keys = (await scratch.list()).filter((key) => key !== RESULT_KEY && !SNAPSHOT_KEYS.includes(key));
  // A checkpoint never changes once it is written, nor do config and modules.
  for (const key of keys) if (!known.has(key)) await copy(scratch, store, key);
  const gone = [...known].filter((key) => !SNAPSHOT_KEYS.includes(key) && !keys.includes(key));
  await deleteKeys(store, gone);
  known.clear();
  for (const key of keys) known.add(key);
}

/** The finished run, made the same in the store, and last its result: the first attempt to put one has made it. */
async function publish(scratch: Store, store: Store, known: Set<string>): Promise<RunResult> {
  if (!known.has(RESULT_KEY)) {
    await share(scratch, store, known);
    for (const key of LOGS) await copy(scratch, store, key);
    const keys = await scratch.list();
    await deleteKeys(store, (await store.list()).filter(isPlain), (key) => keys.includes(key));
    await store.putIfAbsent(RESULT_KEY, (await scratch.get(RESULT_KEY)) as Uint8Array);
  }
  await deleteKeys(store, await store.list(SNAPSHOTS));
  return (await resultOf(store)) as RunResult;
}

async function resultOf(store: Store): Promise<RunResult | null> {
  const bytes = await store.get(RESULT_KEY);
  return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as RunResult) : null;
}

async function deleteKeys(store: Store, keys: readonly string[], keep = (_key: string): boolean => false) {
  for (const key of keys) if (!keep(key)) await store.delete(key);
}

/** False where the key is gone. */
async function copy(from: Store, to: Store, key: string): Promise<boolean> {
  const bytes = await from.get(key);
  if (bytes) await to.put(key, bytes);
  return bytes !== undefined;
}

const SCRATCH = 'ngplus-scratch-';

/** A folder of this process; those of processes that were killed are deleted. */
async function scratchFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const owner = name.startsWith(SCRATCH) ? parseOwner(name.slice(SCRATCH.length)) : undefined;
    if (owner && isGone(owner)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
  return mkdtemp(join(tmpdir(), `${SCRATCH}${ownerName(thisProcess())}-`));
}
