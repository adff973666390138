/**
 * The search behind the algorithms' defaults. Trains each candidate on each game with tuning seeds, which no reported
 * result uses, and appends a line for each training to bench/search-log.jsonl; what is there already is not done again.
 *
 *     npx tsx bench/search.ts 1000000 1001,1002 breakout,asterix ppo '{"learningRate":0.005}' '{"net":"conv"}'
 *
 * Arguments: frames, seeds, games, algorithm, then one JSON object for each candidate: options of the algorithm and of
 * the net that differ from the defaults. What counts: the mean training return of the last 10 % of the episodes, and the
 * mean of 50 greedy episodes.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { algorithmSchema, netSchema } from '../src/agents/algorithm.ts';
import { findAlgorithm } from '../src/agents/index.ts';
import { loadEngine, loadFusedEngine } from '../src/engine/index.ts';
import { fusedSteps } from '../src/engine/fused/ops.ts';
import { findEnv } from '../src/envs/index.ts';
import { createVecEnv } from '../src/envs/vec-env.ts';
import { findNet, netFor } from '../src/nets/index.ts';
import { evaluatePlayer } from '../src/runs/evaluate.ts';
import { mean } from '../src/stats/curve.ts';
import { policyNetOf } from '../src/runs/run-net.ts';
import { answerJob, runJobs } from './jobs.ts';

const LOG = fileURLToPath(new URL('search-log.jsonl', import.meta.url));

interface Job {
  algorithm: string;
  game: string;
  seed: number;
  frames: number;
  candidate: Record<string, unknown>;
}

interface Outcome extends Job {
  /** Mean training return of the last 10 % of the episodes, and of all. */
  final: number;
  mean: number;
  greedy: number;
  seconds: number;
}

async function run({ algorithm: id, game, seed, frames, candidate }: Job): Promise<Omit<Outcome, keyof Job>> {
  const { net: netId = '', ...options } = candidate;
  const algorithm = findAlgorithm(id);
  const spec = findEnv(game);
  const { kind } = spec.observation;
  const net = netFor(netId as string, kind);
  const part = (schema: { shape: object }) =>
    Object.fromEntries(Object.entries(options).filter(([name]) => name in schema.shape));
  const config = algorithmSchema(algorithm, kind).parse(part(algorithm.schema));
  const netConfig = netSchema(net, algorithm).parse(part(findNet(net.id).schema));
  const policy = policyNetOf({ env: game, algorithm: id, algorithmConfig: config, net: net.id, netConfig });
  const isFused = algorithm.usesLearner && policy.fused && fusedSteps(policy.fused);
  const env = createVecEnv(spec, algorithm.numEnvs(config), seed);
  env.reset();
  const agent = algorithm.create({
    engine: isFused ? await loadFusedEngine() : await loadEngine('wasm'),
    env,
    net: policy,
    params: policy.init(seed),
    config,
    seed,
    totalTimesteps: frames,
    learningRateScale: () => 1,
  });
  const returns: number[] = [];
  const startedMs = performance.now();
  while (agent.step < frames) returns.push(...agent.update().episodeReturns);
  const seconds = (performance.now() - startedMs) / 1000;
  const { mean: greedy } = await evaluatePlayer(spec, agent.player('greedy', 0), 50, seed);
  return {
    final: mean(returns.slice(-Math.ceil(returns.length / 10))),
    mean: mean(returns),
    greedy,
    seconds,
  };
}

const keyOf = ({ algorithm, game, seed, frames, candidate }: Job): string =>
  JSON.stringify([algorithm, game, seed, frames, candidate]);

function log(job: Job, outcome: Omit<Outcome, keyof Job>): void {
  const line: Outcome = { ...job, ...outcome };
  appendFileSync(LOG, `${JSON.stringify(line)}\n`);
  const { game, seed, candidate, final, mean: all, greedy, seconds } = line;
  console.log(
    `${JSON.stringify(candidate)} ${game} ${seed}: ${final.toFixed(2)} (all ${all.toFixed(2)}, greedy ${greedy.toFixed(2)}) ${seconds.toFixed(0)} s`,
  );
}

await answerJob(run);
const [frames, seeds, games, algorithm, ...candidates] = process.argv.slice(2);
const lines = existsSync(LOG) ? readFileSync(LOG, 'utf8').split('\n').filter(Boolean) : [];
const done = new Set(lines.map((line) => keyOf(JSON.parse(line) as Job)));
const jobs = candidates.flatMap((candidate) =>
  games.split(',').flatMap((game) =>
    seeds.split(',').map((seed): Job => ({
      algorithm,
      game,
      seed: Number(seed),
      frames: Number(frames),
      candidate: JSON.parse(candidate) as Record<string, unknown>,
    })),
  ),
);
await runJobs(
  import.meta.url,
  jobs.filter((job) => !done.has(keyOf(job))),
  log,
);
