import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoppedError, UserError } from '../core/errors.ts';
import { resolveBackend } from '../engine/index.ts';
import type { RunConfig } from './config.ts';
import { isGone, ownerName, parseOwner, thisProcess } from './owner.ts';
import { RACE_KEY } from './folder-kind.ts';
import { type OpenSource, type Race, type RaceResult, runRace } from './race.ts';
import { RESUME_KEY, type ResumeState, type RunHooks, type RunResult, trainRun } from './run.ts';
import type { SourceCheckpoint } from './training.ts';
import { decodeState, encodeState } from './state-codec.ts';
import { FolderStore, type Store } from './store.ts';

/** What is worked on in a folder: it goes on from what it finds there, and tells with `saved` that it can go on from there. */
type Work<Result> = (folder: string, hooks: RunHooks) => Promise<Result>;

/** `trainRun` of a run that is kept in a store, see `workStored`. @throws UserError as `trainRun` and `workStored` */
export const trainStored = (
  store: Store,
  config: RunConfig,
  source: SourceCheckpoint | null,
  hooks: RunHooks = {},
): Promise<RunResult> => workStored(store, config, (folder, more) => trainRun(folder, config, source, more), hooks);

/** `runRace` of a race that is kept in a store, see `workStored`. @throws UserError as `runRace` and `workStored` */
export const raceStored = (
  store: Store,
  race: Race,
  openSource: OpenSource,
  hooks: RunHooks = {},
): Promise<RaceResult> =>
  workStored(store, race.candidates[0].config, (folder, more) => runRace(folder, race, more, openSource), hooks);

/**
 * Works on what is kept in a store which many machines see, from where any of them left it, in a scratch folder of
 * this one. What is finished gives its result at once.
 *
 * Two attempts at the same work may be under way at once: one whose machine was thought dead, and the one that took over.
 * No clock or lock can rule that out, so nothing here relies on one. What an attempt saves to go on from is one key of
 * its own, complete in itself; whoever goes on takes the farthest. All else is the same bytes, whichever attempt writes
 * it, but for what clocks say; `result.json` is written once, and what it then holds is the result for all.
 * @throws UserError where this machine would not come to the same bits
 */
async function workStored<Result>(
  store: Store,
  config: RunConfig,
  work: Work<Result>,
  hooks: RunHooks,
): Promise<Result> {
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
    await work(folder, { ...hooks, saved });
    await publish(scratch, store, known);
    return (await resultOf<Result>(store)) as Result;
  } catch (error) {
    // Stopped for good: another attempt has finished it in the meantime.
    const result = error instanceof StoppedError ? await resultOf<Result>(store) : null;
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

/** Copies a finished run or race. */
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

/** How far the run or race in a store is, whoever works on it; of a race under way, its candidates together. */
export async function standingOf(store: Store): Promise<Standing> {
  const result = await resultOf<RunResult | RaceResult>(store);
  if (result) return { finished: true, step: result.step, seconds: result.seconds, savedMs: 0 };
  const keys = await store.list();
  const snapshot = await newestSnapshot(store, keys);
  const names = [...new Set([...keys, ...Object.keys(snapshot)])].filter((key) => nameOf(key) === RESUME_KEY);
  const saved = await Promise.all(names.map(async (key) => snapshot[key] ?? (await store.get(key))));
  const states = saved.flatMap((bytes) => (bytes ? [decodeState(bytes, RESUME_KEY) as ResumeState] : []));
  return {
    finished: false,
    step: states.reduce((sum, { step }) => sum + step, 0),
    seconds: states.reduce((sum, { seconds }) => sum + seconds, 0),
    savedMs: Math.max(0, ...states.map(({ savedMs }) => savedMs)),
  };
}

const CHECKPOINTS = 'checkpoints/';
const SNAPSHOTS = 'snapshot-';
const RESULT_KEY = 'result.json';
/**
 * Files that grow while the work goes on, in the folder of a run, a race or its candidates. Only together do they say
 * where it is: logs, and the state that relies on them.
 */
const GROWING = ['metrics.jsonl', 'evaluations.jsonl', RACE_KEY, RESUME_KEY];
const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);
const isGrowing = (key: string): boolean => GROWING.includes(nameOf(key));

/** Sorts by steps: the last is the farthest. */
const snapshotKey = (step: number, attempt: string): string =>
  `${SNAPSHOTS}${String(step).padStart(12, '0')}-${attempt}.safetensors`;

const isPlain = (key: string): boolean => !key.startsWith(SNAPSHOTS);

async function snapshot(scratch: Store): Promise<Uint8Array> {
  const keys = (await scratch.list()).filter(isGrowing);
  const files = await Promise.all(keys.map(async (key) => [key, await scratch.get(key)] as const));
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
  const keys = (await scratch.list()).filter((key) => key !== RESULT_KEY && !isGrowing(key));
  // A checkpoint never changes once it is written, nor do config and modules.
  for (const key of keys) if (!known.has(key)) await copy(scratch, store, key);
  const gone = [...known].filter((key) => !isGrowing(key) && !keys.includes(key));
  await deleteKeys(store, gone);
  known.clear();
  for (const key of keys) known.add(key);
}

/** What is finished, made the same in the store, and last its result: the first attempt to put one has made it. */
async function publish(scratch: Store, store: Store, known: Set<string>): Promise<void> {
  if (!known.has(RESULT_KEY)) {
    await share(scratch, store, known);
    const keys = await scratch.list();
    for (const key of keys.filter(isGrowing)) await copy(scratch, store, key);
    await deleteKeys(store, (await store.list()).filter(isPlain), (key) => keys.includes(key));
    await store.putIfAbsent(RESULT_KEY, (await scratch.get(RESULT_KEY)) as Uint8Array);
  }
  await deleteKeys(store, await store.list(SNAPSHOTS));
}

async function resultOf<Result>(store: Store): Promise<Result | null> {
  const bytes = await store.get(RESULT_KEY);
  return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as Result) : null;
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
