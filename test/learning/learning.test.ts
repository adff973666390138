import { beforeAll, describe, expect, it } from 'vitest';
import { dqn } from '../../src/agents/dqn.ts';
import { ppo } from '../../src/agents/ppo.ts';
import { pqn } from '../../src/agents/pqn.ts';
import { randomPlayer } from '../../src/agents/random-player.ts';
import type { Game } from '../../src/core/game.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { cartpole } from '../../src/envs/cartpole.ts';
import { evaluatePlayer } from '../../src/runs/evaluate.ts';
import { buildLearner, type Learner } from '../agents/build-agent.ts';
import catchGame from './catch.ts';
import recall from './recall.ts';

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

const GRID = {
  numEnvs: 16,
  numSteps: 32,
  numMinibatches: 4,
  updateEpochs: 4,
  learningRate: 0.005,
  gamma: 0.95,
  entCoef: 0.01,
};
const SMALL_DQN = { numEnvs: 8, replaySize: 10_000, learningStarts: 500, batchSize: 32, targetEvery: 100 };

describe('nearly all fruits are caught', () => {
  it.each([
    ['pqn', pqn, { ...GRID, learningRate: 0.003 }, 24_576],
    ['dqn', dqn, { ...SMALL_DQN, learningRate: 1e-3, gamma: 0.95 }, 16_384],
    [
      'dqn, dueling and prioritised',
      dqn,
      { ...SMALL_DQN, learningRate: 1e-3, gamma: 0.95, dueling: true, prioritized: true },
      16_384,
    ],
  ])('by %s', async (_name, algorithm, config, totalTimesteps) => {
    const netConfig = { filters: 8, units: 32, norm: algorithm === pqn };
    const learner = buildLearner(engine, { game: catchGame as Game, algorithm, netConfig, config, totalTimesteps });
    expect(await learn(learner, totalTimesteps)).toBeGreaterThan(3.5);
  });

  it.each([
    ['fastconv', { filters: 8, units: 32 }, {}],
    ['mlp', { units: 32 }, {}],
    ['vgg', { filters: 8, blocks: 1, units: 32 }, {}],
    ['resnet', { filters: 8, sections: 1, units: 32 }, {}],
    ['bert', { units: 16, depth: 1, outputs: 32 }, { learningRate: 0.002, updateEpochs: 6 }],
    ['gpt', { units: 32, depth: 1, heads: 2, window: 4 }, {}],
    ['gru', { units: 32 }, {}],
  ])('with the net %s', async (net, netConfig, changes) => {
    const totalTimesteps = 16_384;
    const learner = buildLearner(engine, {
      game: catchGame as Game,
      net,
      netConfig,
      config: { ...GRID, ...changes },
      totalTimesteps,
    });
    expect(await learn(learner, totalTimesteps)).toBeGreaterThan(3);
  });
});

describe('what was seen three steps before is recalled', () => {
  const onPolicy = { numEnvs: 16, numSteps: 16, sequenceLength: 8, numMinibatches: 2, gamma: 0.9, scaleRewards: false };
  const replayed = { ...SMALL_DQN, sequenceLength: 8, burnIn: 4, gamma: 0.9, learningRate: 3e-3, scaleRewards: false };
  it.each([
    ['ppo', 'gru', ppo, { ...onPolicy, updateEpochs: 4, learningRate: 0.01 }],
    ['ppo', 'gpt', ppo, { ...onPolicy, updateEpochs: 4, learningRate: 0.005 }],
    ['pqn', 'gru', pqn, { ...onPolicy, learningRate: 0.005 }],
    ['dqn', 'gru', dqn, { ...replayed, nStep: 1, batchSize: 128, stepsPerGradient: 32 }],
  ])('by %s with %s', async (_name, net, algorithm, config) => {
    const netConfig = net === 'gpt' ? { units: 16, depth: 1, heads: 2, window: 6 } : { units: 16 };
    const totalTimesteps = 16_384;
    const learner = buildLearner(engine, { game: recall as Game, net, netConfig, algorithm, config, totalTimesteps });
    expect(await learn(learner, totalTimesteps)).toBeGreaterThan(0.9);
  });
});
