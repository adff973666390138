import * as z from 'zod';
import type { Agent } from '../core/agent.ts';
import { createRng } from '../core/rng.ts';
import { epsilonGreedyRow, greedyRow } from '../nets/acting.ts';
import { type AgentContext, defineAlgorithm } from './algorithm.ts';
import { gather } from './arrays.ts';
import { onPolicyAgent } from './on-policy.ts';
import { epsilonAt, qActing, qHeads, qLoss } from './q-learning.ts';

const schema = z.object({
  numEnvs: z.int().min(1).max(4096).default(128).describe('environments stepped at a time'),
  numSteps: z.int().min(1).max(4096).default(32).describe('steps of each environment in a rollout'),
  updateEpochs: z.int().min(1).max(100).default(2).describe('passes over a rollout'),
  numMinibatches: z.int().min(1).max(1024).default(32).describe('minibatches in a pass'),
  learningRate: z.number().positive().max(1).default(2e-3).describe('of Adam, at the start'),
  annealLearningRate: z.boolean().default(true).describe('lower the learning rate linearly to 0'),
  gamma: z.number().min(0).max(1).default(0.99).describe('discount of future rewards'),
  lambda: z.number().min(0).max(1).default(0.65).describe('λ of the returns'),
  epsilonStart: z.number().min(0).max(1).default(1).describe('share of random actions at the start'),
  epsilonFinal: z.number().min(0).max(1).default(0.05).describe('share of random actions in the end'),
  explorationFraction: z.number().min(0).max(1).default(0.1).describe('share of the training until then'),
  maxGradNorm: z.number().positive().default(10).describe('gradients are clipped to this global norm'),
  scaleRewards: z.boolean().default(false).describe('divide rewards by the running deviation of returns'),
  sequenceLength: z
    .int()
    .min(1)
    .max(4096)
    .default(16)
    .describe('steps of a sequence, for nets that remember; divides numSteps'),
});

export type PqnConfig = z.output<typeof schema>;

/**
 * Parallel Q-learning (Gallici et al. 2024): no replay and no target net. Action values are learned on the rollouts of
 * many environments towards λ-returns; layer normalisation keeps that stable, so nets have it by default here.
 */
export const pqn = defineAlgorithm({
  id: 'pqn',
  revision: 2,
  summary: 'parallel Q-learning on λ-returns, with layer normalisation instead of replay and target net',
  schema,
  featureDefaults: { numEnvs: 32, scaleRewards: true },
  netDefaults: { norm: true },
  usesLearner: true,
  carries: true,
  numEnvs: (config) => config.numEnvs,
  heads: (actions) => qHeads(actions, false),
  acting: ({ epsilonFinal }) => qActing(false, epsilonFinal),
  create: createPqn,
});

function createPqn(context: AgentContext<PqnConfig>): Agent {
  const { env, config, seed, totalTimesteps } = context;
  const numActions = env.actions.length;
  const actionRng = createRng(seed, 'actions');
  let epsilon = config.epsilonStart;
  return onPolicyAgent(context, {
    id: 'pqn',
    lambda: config.lambda,
    actionRng,
    begin(step) {
      epsilon = epsilonAt(config, step, totalTimesteps);
      return { epsilon };
    },
    decide: ({ q }, e) => epsilonGreedyRow(q, e, numActions, env.legal, epsilon, actionRng),
    valueOf: ({ q }, e, legal) => q[e * numActions + greedyRow(q, e, numActions, legal)],
    loss: ({ actions, returns }, indices) =>
      qLoss(
        { dueling: false, huber: false },
        { actions: gather(actions, indices), targets: gather(returns, indices), weights: null },
      ),
    diagnostics: ['meanValue'],
    lossName: 'valueLoss',
  });
}
