import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unknownValue } from '../core/errors.ts';
import { checkpointKey, decodeCheckpoint } from '../runs/checkpoint.ts';
import { readSource, zooGames } from '../runs/source.ts';
import { checkpointSteps, readArms, readRunFolder } from './run-folder.ts';

/** What a page can pick: a policy that trains, has been trained or comes with ngplus. Plain data. */
export interface LibraryEntry {
  /** A run's folder below the library's, with slashes (`.` for that itself), or `zoo:GAME`. */
  readonly id: string;
  readonly kind: 'run' | 'zoo';
  readonly label: string;
  readonly env: string;
  readonly algorithm: string;
  readonly seed: number;
  /** What the agent is in its experiment: `source`, `scratch`, `transferred`; undefined where it is none. */
  readonly arm?: string;
  /** The study's folder below the library's, where the run is part of one. */
  readonly study?: string;
  readonly state: 'running' | 'stopped' | 'finished';
  /** Of the newest checkpoint, and of the whole training. */
  readonly step: number;
  readonly totalTimesteps: number;
  /** Training steps of the checkpoints that are kept, ascending. */
  readonly checkpoints: readonly number[];
  /** Mean return of each evaluation. */
  readonly evaluations: readonly (readonly [step: number, mean: number])[];
  /** When it last changed, in ms since 1970. */
  readonly changedMs: number;
}

/** What is stored beneath a folder. Everything is looked up in its listing: no id leads to a file that is not in it. */
export interface Library {
  /** Newest first, then the zoo. */
  list(): Promise<readonly LibraryEntry[]>;
  /** The bytes of a checkpoint, the newest where `step` is left out. @throws UserError for an id or a step that is not there */
  checkpoint(id: string, step?: number): Promise<{ name: string; bytes: Uint8Array }>;
  /** The folder of an entry. @throws UserError for an id that is not there or is no run */
  folder(id: string): Promise<string>;
  /** The studies that runs of the listing are part of. */
  studies(): Promise<readonly { readonly id: string; readonly folder: string }[]>;
}

/** Folders are looked into this deep: runs/STUDY/jobs/RUN below the folder above `runs`. */
const MOST_DEPTH = 4;
/** A training writes at least every 10 s; one silent for longer than this has been stopped. */
const SILENCE_MS = 60_000;
/** A listing of many hundred runs takes a while: it is good for this long. */
const FRESH_MS = 1000;

/** The runs and studies in and beneath `root` (null: none), and the zoo. */
export function openLibrary(root: string | null): Library {
  const read = async (): Promise<LibraryEntry[]> => {
    const runs = root === null ? [] : await entriesIn(root, '.', undefined, 0);
    return [...runs.toSorted((a, b) => b.changedMs - a.changedMs), ...zooEntries()];
  };
  let newest: { readonly readMs: number; readonly entries: Promise<LibraryEntry[]> } | null = null;
  const list = (): Promise<LibraryEntry[]> => {
    if (newest === null || Date.now() - newest.readMs > FRESH_MS) newest = { readMs: Date.now(), entries: read() };
    return newest.entries;
  };
  const find = async (id: string): Promise<LibraryEntry> => {
    const entries = await list();
    const entry = entries.find((candidate) => candidate.id === id);
    if (entry === undefined)
      throw unknownValue(
        'agent',
        id,
        entries.slice(0, 20).map((candidate) => candidate.id),
      );
    return entry;
  };
  const folder = async (id: string): Promise<string> => {
    const { kind } = await find(id);
    if (kind !== 'run') throw unknownValue('run', id, ['those of the listing']);
    return join(root!, id);
  };
  return {
    list,
    folder,
    async studies() {
      const ids = new Set((await list()).flatMap(({ study }) => study ?? []));
      return [...ids].map((id) => ({ id, folder: join(root!, id) }));
    },
    async checkpoint(id, wanted) {
      const { kind, checkpoints, step } = await find(id);
      if (kind === 'zoo') return readSource(id);
      const chosen = wanted ?? step;
      const file = join(root!, id, checkpointKey(chosen));
      // Old checkpoints are deleted, also since the listing was made.
      const bytes = checkpoints.includes(chosen) ? await readFile(file).catch(() => null) : null;
      if (bytes === null) throw unknownValue('checkpoint', String(chosen), checkpoints.map(String));
      return { name: `${id} at step ${chosen}`, bytes };
    },
  };
}

interface StudyAbove {
  readonly id: string;
  readonly arms: ReadonlyMap<string, string>;
}

async function entriesIn(
  root: string,
  id: string,
  study: StudyAbove | undefined,
  depth: number,
): Promise<LibraryEntry[]> {
  const entry = await runEntry(root, id, study);
  if (entry !== null) return [entry];
  if (depth === MOST_DEPTH) return [];
  const arms = await readArms(join(root, id));
  const inner = arms === null ? study : { id, arms };
  const names = (await readdir(join(root, id), { withFileTypes: true }).catch(() => []))
    .filter((child) => (child.isDirectory() || child.isSymbolicLink()) && !/^\.|^node_modules$/.test(child.name))
    .map(({ name }) => name);
  const below = await Promise.all(
    names.map((name) => entriesIn(root, id === '.' ? name : `${id}/${name}`, inner, depth + 1)),
  );
  return below.flat();
}

/** Finished runs change no more: they are read once, unless their result is another one. By folder. */
const finished = new Map<string, { readonly resultMs: number; readonly entry: LibraryEntry }>();

async function runEntry(root: string, id: string, study: StudyAbove | undefined): Promise<LibraryEntry | null> {
  const folder = join(root, id);
  const result = await stat(join(folder, 'result.json')).catch(() => null);
  const known = finished.get(folder);
  if (known !== undefined && known.resultMs === result?.mtimeMs && known.entry.id === id) return known.entry;
  // A run that is deleted meanwhile, or may not be read, is left out.
  const entry = await readEntry(folder, id, study, result !== null).catch(() => null);
  if (entry !== null && result !== null) finished.set(folder, { resultMs: result.mtimeMs, entry });
  return entry;
}

async function readEntry(
  folder: string,
  id: string,
  study: StudyAbove | undefined,
  isFinished: boolean,
): Promise<LibraryEntry | null> {
  const run = await readRunFolder(folder, { arm: study?.arms.get(basename(id)), isFinished });
  if (run === null) return null;
  const { label, arm, env, algorithm, seed, totalTimesteps, evaluations } = run;
  const checkpoints = await checkpointSteps(folder);
  const changed = await stat(join(folder, 'checkpoints')).catch(() => stat(folder));
  const isSilent = Date.now() - changed.mtimeMs > SILENCE_MS;
  return {
    id,
    kind: 'run',
    label,
    env,
    algorithm,
    seed,
    arm,
    study: study?.id,
    state: isFinished ? 'finished' : isSilent ? 'stopped' : 'running',
    step: checkpoints.at(-1) ?? 0,
    totalTimesteps,
    checkpoints,
    evaluations: evaluations.map(({ step, mean }) => [step, mean]),
    changedMs: Math.round(changed.mtimeMs),
  };
}

let zoo: readonly LibraryEntry[] | null = null;

function zooEntries(): readonly LibraryEntry[] {
  zoo ??= zooGames().map((game) => {
    const id = `zoo:${game}`;
    const { env, algorithm, seed, step } = decodeCheckpoint(readSource(id).bytes, id).info;
    const label = `${game}, trained by ${algorithm}`;
    const sizes = { step, totalTimesteps: step, checkpoints: [step], evaluations: [], changedMs: 0 };
    return { id, kind: 'zoo', label, env, algorithm, seed, state: 'finished', ...sizes };
  });
  return zoo;
}
