import * as z from 'zod';
import { beforeAll, expect, it, test } from 'vitest';
import { defineGame, type Game } from '../../src/core/game.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { findEnv, registerGame } from '../../src/envs/index.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { resolveTraining } from '../../src/runs/config.ts';
import { policyNetOf } from '../../src/runs/run-net.ts';
import { beginningOf, createTraining } from '../../src/runs/training.ts';

/** A point lost at every step, for ever but for the time limit; the third action is never legal. */
const losing = defineGame({
  id: 'losing',
  revision: 1,
  summary: 'A point lost at every step.',
  players: 1,
  maxSteps: 5,
  variants: z.object({}),
  actions: ['noop', 'left', 'right'].map((name) => ({ name, roles: [name] })),
  observation: () => ({ kind: 'features', features: [{ name: 'one', roles: ['gauge'], scale: 1 }] }),
  create: () => ({ steps: 0 }),
  reset(state) {
    state.steps = 0;
  },
  step(state, _actions, _rng, rewards) {
    state.steps++;
    rewards[0] = -1;
    return false;
  },
  observe(_state, _player, out, offset) {
    out[offset] = 1;
  },
  // What may be chosen differs at the end from the beginning, so that one is not taken for the other.
  legal({ steps }, _player, out, offset) {
    out[offset] = 1;
    out[offset + 1] = steps < 5 ? 1 : 0;
    out[offset + 2] = 0;
  },
});

let engine: Engine;
beforeAll(async () => {
  registerGame(losing as Game);
  engine = await loadEngine('wasm');
});

it('the environments keep what could have been chosen at the end of an episode that is cut', () => {
  const env = createVecEnv(findEnv('losing'), 2, 1);
  env.reset();
  for (let step = 0; step < 5; step++) env.step(Int32Array.of(0, 0));
  expect([...env.truncated]).toEqual([1, 1]);
  expect([...env.finalLegal]).toEqual([1, 0, 0, 1, 0, 0]);
  expect([...env.legal]).toEqual([1, 1, 0, 1, 1, 0]);
});

// With γ = 0.8 the value is −1 / (1 − 0.8). An output that is never trained would be taken for the best.
test.each([
  ['pqn', { numEnvs: 8 }],
  ['dqn', { learningStarts: 500, targetEvery: 100, learningRate: 0.001 }],
])('%s does not count on what may not be chosen at the end of an episode that is cut', (algorithm, own) => {
  const algorithmConfig = { gamma: 0.8, scaleRewards: false, ...own };
  const { backend, kernels } = engine;
  const request = {
    env: 'losing',
    algorithm,
    algorithmConfig,
    netConfig: { units: 16 },
    totalTimesteps: 20_000,
    seed: 2,
  };
  const config = resolveTraining(request, { backend, kernels });
  const net = policyNetOf(config);
  const { agent, env } = createTraining(config, net, engine, beginningOf(config, net, null, []), { threads: 1 });
  env.reset();
  let meanValue = 0;
  while (agent.step < 20_000) meanValue = agent.update().metrics.meanValue;
  agent.dispose();
  expect(meanValue).toBeCloseTo(-5, 1);
});
