import { beforeAll, describe, expect, it } from 'vitest';
import { randomPlayer } from '../../src/agents/random-player.ts';
import type { Game } from '../../src/core/game.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { cartpole } from '../../src/envs/cartpole.ts';
import { evaluatePlayer } from '../../src/runs/evaluate.ts';
import { buildLearner, type Learner } from '../agents/build-agent.ts';
import catchGame from './catch.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine('wasm');
});

const EPISODES = 100;

/** After the settings that rl-baselines3-zoo has for PPO on CartPole-v1: γ 0.98, λ 0.8, no entropy bonus. */
const CARTPOLE = {
  numEnvs: 8,
  numSteps: 64,
  numMinibatches: 2,
  updateEpochs: 10,
  gamma: 0.98,
  gaeLambda: 0.8,
  entCoef: 0,
  learningRate: 3e-3,
};

/** Trains to the end, and gives the mean evaluation return. */
async function learn({ agent, spec }: Learner, totalTimesteps: number): Promise<number> {
  while (agent.step < totalTimesteps) agent.update();
  const { mean } = await evaluatePlayer(spec, agent.player('greedy', 0), EPISODES, 99);
  agent.dispose();
  return mean;
}

describe('PPO', () => {
  // Of 4 fruits on 5 columns, random play catches 0.7; seconds of training catch nearly all.
  it.each([1, 2])('catches nearly all fruits (seed %i)', async (seed) => {
    const totalTimesteps = 16_384;
    const learner = buildLearner(engine, {
      game: catchGame as Game,
      netConfig: { filters: 8, units: 32 },
      config: { numEnvs: 16, numSteps: 32, numMinibatches: 4, updateEpochs: 4, learningRate: 0.005, gamma: 0.95 },
      seed,
      totalTimesteps,
    });
    const random = (await evaluatePlayer(learner.spec, randomPlayer(1), EPISODES, 99)).mean;
    expect(random).toBeLessThan(1.5);
    const learnt = await learn(learner, totalTimesteps);
    expect(learnt).toBeGreaterThan(3.5);
  });

  it('balances the pole', async () => {
    const totalTimesteps = 50_000;
    const learner = buildLearner(engine, { game: cartpole as Game, config: CARTPOLE, totalTimesteps });
    const random = (await evaluatePlayer(learner.spec, randomPlayer(1), EPISODES, 99)).mean;
    expect(random).toBeLessThan(30);
    const learnt = await learn(learner, totalTimesteps);
    expect(learnt).toBeGreaterThan(5 * random);
  });
});
