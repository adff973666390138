/**
 * Which layers carry it: the first n stages copied, the others fresh, all of them learning or the copied ones frozen
 * (Yosinski et al. 2014), each against learning from scratch. Writes docs/results/layers.json
 * and prints the table of docs/results/understanding.md.
 *
 *     npx tsx bench/layers.ts
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { study } from '../src/exec/api.ts';

const PAIRS = [
  ['breakout', 'breakout?brickRows=5'],
  ['freeway', 'asterix'],
  ['space-invaders', 'space-invaders?shotPeriod=6'],
];
/** Stages of `fastconv` under PPO: stem, trunk/0, heads/policy, heads/value. All four frozen, nothing would learn. */
const STEPS = [0, 1, 2, 3, 4].flatMap((copy) =>
  copy === 0 || copy === 4 ? [{ copy, freeze: false }] : [false, true].map((freeze) => ({ copy, freeze })),
);
const FOLDER = 'runs/bench/layers';
const JOBS = fileURLToPath(new URL(`../${FOLDER}/jobs/`, import.meta.url));
const RESULT = fileURLToPath(new URL('../docs/results/layers.json', import.meta.url));

/** A study's folder whose runs lie with those of the others, so that sources and scratch are trained once. */
function studyFolder(name: string): string {
  const folder = `${FOLDER}/${name}`;
  mkdirSync(JOBS, { recursive: true });
  mkdirSync(folder, { recursive: true });
  try {
    symlinkSync(JOBS, `${folder}/jobs`, 'junction');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return folder;
}

const f = (value: number | null): string => (value === null ? '—' : value.toFixed(2));
const rows = [];
for (const [source, target] of PAIRS) {
  for (const { copy, freeze } of STEPS) {
    const result = await study({
      sources: [source],
      targets: [target],
      copy,
      freeze,
      reset: ['none'],
      controls: [],
      seeds: 10,
      sourceTimesteps: 500_000,
      targetTimesteps: 200_000,
      evaluations: 10,
      evaluationEpisodes: 10,
      algorithm: 'ppo',
      threads: 2,
      folder: studyFolder(`${source}-${copy}${freeze ? '-frozen' : ''}`),
    });
    const { ratio, jumpstart, asymptote } = result.pairs[0].comparison.metrics;
    rows.push({ source, target, copy, freeze, ratio, jumpstart, asymptote });
    const cells = [ratio, jumpstart, asymptote].map(({ value, low, high }) => `${f(value)} [${f(low)}, ${f(high)}]`);
    console.log(`| ${source} → ${target} | ${copy}${freeze ? ', frozen' : ''} | ${cells.join(' | ')} |`);
  }
}
writeFileSync(RESULT, `${JSON.stringify(rows, null, 2)}\n`);
