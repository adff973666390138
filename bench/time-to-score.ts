/**
 * Wall time until PPO's sampled policy reaches a mean training return on breakout over 100 episodes, ours with the default
 * recipe beside Stable-Baselines3's, in turn, each alone on the machine, seed by seed.
 *
 *     npx tsx bench/time-to-score.ts 20 2000000 1,2,3,4,5 [SB3's learning rate, frames; without: ours alone]
 *     npx tsx bench/time-to-score.ts 20 2000000 1,2,3,4,5 0.003 3000000
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { prepareTraining } from '../src/exec/api.ts';
import { threadExecutor } from '../src/exec/threads.ts';
import { preparePeers } from './peers.ts';
import { median } from './table.ts';

interface Reached {
  readonly seconds: number | null;
  readonly frames: number | null;
}

const [score, frames, seeds, peerRate, peerFrames] = process.argv.slice(2);
const cores = availableParallelism();

/** From the command's beginning: loading and planning count. */
async function ours(seed: number): Promise<Reached> {
  const folder = `runs/bench/time-${score}-${frames}-${seed}-${Date.now()}`;
  const request = { env: 'breakout', seed, totalTimesteps: Number(frames), evaluations: 1, evaluationEpisodes: 1 };
  const startedMs = performance.now();
  const { task } = await prepareTraining({ ...request, folder, threads: cores });
  const executor = threadExecutor(1);
  let reached: Reached = { seconds: null, frames: null };
  await executor
    .run(task, (progress) => {
      const { trainingReturn, step } = progress as { trainingReturn: number | null; step: number };
      if (reached.frames !== null || trainingReturn === null || trainingReturn < Number(score)) return;
      reached = { seconds: (performance.now() - startedMs) / 1000, frames: step };
      executor.stop();
    })
    .catch(() => {});
  await executor.close();
  return reached;
}

function peer(python: string, seed: number): Reached {
  const script = fileURLToPath(new URL('peers/time_sb3.py', import.meta.url));
  const words = [script, seed, peerRate, peerFrames, score, cores].map(String);
  return JSON.parse(execFileSync(python, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as Reached;
}

const medianOf = (runs: readonly Reached[]): string =>
  median(runs.map(({ seconds }) => seconds ?? Infinity)).toFixed(1);
const text = ({ seconds, frames: steps }: Reached): string =>
  seconds === null ? 'not reached' : `${seconds.toFixed(1)} s, ${((steps as number) / 1e6).toFixed(2)}M frames`;

const python = peerRate ? preparePeers() : null;
const mine: Reached[] = [];
const theirs: Reached[] = [];
for (const seed of seeds.split(',').map(Number)) {
  mine.push(await ours(seed));
  if (python) theirs.push(peer(python, seed));
  console.log(
    `seed ${seed}: ours ${text(mine.at(-1) as Reached)}${python ? `; SB3 ${text(theirs.at(-1) as Reached)}` : ''}`,
  );
}
console.log(`median: ours ${medianOf(mine)} s`);
if (python) console.log(`median: SB3 ${medianOf(theirs)} s`);
process.exit();
