import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { unknownValue } from '../core/errors.ts';
import { decodeCheckpoint } from '../runs/checkpoint.ts';
import { FolderStore } from '../runs/store.ts';
import { readSource, zooGames } from '../runs/source.ts';

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
    async checkpoint(id, wanted) {
      const { kind, checkpoints, step } = await find(id);
      if (kind === 'zoo') return readSource(id);
      const chosen = wanted ?? step;
      if (!checkpoints.includes(chosen)) throw unknownValue('checkpoint', String(chosen), checkpoints.map(String));
      const key = `checkpoints/${String(chosen).padStart(12, '0')}.safetensors`;
      return { name: `${id} at step ${chosen}`, bytes: await readFile(join(root!, id, key)) };
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
  const file = await readIf(join(root, id, 'study.json'), studyFile);
  const arms = new Map(file?.jobs.map(({ id, arm }) => [id, arm === 'transfer' ? 'transferred' : arm]));
  const inner = file === null ? study : { id, arms };
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
  const entry = await readEntry(folder, id, study, result !== null);
  if (entry !== null && result !== null) finished.set(folder, { resultMs: result.mtimeMs, entry });
  return entry;
}

async function readEntry(
  folder: string,
  id: string,
  study: StudyAbove | undefined,
  isFinished: boolean,
): Promise<LibraryEntry | null> {
  const config = await readIf(join(folder, 'config.json'), runConfig);
  if (config === null) return null;
  const { env, algorithm, seed, totalTimesteps, label, transfer } = config;
  const checkpoints = (await new FolderStore(folder).list('checkpoints/')).flatMap((key) => {
    const step = /^checkpoints\/(\d+)\.safetensors$/.exec(key)?.[1];
    return step === undefined ? [] : [Number(step)];
  });
  const lines = (await readFile(join(folder, 'evaluations.jsonl'), 'utf8').catch(() => '')).split('\n');
  const changed = await stat(join(folder, 'checkpoints')).catch(() => stat(folder));
  const isSilent = Date.now() - changed.mtimeMs > SILENCE_MS;
  return {
    id,
    kind: 'run',
    label: label || `${env}, seed ${seed}`,
    env,
    algorithm,
    seed,
    arm: study?.arms.get(basename(id)) ?? (transfer ? 'transferred' : undefined),
    study: study?.id,
    state: isFinished ? 'finished' : isSilent ? 'stopped' : 'running',
    step: checkpoints.at(-1) ?? 0,
    totalTimesteps,
    checkpoints,
    evaluations: lines.flatMap((line): [number, number][] => {
      const row = parse(line, evaluationRow);
      return row === null ? [] : [[row.step, row.mean]];
    }),
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

/** The content of a JSON file that has this form, or null: it may be absent, unfinished or another program's. */
async function readIf<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.output<Schema> | null> {
  return parse(await readFile(file, 'utf8').catch(() => ''), schema);
}

function parse<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
