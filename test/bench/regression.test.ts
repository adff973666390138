import { expect, test } from 'vitest';
import { median } from '../../bench/table.ts';
import { createLearner, type Learner } from '../../src/agents/learner.ts';
import { ppo, ppoLoss, type PpoConfig, ppoHeads } from '../../src/agents/ppo.ts';
import { createRng } from '../../src/core/rng.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { findEnv } from '../../src/envs/index.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';

// Speeds as ratios of ours to ours, by processor time, in windows that take turns: what else the machine does cancels
// out. Bounds are far from what is usual (in brackets), so that only a real regression trips them.

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** How many times faster `fast` is than `slow`, each a piece of work of so many units: the median over pairs of windows. */
function speedup(fast: () => number, slow: () => number, windowMs: number): number {
  const rate = (work: () => number): number => {
    const start = cpuMs();
    let units = 0;
    while (cpuMs() - start < windowMs) units += work();
    return units / (cpuMs() - start);
  };
  rate(fast);
  rate(slow);
  return median(Array.from({ length: 5 }, () => rate(fast) / rate(slow)));
}

const spec = findEnv('breakout');
const net = buildPolicyNet({
  net: 'conv',
  netConfig: {},
  observation: spec.observation,
  heads: ppoHeads(spec.actionSet),
});

function updates(engine: Engine, size: number): () => number {
  const options = { net, params: net.init(1), store: size, minibatch: size, rows: size, threads: 1 };
  const learner: Learner = createLearner({ engine, ...options });
  const rng = createRng(1, 'speed');
  const draw = () => Float32Array.from({ length: size }, () => rng.float() - 0.5);
  for (let i = 0; i < learner.store.length; i++) learner.store[i] = Number(rng.float() < 0.08);
  const indices = Int32Array.from({ length: size }, (_, i) => i);
  const actions = indices.map(() => rng.int(0, 6));
  const batch = {
    actions,
    legal: null,
    logProbs: draw().map((value) => value - 1.8),
    advantages: draw(),
    returns: draw(),
  };
  const loss = ppoLoss(ppo.schema.parse({}) as PpoConfig, batch);
  return () => {
    learner.minimize(indices, loss, () => 1e-4, 0.5);
    return size;
  };
}

test('the fused path is faster than its clear twin (2 times), and that than plain JavaScript (45 times)', async () => {
  const wasm = await loadEngine('wasm');
  const clear = updates({ ...wasm, fused: undefined }, 256);
  expect(speedup(updates(wasm, 256), clear, 300)).toBeGreaterThan(1.2);

  const cpu = await loadEngine('cpu');
  const inJavaScript = updates(cpu, 8);
  const onWasm = updates({ ...wasm, fused: undefined }, 8);
  const on = (engine: Engine, work: () => number) => () => {
    void engine.tf.setBackend(engine.backend);
    return work();
  };
  expect(speedup(on(wasm, onWasm), on(cpu, inJavaScript), 200)).toBeGreaterThan(5);
});

test('a step of breakout costs less than a hundred random draws (30)', () => {
  const numEnvs = 256;
  const env = createVecEnv(spec, numEnvs, 1);
  env.reset();
  const rng = createRng(1, 'speed');
  const actions = new Int32Array(numEnvs);
  let used = 0;
  const draws = () => {
    for (let i = 0; i < 10_000; i++) used += rng.float();
    return 10_000;
  };
  const steps = () => {
    for (let i = 0; i < numEnvs; i++) actions[i] = (actions[i] * 5 + i + 1) % 6;
    env.step(actions);
    return numEnvs;
  };
  expect(speedup(draws, steps, 150)).toBeLessThan(100);
  expect(used).toBeGreaterThan(0);
});
