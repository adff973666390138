/**
 * What fine-tuning leaves of the source's layers: linear CKA by stage, on the target's observations, over the runs of
 * `bench/layers.ts` with two stages copied. Writes docs/results/similarity.json and prints the table of
 * docs/results/understanding.md.
 *
 *     npx tsx bench/layers.ts && npx tsx bench/similarity.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createRng } from '../src/core/rng.ts';
import { similarity } from '../src/exec/similarity.ts';
import type { StudyFile } from '../src/exec/study.ts';
import { bootstrap, type Estimate } from '../src/stats/bootstrap.ts';
import { mean } from '../src/stats/curve.ts';

const FOLDERS = ['runs/bench/layers/breakout-2', 'runs/bench/layers/freeway-2'];
const RESULT = fileURLToPath(new URL('../docs/results/similarity.json', import.meta.url));

/** Runs of a study's arm, as folders, in the order of their seeds. */
const runsOf = (folder: string, { jobs }: StudyFile, arm: string): string[] =>
  jobs.filter((job) => job.arm === arm).map(({ id }) => `${folder}/jobs/${id}`);

/** The mean over pairs of runs, for each stage, as `a` plays. */
function compare(as: readonly string[], bs: readonly string[], env: string): Record<string, Estimate> {
  const rows = as.map((a, i) => {
    const { stages } = similarity({ a, b: bs[i], env, observations: 500, seed: i });
    return Object.fromEntries(stages.map(({ stage, a: cka }) => [stage, cka ?? 0]));
  });
  const means = ([runs]: readonly (readonly Record<string, number>[])[]): Record<string, number> =>
    Object.fromEntries(Object.keys(rows[0]).map((stage) => [stage, mean(runs.map((row) => row[stage]))]));
  return bootstrap([rows], means, { level: 0.95, resamples: 5000, rng: createRng(0, 'similarity') });
}

const f = (value: number | null): string => value!.toFixed(2);
const results = FOLDERS.flatMap((folder) => {
  const file = JSON.parse(readFileSync(`${folder}/study.json`, 'utf8')) as StudyFile;
  const [source, scratch, transferred] = ['source', 'scratch', 'transfer'].map((arm) => runsOf(folder, file, arm));
  const [from] = file.request.sources;
  const [env] = file.request.targets;
  const others = [...scratch.slice(1), scratch[0]];
  return [
    { what: 'fine-tuned and its source', stages: compare(transferred, source, env) },
    { what: 'fine-tuned and scratch', stages: compare(transferred, scratch, env) },
    { what: 'scratch and another scratch', stages: compare(scratch, others, env) },
  ].map((row) => ({ source: from, target: env, ...row }));
});
for (const { source, target, what, stages } of results) {
  const cells = Object.values(stages).map(({ value, low, high }) => `${f(value)} [${f(low)}, ${f(high)}]`);
  console.log(`| ${source} → ${target} | ${what} | ${cells.join(' | ')} |`);
}
writeFileSync(RESULT, `${JSON.stringify(results, null, 2)}\n`);
