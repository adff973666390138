import * as z from 'zod';
import type { Agent, UpdateReport } from '../core/agent.ts';
import { UserError } from '../core/errors.ts';
import { createRng } from '../core/rng.ts';
import type { Params } from '../core/tensors.ts';
import { epsilonGreedyRow, greedyRow } from '../nets/acting.ts';
import type { OptimizerState } from './adam.ts';
import { type AgentContext, defineAlgorithm } from './algorithm.ts';
import { gather } from './arrays.ts';
import { deadUnits, explainedVariance } from './diagnostics.ts';
import { createLearner } from './learner.ts';
import { netPlayer } from './net-player.ts';
import { epsilonAt, qActing, qHeads, qLoss } from './q-learning.ts';
import { createRollout, minibatchSize } from './rollout.ts';

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
  revision: 1,
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
  const { engine, env, net, config, seed, totalTimesteps, learningRateScale } = context;
  const { numEnvs, numSteps, updateEpochs, numMinibatches } = config;
  if (env.players !== 1) throw new UserError(`pqn plays games of one player; ${env.id} has ${env.players}`);
  const numActions = env.actions.length;
  const learner = createLearner({
    engine,
    net,
    params: context.params,
    store: numEnvs * numSteps,
    minibatch: minibatchSize(net, config),
    rows: numEnvs,
    threads: context.threads ?? 1,
  });
  const actionRng = createRng(seed, 'actions');
  let step = 0;
  let updates = 0;
  let epsilon = config.epsilonStart;
  const rollout = createRollout(
    {
      env,
      net,
      learner,
      numSteps,
      gamma: config.gamma,
      lambda: config.lambda,
      scaleRewards: config.scaleRewards,
      sequenceLength: config.sequenceLength,
      decide: ({ q }, e) => epsilonGreedyRow(q, e, numActions, env.legal, epsilon, actionRng),
      valueOf: ({ q }, e, legal) => q[e * numActions + greedyRow(q, e, numActions, legal ?? undefined)],
    },
    createRng(seed, 'minibatches'),
  );

  function update(): UpdateReport {
    epsilon = epsilonAt(config, step, totalTimesteps);
    const episodes = rollout.collect();
    const progress = Math.min(1, step / totalTimesteps);
    const learningRate = config.annealLearningRate ? config.learningRate * (1 - progress) : config.learningRate;
    const scales = new Map(net.tensors.map(({ name }) => [name, learningRateScale(name, step)]));
    const sums = new Float64Array(3);
    for (const { indices, sequences } of rollout.minibatches(updateEpochs, numMinibatches)) {
      const batch = { actions: gather(rollout.actions, indices), targets: gather(rollout.returns, indices) };
      const { loss, diagnostics, gradNorm } = learner.minimize(
        indices,
        qLoss({ dueling: false, huber: false }, { ...batch, weights: null }),
        (name) => learningRate * (scales.get(name) as number),
        config.maxGradNorm,
        sequences,
      );
      [loss, diagnostics[0], gradNorm].forEach((value, i) => (sums[i] += value));
    }
    step += rollout.size;
    updates++;
    const [loss, meanValue, gradNorm] = sums.map((sum) => sum / (updateEpochs * numMinibatches));
    return {
      ...episodes,
      metrics: {
        valueLoss: loss,
        meanValue,
        gradNorm,
        explainedVariance: explainedVariance(rollout.values, rollout.returns),
        deadUnits: deadUnits(learner, rollout.size),
        epsilon,
        learningRate,
      },
    };
  }

  return {
    get step() {
      return step;
    },
    get updates() {
      return updates;
    },
    stepsPerUpdate: rollout.size,
    update,
    player: (mode, playerSeed) => netPlayer(net, learner.outputs, mode, playerSeed),
    params: () => learner.params(),
    normalizers: (): Params =>
      config.scaleRewards ? { 'normalizers/value': Float32Array.of(rollout.rewardScale()) } : {},
    save: () => ({ step, updates, optimizer: learner.save(), rollout: rollout.save(), actionRng: actionRng.save() }),
    load(state) {
      const saved = state as {
        step: number;
        updates: number;
        optimizer: OptimizerState;
        rollout: unknown;
        actionRng: Uint32Array;
      };
      ({ step, updates } = saved);
      learner.load(saved.optimizer);
      rollout.load(saved.rollout);
      actionRng.load(saved.actionRng);
    },
    dispose: () => learner.dispose(),
  };
}
