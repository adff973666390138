import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { type StudyFile, studyOptions, type StudyResult } from '../exec/study.ts';
import type { RunConfig } from '../runs/config.ts';
import { candidateFolder, type RaceResult } from '../runs/race.ts';
import type { RunResult } from '../runs/run.ts';
import type { EvaluationRow } from '../runs/training.ts';
import { checkpointFiles } from '../runs/source.ts';
import type { Outcome } from '../stats/compare.ts';
import { countOutcomes } from '../stats/holm.ts';
import { defineCommand } from './flags.ts';
import { say, writeJson } from './output.ts';
import { formatCount } from './progress.ts';
import { readJson, readRows } from './stored-json.ts';

/** What runs and races have. */
interface TrainingRow {
  readonly folder: string;
  readonly env: string;
  readonly algorithm: string;
  readonly net: string;
  readonly seed: number;
  readonly step: number;
  readonly totalTimesteps: number;
  readonly finished: boolean;
  readonly evaluated: number | null;
}

interface RunRow extends TrainingRow {
  readonly kind: 'run';
  /** The transfer's method. */
  readonly from: string | null;
  readonly teachers: number;
  /** What became of a candidate of a finished race; null: it is none. */
  readonly inRace: 'won' | 'left' | null;
}

interface RaceRow extends TrainingRow {
  readonly kind: 'race';
  /** The winner's method, or `scratch`; null before the end. */
  readonly winner: string | null;
}

interface StudyRow {
  readonly kind: 'study';
  readonly folder: string;
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly methods: readonly string[];
  readonly gate: boolean;
  readonly seeds: number;
  readonly trainings: number;
  readonly trainingsFinished: number;
  readonly finished: boolean;
  /** Of the transfers and gates, corrected for their number; null before the end. */
  readonly outcomes: Readonly<Record<Outcome, number>> | null;
}

type Row = RunRow | RaceRow | StudyRow;

export const runs = defineCommand({
  name: 'runs',
  summary: 'list runs, races and studies under a folder',
  description: 'A study or a race is one line; where its own folder is named, its runs follow.',
  options: z.object({
    folder: z.string().default('runs').describe('where to look'),
    json: z.string().default('').describe('write the list as JSON to this file, - for standard output'),
  }),
  positionals: ['folder'],
  examples: [
    ['ngplus runs', 'what there is'],
    ['ngplus runs runs/freeway-out', 'a study and its runs'],
  ],
  run({ options: { folder, json }, io }) {
    const isFolder = existsSync(folder) && statSync(folder).isDirectory();
    const rows = isFolder ? rowsIn(folder) : [];
    if (json !== '') return writeJson(io, json, rows);
    say(io, json, rows.length === 0 ? `no runs under "${folder}"; start one: ngplus train breakout` : table(rows));
  },
});

/** What lies in a folder, at any depth, sorted; the runs of a study or a race only where that is the folder asked for. */
function rowsIn(folder: string, isAskedFor = true): Row[] {
  const config = readConfig(folder);
  if (config !== null) return [runRow(folder, config)];
  const whole = raceRow(folder) ?? studyRow(folder);
  if (whole !== null && !isAskedFor) return [whole];
  const below = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => join(folder, name))
    .sort()
    .flatMap((inner) => rowsIn(inner, false));
  return whole === null ? below : [whole, ...below];
}

/** The config of the run in a folder, or null where the folder holds none: other programs have a config.json too. */
function readConfig(folder: string): RunConfig | null {
  const config = readJson<Partial<RunConfig>>(join(folder, 'config.json'));
  return config?.format === 1 && config.env !== undefined ? (config as RunConfig) : null;
}

function runRow(folder: string, config: RunConfig): RunRow {
  const result = readJson<RunResult>(join(folder, 'result.json'));
  const inRace = outcomeInRace(folder);
  const evaluations = result?.evaluations ?? readRows<EvaluationRow>(join(folder, 'evaluations.jsonl'));
  return {
    kind: 'run',
    folder,
    ...namesOf(config),
    from: config.transfer ? config.transfer.method : null,
    teachers: config.teachers?.length ?? 0,
    inRace,
    step: stepOf(folder),
    finished: result !== null || inRace !== null,
    evaluated: evaluations.at(-1)?.mean ?? null,
  };
}

/** Whether the run in a folder is the winner of the race that it is a candidate of; null where there is none, or no end. */
function outcomeInRace(folder: string): RunRow['inRace'] {
  const own = resolve(folder);
  const race = dirname(dirname(own));
  const candidate = Number(basename(own));
  if (own !== resolve(candidateFolder(race, candidate))) return null;
  const result = readJson<RaceResult>(join(race, 'result.json'));
  return result && (result.winner === candidate ? 'won' : 'left');
}

/** The race in a folder, or null where there is none. */
function raceRow(folder: string): RaceRow | null {
  const configOf = (candidate: number): RunConfig | null => readConfig(candidateFolder(folder, candidate));
  const first = configOf(0);
  if (first === null) return null;
  const result = readJson<RaceResult>(join(folder, 'result.json'));
  const candidates = readdirSync(dirname(candidateFolder(folder, 0)));
  const steps = candidates.map((name) => stepOf(candidateFolder(folder, Number(name))));
  return {
    kind: 'race',
    folder,
    ...namesOf(first),
    winner: result && (configOf(result.winner)?.transfer?.method ?? 'scratch'),
    step: result?.step ?? steps.reduce((sum, step) => sum + step, 0),
    finished: result !== null,
    evaluated: result?.evaluations.at(-1)?.mean ?? null,
  };
}

/** The study in a folder, or null where there is none. */
function studyRow(folder: string): StudyRow | null {
  const file = readJson<Partial<StudyFile>>(join(folder, 'study.json'));
  const options = studyOptions.safeParse(file?.request).data;
  if (!file?.request || !file.jobs || !options) return null;
  const trainings = file.jobs.filter(({ arm }) => arm !== 'random');
  const ended = trainings.filter(({ id }) => existsSync(join(folder, 'jobs', id, 'result.json')));
  // A result is of before where controls were added since.
  const result = ended.length === trainings.length ? readJson<StudyResult>(join(folder, 'result.json')) : null;
  return {
    kind: 'study',
    folder,
    sources: file.request.sources,
    targets: file.request.targets,
    methods: options.methods,
    gate: options.gate,
    seeds: options.seeds,
    trainings: trainings.length,
    trainingsFinished: ended.length,
    finished: result !== null,
    outcomes: result && countOutcomes(result.pairs.filter(({ control }) => !control)),
  };
}

const namesOf = ({ env, algorithm, net, seed, totalTimesteps }: RunConfig) => ({
  env,
  algorithm,
  net,
  seed,
  totalTimesteps,
});

/** The step of the newest checkpoint. */
function stepOf(folder: string): number {
  const newest = checkpointFiles(folder).at(-1);
  return newest ? Number(/(\d+)\.safetensors$/.exec(newest)?.[1]) : 0;
}

function originOf({ from, teachers }: RunRow): string {
  if (teachers > 0) return `${teachers} ${teachers === 1 ? 'teacher' : 'teachers'}`;
  return from === null ? 'scratch' : `transfer, ${from}`;
}

function stateOf(row: RunRow | RaceRow): string {
  const { step, totalTimesteps, finished } = row;
  if (!finished) return `${formatCount(step)} of ${formatCount(totalTimesteps)}`;
  if (row.kind === 'run') return `${row.inRace ?? 'finished'} at ${formatCount(step)}`;
  return `finished at ${formatCount(step)}, ${row.winner} won`;
}

const trainingCells = (row: RunRow | RaceRow): string[] => [
  row.folder,
  row.env,
  `${row.algorithm}/${row.net}`,
  `seed ${row.seed}`,
  row.kind === 'race' ? 'race' : originOf(row),
  stateOf(row),
  row.evaluated === null ? '' : `return ${row.evaluated.toFixed(2)}`,
];

const gamesOf = (envs: readonly string[]): string => (envs.length === 1 ? envs[0] : `${envs.length} games`);

function studyCells({ folder, sources, targets, methods, gate, seeds, outcomes, ...row }: StudyRow): string[] {
  const { trainings, trainingsFinished, finished } = row;
  return [
    folder,
    `${gamesOf(sources)} → ${gamesOf(targets)}`,
    'study',
    `${seeds} seeds`,
    [...methods, ...(gate ? ['gate'] : [])].join(', '),
    finished ? `finished, ${trainings} trainings` : `${trainingsFinished} of ${trainings} trainings`,
    outcomes === null ? '' : `helped ${outcomes.helped}, hurt ${outcomes.hurt}, unclear ${outcomes.unclear}`,
  ];
}

function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => (row.kind === 'study' ? studyCells(row) : trainingCells(row)));
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
