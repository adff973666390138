/**
 * Env steps a second with learning: PPO with the default grid recipe on one core, one backend a process, the median of
 * several updates. For the cpu backend give fewer steps: it is some hundred times slower.
 *
 *     npx tsx bench/ppo-speed.ts [backend] [env] [numSteps] [updates] [threads] [net]
 *     npx tsx bench/ppo-speed.ts wasm breakout 128 10
 *     npx tsx bench/ppo-speed.ts cpu breakout 8 1
 */
import { findAlgorithm } from '../src/agents/index.ts';
import { loadEngine } from '../src/engine/index.ts';
import type { BackendChoice } from '../src/engine/types.ts';
import { findEnv } from '../src/envs/index.ts';
import { createVecEnv } from '../src/envs/vec-env.ts';
import { buildPolicyNet } from '../src/nets/policy-net.ts';

const [backend = 'wasm', id = 'breakout', numSteps = '128', updates = '10', threads = '1', netId = 'conv'] =
  process.argv.slice(2);
const engine = await loadEngine(backend as BackendChoice);
const spec = findEnv(id);
const algorithm = findAlgorithm('ppo');
const config = algorithm.schema.parse({ numSteps: Number(numSteps) });
const env = createVecEnv(spec, algorithm.numEnvs(config), 0);
const net = buildPolicyNet({
  net: netId,
  netConfig: {},
  observation: spec.observation,
  heads: algorithm.heads(spec.actionSet),
});
const agent = algorithm.create({
  engine,
  env,
  net,
  params: net.init(0),
  config,
  seed: 0,
  totalTimesteps: 1e9,
  learningRateScale: () => 1,
  threads: Number(threads),
});
env.reset();
if (backend !== 'cpu') agent.update();
const rates = Array.from({ length: Number(updates) }, () => {
  const startedMs = performance.now();
  agent.update();
  return (1000 * agent.stepsPerUpdate) / (performance.now() - startedMs);
}).sort((a, b) => a - b);
console.log(
  `${engine.backend} (${engine.kernels}), ${id}: ${Math.round(rates[rates.length >> 1])} steps/s ` +
    `(${Math.round(rates[0])} to ${Math.round(rates[rates.length - 1])} over ${rates.length} updates of ${agent.stepsPerUpdate})`,
);
