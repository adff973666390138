/**
 * Was the best source foreseen? The signals of `ngplus predict-source` against the matrices that studies measured: of each
 * source the mean over its runs. Writes docs/results/predict.json and prints the tables of docs/results/understanding.md.
 *
 *     npx tsx bench/predict.ts runs/all-pairs runs/all-pairs-canonical
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRng } from '../src/core/rng.ts';
import { predictSource } from '../src/exec/predict-source.ts';
import type { StudyFile, StudyResult } from '../src/exec/study.ts';
import { type Estimate, bootstrap } from '../src/stats/bootstrap.ts';
import { areaUnderCurve, mean } from '../src/stats/curve.ts';
import { spearman } from '../src/stats/rank.ts';
import { rankSources, SIGNALS, type Signals } from '../src/transfer/predict.ts';

const NAMES = Object.keys(SIGNALS) as (keyof Signals)[];
const RESULT = fileURLToPath(new URL('../docs/results/predict.json', import.meta.url));

/** One source on one target. */
interface Cell {
  readonly source: string;
  readonly signals: Signals;
  readonly score: number;
  /** The study's ratio. */
  readonly measured: number;
  /** Mean area under the curve of the even runs, and of the odd ones. */
  readonly halves: readonly [number, number];
}

const read = <T>(folder: string, file: string): T => JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;

/** The signals of one source on a target, a row for each of its runs: one policy a source, as a user has them. */
async function signalsByRun(folder: string, target: string, sources: readonly string[]): Promise<Signals[][]> {
  const { jobs } = read<StudyFile>(folder, 'study.json');
  const paths = sources.map((env) =>
    jobs
      .filter((job) => job.arm === 'source' && job.env === env && !job.control)
      .map(({ id }) => join(folder, 'jobs', id)),
  );
  const ranked = await predictSource({ target, sources: paths.flat() });
  return paths.map((runs) => runs.map((run) => ranked.find(({ source }) => source === run)!.signals));
}

const average = (rows: readonly Signals[]): Signals =>
  Object.fromEntries(NAMES.map((name) => [name, mean(rows.map((row) => row[name]))])) as Signals;

async function column(folder: string, { pairs }: StudyResult, target: string): Promise<Cell[]> {
  const own = pairs.filter((pair) => pair.target === target && !pair.control);
  const signals = await signalsByRun(
    folder,
    target,
    own.map(({ source }) => source),
  );
  const scores = rankSources(own.map(({ source }, i) => ({ source, signals: average(signals[i]) })));
  return own.map(({ source, comparison, transfer }, i) => {
    const half = (odd: number): number => mean(transfer.curves.filter((_, run) => run % 2 === odd).map(areaUnderCurve));
    const { score } = scores.find((entry) => entry.source === source)!;
    const measured = comparison.metrics.ratio.value;
    if (measured === null) throw new Error(`${folder}: ${source} to ${target} has no ratio`);
    return { source, signals: average(signals[i]), score, measured, halves: [half(0), half(1)] };
  });
}

/** Orders that are equal everywhere say nothing: 0. */
const agreement = (a: readonly number[], b: readonly number[]): number => spearman(a, b) || 0;

/** How much of the ratio is lost by taking the source of the highest score; equal ones are drawn lots for. */
function regret(cells: readonly Cell[], valueOf: (cell: Cell) => number): number {
  const best = Math.max(...cells.map(({ measured }) => measured));
  const top = Math.max(...cells.map(valueOf));
  return best - mean(cells.filter((cell) => valueOf(cell) === top).map(({ measured }) => measured));
}

/** Over the targets, which are what is resampled: the sources of one target share its scratch runs. */
function judge(targets: readonly (readonly Cell[])[]): Record<string, Estimate> {
  const scored: Record<string, (cell: Cell) => number> = {
    score: ({ score }) => score,
    ...Object.fromEntries(NAMES.map((name) => [name, ({ signals }: Cell) => signals[name]])),
  };
  const statistics = ([columns]: readonly (readonly (readonly Cell[])[])[]): Record<string, number> => {
    const over = (of: (cells: readonly Cell[]) => number): number => mean(columns.map(of));
    return Object.fromEntries([
      ...Object.entries(scored).flatMap(([name, valueOf]) => [
        [
          `${name}: spearman`,
          over((cells) =>
            agreement(
              cells.map(valueOf),
              cells.map(({ measured }) => measured),
            ),
          ),
        ],
        [`${name}: regret`, over((cells) => regret(cells, valueOf))],
      ]),
      ['any source: regret', over((cells) => regret(cells, () => 0))],
      ['gain: ratio', over((cells) => regret(cells, () => 0) - regret(cells, ({ score }) => score))],
      [
        'half of the runs: spearman',
        over((cells) =>
          agreement(
            cells.map((c) => c.halves[0]),
            cells.map((c) => c.halves[1]),
          ),
        ),
      ],
    ]);
  };
  return bootstrap([targets], statistics, { level: 0.95, resamples: 5000, rng: createRng(0, 'predict') });
}

const results = [];
for (const folder of process.argv.slice(2)) {
  const result = read<StudyResult>(folder, 'result.json');
  const names = [...new Set(result.pairs.map(({ target }) => target))];
  const targets: Cell[][] = [];
  for (const target of names) targets.push(await column(folder, result, target));
  const judged = judge(targets);
  results.push({ study: basename(folder), targets: names.map((target, i) => ({ target, cells: targets[i] })), judged });
  const f = (value: number | null): string => value!.toFixed(2);
  const cell = ({ value, low, high }: Estimate): string => `${f(value)} [${f(low)}, ${f(high)}]`;
  console.log(`\n${basename(folder)}\n\n| by | Spearman | regret |\n| --- | --- | --- |`);
  for (const name of ['score', ...NAMES]) {
    console.log(`| ${name} | ${cell(judged[`${name}: spearman`])} | ${cell(judged[`${name}: regret`])} |`);
  }
  console.log(`| any source | 0 | ${cell(judged['any source: regret'])} |`);
  console.log(`| any source less score | | ${cell(judged['gain: ratio'])} |`);
  console.log(`| the other half of the runs | ${cell(judged['half of the runs: spearman'])} | |`);
  for (const [i, target] of names.entries()) {
    const order = [...targets[i]].sort((a, b) => b.score - a.score);
    console.log(`${target}: ${order.map((c) => `${c.source} ${f(c.score)} (measured ${f(c.measured)})`).join(', ')}`);
  }
}
writeFileSync(RESULT, `${JSON.stringify(results, null, 2)}\n`);
