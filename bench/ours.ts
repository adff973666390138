/**
 * Our side of the benchmark, one contender a process, by the protocol of contender.ts:
 *
 *     npx tsx bench/ours.ts env breakout 256             env steps a second, random actions
 *     npx tsx bench/ours.ts train wasm 256               samples a second of the reference net's updates
 *     npx tsx bench/ours.ts ppo wasm 1 conv 64 128       env steps a second with learning: threads, net, envs, units
 *     npx tsx bench/ours.ts peak                         multiply-adds a second of the kernels' innermost loop
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createLearner } from '../src/agents/learner.ts';
import { ppo, ppoLoss, type PpoConfig, ppoHeads } from '../src/agents/ppo.ts';
import { randomPlayer } from '../src/agents/random-player.ts';
import { createRng } from '../src/core/rng.ts';
import { instantiateKernels } from '../src/engine/fused/kernels.ts';
import { loadEngine, loadFusedEngine } from '../src/engine/index.ts';
import { compileKernels } from '../src/engine/kernel-files.ts';
import type { BackendName, Engine } from '../src/engine/types.ts';
import { findEnv } from '../src/envs/index.ts';
import { createVecEnv } from '../src/envs/vec-env.ts';
import { buildPolicyNet } from '../src/nets/policy-net.ts';

/** Does one piece of work and returns how many units it was. */
type Work = () => number;

const engineOf = (backend: string): Promise<Engine> =>
  backend === 'wasm' ? loadFusedEngine() : loadEngine(backend as BackendName);

function envWork(id: string, numEnvs: number): Work {
  const env = createVecEnv(findEnv(id), numEnvs, 1);
  const actions = new Int32Array(numEnvs);
  const numActions = env.actions.length;
  const steps = Math.ceil(50_000 / numEnvs);
  let word = 12345;
  env.reset();
  return () => {
    for (let step = 0; step < steps; step++) {
      for (let i = 0; i < numEnvs; i++) {
        word = (Math.imul(word, 1664525) + 1013904223) | 0;
        actions[i] = ((word >>> 16) * numActions) >>> 16;
      }
      env.step(actions);
    }
    return steps * numEnvs;
  };
}

/** The reference net (conv16-fc128 on a 10x10x4 board) learning from boards of breakout under random play. */
async function trainWork(backend: string, batch: number): Promise<Work> {
  const spec = findEnv('breakout');
  const net = buildPolicyNet({
    net: 'conv',
    netConfig: {},
    observation: spec.observation,
    heads: ppoHeads(spec.actionSet),
  });
  const options = { net, params: net.init(1), store: batch, minibatch: batch, rows: batch, threads: 1 };
  const learner = createLearner({ engine: await engineOf(backend), ...options });
  const env = createVecEnv(spec, batch, 1);
  const player = randomPlayer(1);
  const actions = new Int32Array(batch);
  env.reset();
  for (let step = 0; step < 50; step++) {
    player.act(env, actions);
    env.step(actions);
  }
  learner.store.set(env.obs);
  const rng = createRng(7, 'batch');
  const draw = (scale: number, shift: number) =>
    Float32Array.from({ length: batch }, () => scale * (rng.float() - 0.5) + shift);
  const loss = ppoLoss(ppo.schema.parse({}) as PpoConfig, {
    actions: actions.map(() => rng.int(0, 6)),
    legal: null,
    logProbs: draw(0.3, Math.log(1 / 6)),
    advantages: draw(2, 0),
    returns: draw(2, 0),
  });
  const indices = actions.map((_, i) => i);
  return () => {
    learner.minimize(indices, loss, () => 3e-4, 0.5);
    return batch;
  };
}

/** PPO on breakout: 128 steps, 4 epochs, 8 minibatches. */
async function ppoWork(backend: string, threads: number, netId: string, numEnvs: number, units: number): Promise<Work> {
  const spec = findEnv('breakout');
  const net = buildPolicyNet({
    net: netId,
    netConfig: { units },
    observation: spec.observation,
    heads: ppoHeads(spec.actionSet),
  });
  const env = createVecEnv(spec, numEnvs, 0);
  env.reset();
  const agent = ppo.create({
    engine: await engineOf(backend),
    env,
    net,
    params: net.init(0),
    config: ppo.schema.parse({ numEnvs, numSteps: 128, updateEpochs: 4, numMinibatches: 8 }) as PpoConfig,
    seed: 0,
    totalTimesteps: 1e9,
    learningRateScale: () => 1,
    threads,
  });
  return () => {
    agent.update();
    return agent.stepsPerUpdate;
  };
}

/** Two rows times a panel that stays in the first cache: what the processor can do at most with 128-bit SIMD. */
async function peakWork(): Promise<Work> {
  const read = (name: string) => readFile(new URL(`../kernels/build/${name}.wasm`, import.meta.url));
  const { module } = await compileKernels(read);
  const k = instantiateKernels(module, new WebAssembly.Memory({ initial: 4 }));
  const depth = 128;
  const calls = 20_000;
  return () => {
    for (let i = 0; i < calls; i++) k.multiply(2, depth, 16, 65536, 1024, 131072, depth, 196608, 64, 0, 0);
    return calls * depth * 32;
  };
}

async function serve(name: string, work: Work): Promise<void> {
  work();
  console.log(name);
  for await (const line of createInterface({ input: process.stdin })) {
    const start = performance.now();
    let units = 0;
    while (performance.now() - start < Number(line) * 1000) units += work();
    console.log((units / (performance.now() - start)) * 1000);
  }
}

const [kind, ...args] = process.argv.slice(2);
const works: Record<string, () => Work | Promise<Work>> = {
  env: () => envWork(args[0], Number(args[1])),
  train: () => trainWork(args[0], Number(args[1])),
  ppo: () => ppoWork(args[0], Number(args[1]), args[2], Number(args[3]), Number(args[4])),
  peak: peakWork,
};
await serve(`ngplus ${args.join(' ')}`, await works[kind]());
process.exit();
