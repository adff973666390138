/**
 * Would other settings of PPO make learning from scratch a stronger baseline at the length of the studies? Each setting on
 * each game for so many steps, on tuning seeds that no study uses, against the defaults as studies compare: gains over random
 * play, area under the curve. Prints a table; finished runs are kept in `runs/bench/tune-scratch`.
 *
 *     npx tsx bench/tune-scratch.ts breakout,asterix,freeway,seaquest,space-invaders 200000
 */
import { train } from '../src/exec/api.ts';
import { evaluate } from '../src/exec/evaluate.ts';
import { compareArms } from '../src/stats/compare.ts';
import { type Curve, curveOf, windowOf } from '../src/stats/curve.ts';
import { geometricMean } from './geometric-mean.ts';
import { answerJob, runJobs } from './jobs.ts';

const SETTINGS: Record<string, Record<string, unknown>> = {
  defaults: {},
  'learningRate 0.0025': { learningRate: 0.0025 },
  'learningRate 0.01': { learningRate: 0.01 },
  'entCoef 0.01': { entCoef: 0.01 },
  'numSteps 64': { numSteps: 64 },
  'numSteps 32, numMinibatches 4': { numSteps: 32, numMinibatches: 4 },
  'the same, learningRate 0.01': { numSteps: 32, numMinibatches: 4, learningRate: 0.01 },
  'numSteps 16, numMinibatches 2': { numSteps: 16, numMinibatches: 2 },
};
const SEEDS = [401, 402, 403, 404, 405];
const SHARED = { algorithm: 'ppo', evaluations: 10, evaluationEpisodes: 10, threads: 1 };

interface Job {
  readonly env: string;
  readonly name: string;
  readonly seed: number;
  readonly steps: number;
}

await answerJob(async ({ env, name, seed, steps }: Job) => {
  const folder = `runs/bench/tune-scratch/${steps}-${env.replaceAll('?', ' ')}-${name}-${seed}`;
  const { evaluations } = await train({
    ...SHARED,
    env,
    seed,
    totalTimesteps: steps,
    algorithmConfig: SETTINGS[name],
    folder,
  });
  return curveOf(seed, evaluations);
});
const games = (process.argv[2] ?? 'breakout,asterix,freeway,seaquest,space-invaders').split(',');
const totalTimesteps = Number(process.argv[3] ?? 200_000);
const names = Object.keys(SETTINGS);
const jobs = games.flatMap((env) =>
  names.flatMap((name) => SEEDS.map((seed): Job => ({ env, name, seed, steps: totalTimesteps }))),
);
const done: (Job & { readonly curve: Curve })[] = [];
await runJobs(import.meta.url, jobs, (job: Job, curve: Curve) => {
  done.push({ ...job, curve });
  console.error(`${done.length} of ${jobs.length}: ${job.env}, ${job.name}, seed ${job.seed}`);
});

console.log(
  `| game | ${names.slice(1).join(' | ')} |\n| --- |${names
    .slice(1)
    .map(() => ' --- |')
    .join('')}`,
);
const ratios = new Map(names.map((name) => [name, [] as (number | null)[]]));
for (const env of games) {
  const { mean: random } = await evaluate({ player: 'random', env, episodes: 1000 });
  const armOf = (name: string) => {
    const own = done.filter((job) => job.env === env && job.name === name);
    return { label: name, curves: own.toSorted((a, b) => a.seed - b.seed).map(({ curve }) => curve) };
  };
  const scratch = armOf('defaults');
  const [{ steps }] = scratch.curves;
  const cells = names.slice(1).map((name) => {
    const transfer = { label: name, curves: armOf(name).curves.map((curve) => windowOf(curve, 0, steps)) };
    const { metrics } = compareArms({ scratch, transfer, random, sourceSteps: 0 });
    ratios.get(name)?.push(metrics.ratio.value);
    const [value, low, high] = [metrics.ratio.value, metrics.ratio.low, metrics.ratio.high].map((x) =>
      x === null ? '—' : x.toFixed(2),
    );
    return `${value} [${low}, ${high}]`;
  });
  console.log(`| ${env} | ${cells.join(' | ')} |`);
}
const means = names.slice(1).map((name) => geometricMean(ratios.get(name) ?? []).value.toFixed(2));
console.log(`| geometric mean | ${means.join(' | ')} |`);
