import type { Tensor } from '@tensorflow/tfjs';
import * as z from 'zod';
import type { Agent } from '../core/agent.ts';
import type { Named } from '../core/game.ts';
import { createRng } from '../core/rng.ts';
import type { HeadValues } from '../engine/fused/net.ts';
import type { Tf } from '../engine/types.ts';
import { sampleRow } from '../nets/acting.ts';
import type { HeadSpec } from '../nets/policy-net.ts';
import { type AgentContext, defineAlgorithm } from './algorithm.ts';
import { gather, gatherRows } from './arrays.ts';
import { categorical } from './categorical.ts';
import { normalize } from './diagnostics.ts';
import type { Loss } from './learner.ts';
import { onPolicyAgent } from './on-policy.ts';

export const ppoOptions = z.object({
  numEnvs: z.int().min(1).max(4096).default(64).describe('environments stepped at a time'),
  numSteps: z.int().min(1).max(4096).default(128).describe('steps of each environment in a rollout'),
  updateEpochs: z.int().min(1).max(100).default(4).describe('passes over a rollout'),
  numMinibatches: z.int().min(1).max(1024).default(8).describe('minibatches in a pass'),
  learningRate: z.number().positive().max(1).default(5e-3).describe('of Adam, at the start'),
  annealLearningRate: z.boolean().default(true).describe('lower the learning rate linearly to 0'),
  gamma: z.number().min(0).max(1).default(0.99).describe('discount of future rewards'),
  gaeLambda: z.number().min(0).max(1).default(0.95).describe('λ of generalised advantage estimation'),
  clipCoef: z.number().positive().max(1).default(0.2).describe('how far the policy may move in an update'),
  entCoef: z.number().min(0).max(1).default(0.02).describe('weight of the entropy bonus'),
  vfCoef: z.number().min(0).max(10).default(0.5).describe('weight of the value loss'),
  maxGradNorm: z.number().positive().default(0.5).describe('gradients are clipped to this global norm'),
  scaleRewards: z.boolean().default(false).describe('divide rewards by the running deviation of returns'),
  sequenceLength: z
    .int()
    .min(1)
    .max(4096)
    .default(16)
    .describe('steps of a sequence, for nets that remember; divides numSteps'),
});

export const ppoHeads = (actions: readonly Named[]): HeadSpec[] => [
  { name: 'policy', axis: { kind: 'action', labels: actions }, gain: 0.01 },
  { name: 'value', axis: { kind: 'value', size: 1 }, gain: 1 },
];

export type PpoConfig = z.output<typeof ppoOptions>;

/**
 * Proximal policy optimisation, clipped (Schulman et al. 2017, equation 7), with the details that matter (Huang et al.
 * 2022): orthogonal weights, Adam eps 1e-5, annealed learning rate, advantages normalised by minibatch, gradients clipped
 * by global norm. A truncated episode bootstraps from its final observation; only a terminated one does not.
 */
export const ppo = defineAlgorithm({
  id: 'ppo',
  revision: 2,
  summary: 'proximal policy optimisation with a clipped objective',
  schema: ppoOptions,
  featureDefaults: {
    numEnvs: 16,
    numSteps: 64,
    updateEpochs: 10,
    learningRate: 2e-3,
    entCoef: 0,
    scaleRewards: true,
  },
  usesLearner: true,
  carries: true,
  numEnvs: (config) => config.numEnvs,
  heads: ppoHeads,
  create: createPpo,
});

/** A minibatch of `B` samples, without its observations. */
export interface PpoBatch {
  /** `[B]`: the actions taken */
  readonly actions: Int32Array;
  /** `[B, actions]`: 1 for legal actions; null where every action is legal */
  readonly legal: Float32Array | null;
  /** `[B]` each; `logProbs` are those of the policy that acted */
  readonly logProbs: Float32Array;
  readonly advantages: Float32Array;
  readonly returns: Float32Array;
}

/** The loss of a minibatch. Diagnostics: `[policyLoss, valueLoss, entropy, approxKl, clipFraction]`. */
export const ppoLoss = (config: PpoConfig, batch: PpoBatch): Loss => ({
  tensors: (tf, outputs) => clearLoss(tf, config, batch, outputs),
  gradients: (outputs, gradients) => lossGradients(config, batch, outputs, gradients),
});

function clearLoss(
  tf: Tf,
  config: PpoConfig,
  batch: PpoBatch,
  outputs: Record<string, Tensor>,
): { loss: Tensor; diagnostics: Tensor[] } {
  const [size, numActions] = outputs.policy.shape;
  const advantages = tf.tensor1d(batch.advantages);
  const legal = batch.legal && tf.tensor2d(batch.legal, [size, numActions]);
  const oneHot = tf.cast(tf.oneHot(tf.tensor1d(batch.actions, 'int32'), numActions), 'float32');

  const policy = categorical(tf, outputs.policy, legal);
  const logRatio = tf.sub(policy.logProb(oneHot), tf.tensor1d(batch.logProbs));
  const ratio = tf.exp(logRatio);

  const clipped = tf.clipByValue(ratio, 1 - config.clipCoef, 1 + config.clipCoef);
  const surrogate = tf.minimum(tf.mul(ratio, advantages), tf.mul(clipped, advantages));
  const policyLoss = tf.neg(tf.mean(surrogate));
  const valueLoss = tf.mul(0.5, tf.mean(tf.square(tf.sub(tf.squeeze(outputs.value, [1]), tf.tensor1d(batch.returns)))));
  const entropy = tf.mean(policy.entropy());

  // Schulman's low-variance estimate of KL(old || new): mean of (ratio − 1) − log ratio
  const approxKl = tf.mean(tf.sub(tf.sub(ratio, 1), logRatio));
  const clipFraction = tf.mean(tf.cast(tf.greater(tf.abs(tf.sub(ratio, 1)), config.clipCoef), 'float32'));
  return {
    loss: tf.add(tf.sub(policyLoss, tf.mul(config.entCoef, entropy)), tf.mul(config.vfCoef, valueLoss)),
    diagnostics: [policyLoss, valueLoss, entropy, approxKl, clipFraction],
  };
}

/**
 * The same, derived by hand. With π = softmax(logits) over the legal actions, H its entropy and a the action taken:
 *   ∂ log π(a) / ∂ logit j = [j = a] − π(j);   ∂ H / ∂ logit j = −π(j) (log π(j) + H)
 * and the surrogate's derivative for log π(a) is ratio · advantage, or 0 where the clipped one is smaller.
 */
function lossGradients(
  { clipCoef, entCoef, vfCoef }: PpoConfig,
  { actions, legal, logProbs, advantages, returns }: PpoBatch,
  { policy: logits, value: values }: HeadValues,
  { policy: logitGradients, value: valueGradients }: HeadValues,
): { loss: number; diagnostics: number[] } {
  const size = actions.length;
  const numActions = logits.length / size;
  const share = 1 / size;
  let surrogates = 0;
  let squares = 0;
  let entropies = 0;
  let kls = 0;
  let clips = 0;
  for (let i = 0; i < size; i++) {
    const from = i * numActions;
    let max = -Infinity;
    for (let a = 0; a < numActions; a++) {
      if ((legal === null || legal[from + a] === 1) && logits[from + a] > max) max = logits[from + a];
    }
    // For now, exp(logit − max) stands where its gradient will.
    let sum = 0;
    let weighted = 0;
    for (let a = 0; a < numActions; a++) {
      const isLegal = legal === null || legal[from + a] === 1;
      const exp = isLegal ? Math.exp(logits[from + a] - max) : 0;
      logitGradients[from + a] = exp;
      sum += exp;
      if (isLegal) weighted += exp * (logits[from + a] - max);
    }
    const logSum = Math.log(sum);
    const entropy = logSum - weighted / sum;
    const logRatio = logits[from + actions[i]] - max - logSum - logProbs[i];
    const ratio = Math.exp(logRatio);
    const advantage = advantages[i];
    const clipped = Math.min(Math.max(ratio, 1 - clipCoef), 1 + clipCoef) * advantage;
    const isClipped = clipped < ratio * advantage;
    surrogates += isClipped ? clipped : ratio * advantage;
    entropies += entropy;
    kls += ratio - 1 - logRatio;
    if (Math.abs(ratio - 1) > clipCoef) clips++;

    const push = isClipped ? 0 : -share * ratio * advantage;
    for (let a = 0; a < numActions; a++) {
      const probability = logitGradients[from + a] / sum;
      if (probability === 0) {
        logitGradients[from + a] = 0;
        continue;
      }
      const logProb = logits[from + a] - max - logSum;
      logitGradients[from + a] = probability * (entCoef * share * (logProb + entropy) - push);
    }
    logitGradients[from + actions[i]] += push;
    const error = values[i] - returns[i];
    squares += error * error;
    valueGradients[i] = vfCoef * share * error;
  }
  const policyLoss = -surrogates * share;
  const valueLoss = 0.5 * squares * share;
  const entropy = entropies * share;
  return {
    loss: policyLoss - entCoef * entropy + vfCoef * valueLoss,
    diagnostics: [policyLoss, valueLoss, entropy, kls * share, clips * share],
  };
}

function createPpo(context: AgentContext<PpoConfig>): Agent {
  const { env, config, seed } = context;
  const numActions = env.actions.length;
  const actionRng = createRng(seed, 'actions');
  const logProbs = new Float32Array(config.numEnvs * config.numSteps);
  return onPolicyAgent(context, {
    id: 'ppo',
    lambda: config.gaeLambda,
    actionRng,
    decide({ policy }, e, at) {
      const { action, logProb } = sampleRow(policy, e, numActions, env.legal, actionRng);
      logProbs[at] = logProb;
      return action;
    },
    valueOf: ({ value }, e) => value[e],
    loss: ({ actions, advantages, returns, legal }, indices) =>
      ppoLoss(config, {
        actions: gather(actions, indices),
        legal: legal && gatherRows(legal, indices, numActions, new Float32Array(indices.length * numActions)),
        logProbs: gather(logProbs, indices),
        advantages: normalize(gather(advantages, indices)),
        returns: gather(returns, indices),
      }),
    diagnostics: ['policyLoss', 'valueLoss', 'entropy', 'approxKl', 'clipFraction'],
  });
}
