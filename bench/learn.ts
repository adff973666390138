/**
 * Learning runs with the default recipe: the mean return of the last 100 training episodes (sampled policy, sticky 0.1,
 * six actions) at the end, for each seed. Resumable; runs are kept under runs/bench.
 *
 *     npx tsx bench/learn.ts [env] [steps] [seeds, comma-separated]
 *     npx tsx bench/learn.ts breakout 1000000 1,2,3
 */
import { availableParallelism } from 'node:os';
import { train } from '../src/exec/api.ts';

const [env = 'breakout', steps = '1000000', seeds = '1,2,3'] = process.argv.slice(2);
const waiting = seeds.split(',').map(Number);

async function worker(): Promise<void> {
  for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
    const { trainingReturn, step, seconds, evaluations } = await train({
      env,
      seed,
      totalTimesteps: Number(steps),
      threads: 1,
      folder: `runs/bench/${env.replace(/[?&=]/g, '-')}-${steps}-seed-${seed}`,
    });
    const speed = Math.round(step / seconds);
    const curve = evaluations.map(({ mean }) => mean.toFixed(1)).join(' ');
    console.log(
      `${env}, seed ${seed}: return ${trainingReturn?.toFixed(2)} after ${step} steps (${speed}/s); evaluations ${curve}`,
    );
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, worker));
