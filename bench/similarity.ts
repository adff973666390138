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

const FOLDERS = ['runs/bench/layers/breakout-2', 'runs/bench/layers/freeway-2', 'runs/bench/layers/space-invaders-2'];
const RESULT = fileURLToPath(new URL('../docs/results/similarity.json', import.meta.url));

/** Runs of a study's arm, no controls, as folders, in the order of their seeds. */
const runsOf = (folder: string, { jobs }: StudyFile, arm: string): string[] =>
  jobs.filter((job) => job.arm === arm && !job.control).map(({ id }) => `${folder}/jobs/${id}`);

/** The mean over pairs of runs, for each stage, as `a` plays. */
async function compare(as: readonly string[], bs: readonly string[], env: string): Promise<Record<string, Estimate>> {
  const rows: Record<string, number>[] = [];
  for (const [i, a] of as.entries()) {
    const { stages } = await similarity({ a, b: bs[i], env, observations: 500, seed: i });
    rows.push(Object.fromEntries(stages.map(({ stage, a: cka }) => [stage, cka ?? 0])));
  }
  const means = ([runs]: readonly (readonly Record<string, number>[])[]): Record<string, number> =>
    Object.fromEntries(Object.keys(rows[0]).map((stage) => [stage, mean(runs.map((row) => row[stage]))]));
  return bootstrap([rows], means, { level: 0.95, resamples: 5000, rng: createRng(0, 'similarity') });
}

const f = (value: number | null): string => value!.toFixed(2);
const results = [];
for (const folder of FOLDERS) {
  const file = JSON.parse(readFileSync(`${folder}/study.json`, 'utf8')) as StudyFile;
  const [source, scratch, transferred] = ['source', 'scratch', 'transfer'].map((arm) => runsOf(folder, file, arm));
  const [from] = file.request.sources;
  const [env] = file.request.targets;
  const comparisons: [what: string, as: readonly string[], bs: readonly string[]][] = [
    ['fine-tuned and its source', transferred, source],
    ['fine-tuned and scratch', transferred, scratch],
    ['scratch and another scratch', scratch, [...scratch.slice(1), scratch[0]]],
  ];
  for (const [what, as, bs] of comparisons) {
    const stages = await compare(as, bs, env);
    results.push({ source: from, target: env, what, stages });
    const cells = Object.values(stages).map(({ value, low, high }) => `${f(value)} [${f(low)}, ${f(high)}]`);
    console.log(`| ${from} → ${env} | ${what} | ${cells.join(' | ')} |`);
  }
}
writeFileSync(RESULT, `${JSON.stringify(results, null, 2)}\n`);
