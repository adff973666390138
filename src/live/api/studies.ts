import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Comparison } from '../../stats/compare.ts';
import { studyVerdict } from '../../stats/verdict.ts';
import { keepNewest } from '../kept.ts';
import { readIf } from '../run-folder.ts';
import { defineEndpoint } from './endpoint.ts';

/** A source, a target and a method of a study, with its runs and, once the study is finished, what came of it. */
export interface StudiedPair {
  readonly source: string;
  readonly target: string;
  readonly method: string;
  /** What kind of control it is; null: a real transfer. */
  readonly control: string | null;
  readonly result: {
    readonly comparison: Comparison;
    /** The p-value corrected by Holm's method within its family. */
    readonly holm: number | null;
  } | null;
  /** Ids of the library. */
  readonly runs: { readonly scratch: readonly string[]; readonly transfer: readonly string[] };
}

/** A study beneath the library's folder. Plain data. */
export interface StoredStudy {
  readonly id: string;
  /** The result in words; null while it is under way. */
  readonly verdict: string | null;
  /** All its runs, by their ids in the library. */
  readonly runs: readonly string[];
  readonly pairs: readonly StudiedPair[];
}

const job = z.object({
  key: z.string(),
  id: z.string(),
  arm: z.string(),
  env: z.string(),
  method: z.string().nullish(),
  control: z.string().nullish(),
});
const studyFile = z.object({ jobs: z.array(job) });
type Job = z.output<typeof job>;

/** Of a comparison, what says that it is one; the rest is as `src/stats/compare.ts` made it. */
const comparison = z
  .looseObject({ level: z.number(), primary: z.string(), outcome: z.string(), metrics: z.looseObject({}) })
  .transform((value) => value as unknown as Comparison);
const resultFile = z.object({
  pairs: z.array(
    z.object({
      source: z.string(),
      target: z.string(),
      method: z.string(),
      control: z.string().nullish(),
      holm: z.number().nullable(),
      comparison,
    }),
  ),
});

/** The studies there are, finished or not: `StoredStudy[]`. */
export const studies = defineEndpoint({
  query: z.strictObject({}),
  answer: async (_query, library): Promise<readonly StoredStudy[]> => {
    const found = await Promise.all((await library.studies()).map(({ id, folder }) => read(id, folder)));
    return found.flatMap((study) => study ?? []).toSorted((a, b) => a.id.localeCompare(b.id));
  },
});

/** Of a large study to read its result takes a while, and pages ask every few seconds. */
const keep = keepNewest<StoredStudy | null>(1000, 4);

/** Read again only where one of its files is another one since. */
async function read(id: string, folder: string): Promise<StoredStudy | null> {
  const files = ['study.json', 'result.json'].map((name) => join(folder, name));
  const key = JSON.stringify([id, folder, ...(await Promise.all(files.map(versionOf)))]);
  return keep(key, () => parseStudy(id, folder));
}

/** Other than before where the file has been written since; null where there is none. */
async function versionOf(file: string): Promise<string | null> {
  const { mtimeMs, ino, size } = (await stat(file).catch(() => null)) ?? {};
  return mtimeMs === undefined ? null : `${mtimeMs} ${ino} ${size}`;
}

async function parseStudy(id: string, folder: string): Promise<StoredStudy | null> {
  const study = await readIf(join(folder, 'study.json'), studyFile);
  if (study === null) return null;
  const result = await readIf(join(folder, 'result.json'), resultFile);
  const place = id === '.' ? 'jobs' : `${id}/jobs`;
  const runsOf = (wanted: (job: Job) => boolean): string[] =>
    study.jobs.filter(wanted).map((found) => `${place}/${found.id}`);
  const pairs = namedPairs(study.jobs).map((pair): StudiedPair => {
    const known = result?.pairs.find((other) => nameOf({ ...other, control: other.control ?? null }) === nameOf(pair));
    const { comparison, holm } = known ?? {};
    return {
      ...pair,
      result: comparison === undefined ? null : { comparison, holm: holm ?? null },
      runs: {
        scratch: runsOf(({ arm, env, control }) => arm === 'scratch' && env === pair.target && !control),
        transfer: runsOf((candidate) => nameOf(pairOf(candidate)) === nameOf(pair)),
      },
    };
  });
  const results = pairs.flatMap(({ control, result }) => (result === null ? [] : { control, ...result }));
  const isFinished = results.length === pairs.length && results.length > 0;
  return { id, verdict: isFinished ? studyVerdict(results) : null, runs: runsOf(() => true), pairs };
}

type Named = Pick<StudiedPair, 'source' | 'target' | 'method' | 'control'>;

const nameOf = (pair: Named | null): string =>
  JSON.stringify(pair && [pair.source, pair.target, pair.method, pair.control]);

/** The pairs that jobs belong to, each once. */
function namedPairs(jobs: readonly Job[]): Named[] {
  const named = jobs.flatMap((job) => pairOf(job) ?? []);
  return [...new Map(named.map((pair) => [nameOf(pair), pair])).values()];
}

/** The pair that a job is a run of, by its key (`transfer/asterix->breakout/full/2`); null for those of no pair. */
function pairOf({ key, control }: Job): Named | null {
  const found = /^[^/]+\/(.+)->(.+)\/([^/]+)\/\d+$/.exec(key);
  return found && { source: found[1], target: found[2], method: found[3], control: control ?? null };
}
