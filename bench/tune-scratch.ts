/**
 * Would other settings of PPO make learning from scratch a stronger baseline at the length of the studies? Each setting on
 * each game, on tuning seeds that no study uses, against the defaults as studies compare: gains over random play, area
 * under the curve. Prints a table; finished runs are kept in `runs/bench/tune-scratch`.
 *
 *     npx tsx bench/tune-scratch.ts breakout,asterix,freeway,seaquest,space-invaders
 */
import { availableParallelism } from 'node:os';
import { train } from '../src/exec/api.ts';
import { evaluate } from '../src/exec/evaluate.ts';
import { compareArms } from '../src/stats/compare.ts';
import { type Curve, windowOf } from '../src/stats/curve.ts';

const SETTINGS: Record<string, Record<string, unknown>> = {
  defaults: {},
  'learningRate 0.0025': { learningRate: 0.0025 },
  'learningRate 0.01': { learningRate: 0.01 },
  'entCoef 0.01': { entCoef: 0.01 },
  'numSteps 64': { numSteps: 64 },
  'numSteps 32, numMinibatches 4': { numSteps: 32, numMinibatches: 4 },
};
const SEEDS = [401, 402, 403, 404, 405];
const SHARED = { algorithm: 'ppo', totalTimesteps: 200_000, evaluations: 10, evaluationEpisodes: 10, threads: 1 };

const games = (process.argv[2] ?? 'breakout,asterix,freeway,seaquest,space-invaders').split(',');
const names = Object.keys(SETTINGS);
const jobs = games.flatMap((env) => names.flatMap((name) => SEEDS.map((seed) => ({ env, name, seed }))));
const curves = new Map<string, Curve[]>();
const left = [...jobs];
async function worker(): Promise<void> {
  for (let job = left.shift(); job !== undefined; job = left.shift()) {
    const { env, name, seed } = job;
    const folder = `runs/bench/tune-scratch/${env.replaceAll('?', ' ')}-${name}-${seed}`;
    const { evaluations } = await train({ ...SHARED, env, seed, algorithmConfig: SETTINGS[name], folder });
    const curve = { seed, steps: evaluations.map(({ step }) => step), returns: evaluations.map((row) => row.mean) };
    const key = `${env}/${name}`;
    curves.set(key, [...(curves.get(key) ?? []), curve]);
    console.error(`${jobs.length - left.length} of ${jobs.length}: ${folder}`);
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, worker));

console.log(
  `| game | ${names.slice(1).join(' | ')} |\n| --- |${names
    .slice(1)
    .map(() => ' --- |')
    .join('')}`,
);
for (const env of games) {
  const { mean: random } = await evaluate({ player: 'random', env, episodes: 1000 });
  const armOf = (name: string) => ({ label: name, curves: curves.get(`${env}/${name}`)! });
  const scratch = armOf('defaults');
  const [{ steps }] = scratch.curves;
  const cells = names.slice(1).map((name) => {
    const transfer = { label: name, curves: armOf(name).curves.map((curve) => windowOf(curve, 0, steps)) };
    const { metrics } = compareArms({ scratch, transfer, random, sourceSteps: 0 });
    const [value, low, high] = [metrics.ratio.value, metrics.ratio.low, metrics.ratio.high].map((x) =>
      x === null ? '—' : x.toFixed(2),
    );
    return `${value} [${low}, ${high}]`;
  });
  console.log(`| ${env} | ${cells.join(' | ')} |`);
}
