import type { Tensor } from '@tensorflow/tfjs';
import * as z from 'zod';
import type { Agent, Player, UpdateReport } from '../core/agent.ts';
import { UserError } from '../core/errors.ts';
import { createRng, shuffle } from '../core/rng.ts';
import type { Params } from '../core/tensors.ts';
import type { VecEnv } from '../core/vec-env.ts';
import type { HeadValues } from '../engine/fused/net.ts';
import type { Tf } from '../engine/types.ts';
import { type AgentContext, defineAlgorithm } from './algorithm.ts';
import type { OptimizerState } from './adam.ts';
import { categorical, greedyRow, sampleRow } from './categorical.ts';
import { generalizedAdvantages } from './gae.ts';
import { createLearner, type Loss } from './learner.ts';
import { RewardScale, type RewardScaleState } from './reward-scale.ts';

const schema = z.object({
  numEnvs: z.int().min(1).max(4096).default(64).describe('environments stepped at a time'),
  numSteps: z.int().min(1).max(4096).default(128).describe('steps of each environment in a rollout'),
  updateEpochs: z.int().min(1).max(100).default(4).describe('passes over a rollout'),
  numMinibatches: z.int().min(1).max(1024).default(8).describe('minibatches in a pass'),
  learningRate: z.number().positive().max(1).default(3e-3).describe('of Adam, at the start'),
  annealLearningRate: z.boolean().default(true).describe('lower the learning rate linearly to 0'),
  gamma: z.number().min(0).max(1).default(0.99).describe('discount of future rewards'),
  gaeLambda: z.number().min(0).max(1).default(0.95).describe('λ of generalised advantage estimation'),
  clipCoef: z.number().positive().max(1).default(0.2).describe('how far the policy may move in an update'),
  entCoef: z.number().min(0).max(1).default(0.01).describe('weight of the entropy bonus'),
  vfCoef: z.number().min(0).max(10).default(0.5).describe('weight of the value loss'),
  maxGradNorm: z.number().positive().default(0.5).describe('gradients are clipped to this global norm'),
  scaleRewards: z.boolean().default(false).describe('divide rewards by the running deviation of returns'),
});

export type PpoConfig = z.output<typeof schema>;

/**
 * Proximal policy optimisation, clipped (Schulman et al. 2017, equation 7), with the details that matter (Huang et al.
 * 2022): orthogonal weights, Adam eps 1e-5, annealed learning rate, advantages normalised by minibatch, gradients clipped
 * by global norm. A truncated episode bootstraps from its final observation; only a terminated one does not.
 */
export const ppo = defineAlgorithm({
  id: 'ppo',
  revision: 1,
  summary: 'proximal policy optimisation with a clipped objective',
  schema,
  featureDefaults: {
    numEnvs: 16,
    numSteps: 64,
    updateEpochs: 10,
    learningRate: 2e-3,
    entCoef: 0,
    scaleRewards: true,
  },
  usesLearner: true,
  numEnvs: (config) => config.numEnvs,
  heads: (actions) => [
    { name: 'policy', axis: { kind: 'action', labels: actions }, gain: 0.01 },
    { name: 'value', axis: { kind: 'value', size: 1 }, gain: 1 },
  ],
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
  const { engine, env, net, config, seed, totalTimesteps, learningRateScale } = context;
  const { numEnvs, numSteps, updateEpochs, numMinibatches } = config;
  const { obsSize } = env;
  const batchSize = numEnvs * numSteps;
  const minibatchSize = batchSize / numMinibatches;
  if (env.players !== 1) throw new UserError(`ppo plays games of one player; ${env.id} has ${env.players}`);
  if (!Number.isInteger(minibatchSize)) {
    throw new UserError(`numMinibatches ${numMinibatches} does not divide numEnvs × numSteps = ${batchSize}`);
  }
  const numActions = env.actions.length;
  const learner = createLearner({
    engine,
    net,
    params: context.params,
    store: batchSize,
    minibatch: minibatchSize,
    rows: numEnvs,
    threads: context.threads ?? 1,
  });
  const actionRng = createRng(seed, 'actions');
  const shuffleRng = createRng(seed, 'minibatches');
  const rewardScale = config.scaleRewards ? new RewardScale(numEnvs, config.gamma) : null;
  let step = 0;
  let updates = 0;

  // The rollout, time-major: `[numSteps, numEnvs, …]`
  const rollout = {
    obs: learner.store,
    legal: new Uint8Array(batchSize * numActions),
    actions: new Int32Array(batchSize),
    logProbs: new Float32Array(batchSize),
    values: new Float32Array(batchSize),
    nextValues: new Float32Array(batchSize),
    rewards: new Float32Array(batchSize),
    terminated: new Uint8Array(batchSize),
    ended: new Uint8Array(batchSize),
    advantages: new Float32Array(batchSize),
    returns: new Float32Array(batchSize),
  };
  const actions = new Int32Array(numEnvs);
  const order = Int32Array.from({ length: batchSize }, (_, i) => i);

  /** The value of what followed a step is that of the next observation, unless another episode began there. */
  function setNextValues(at: number, values: Float32Array): void {
    for (let e = 0; e < numEnvs; e++) if (!rollout.ended[at + e]) rollout.nextValues[at + e] = values[e];
  }

  function collect(): { episodeReturns: number[]; episodeLengths: number[] } {
    const episodeReturns: number[] = [];
    const episodeLengths: number[] = [];
    for (let t = 0; t < numSteps; t++) {
      const at = t * numEnvs;
      rollout.obs.set(env.obs, at * obsSize);
      rollout.legal.set(env.legal, at * numActions);
      const { policy, value } = learner.outputs(env.obs, numEnvs);
      rollout.values.set(value, at);
      if (t > 0) setNextValues(at - numEnvs, value);
      for (let e = 0; e < numEnvs; e++) {
        const sampled = sampleRow(policy, e, numActions, env.legal, actionRng);
        actions[e] = sampled.action;
        rollout.logProbs[at + e] = sampled.logProb;
      }
      rollout.actions.set(actions, at);
      env.step(actions);
      rollout.rewards.set(env.rewards, at);
      rollout.terminated.set(env.terminated, at);
      for (let e = 0; e < numEnvs; e++) {
        rollout.ended[at + e] = env.terminated[e] | env.truncated[e];
        if (!rollout.ended[at + e]) continue;
        episodeReturns.push(env.returns[e]);
        episodeLengths.push(env.lengths[e]);
        if (env.terminated[e]) continue;
        const finalObs = env.finalObs.subarray(e * obsSize, (e + 1) * obsSize);
        rollout.nextValues[at + e] = learner.outputs(finalObs, 1).value[0];
      }
      if (rewardScale) {
        const scale = rewardScale.update(env.rewards, rollout.ended.subarray(at, at + numEnvs));
        for (let e = 0; e < numEnvs; e++) rollout.rewards[at + e] = clip(env.rewards[e] / scale, 10);
      }
    }
    setNextValues(batchSize - numEnvs, learner.outputs(env.obs, numEnvs).value);
    return { episodeReturns, episodeLengths };
  }

  function minibatch(indices: Int32Array, allLegal: boolean): PpoBatch {
    const size = indices.length;
    const batch = {
      actions: new Int32Array(size),
      logProbs: new Float32Array(size),
      advantages: new Float32Array(size),
      returns: new Float32Array(size),
    };
    for (let i = 0; i < size; i++) {
      const from = indices[i];
      batch.actions[i] = rollout.actions[from];
      batch.logProbs[i] = rollout.logProbs[from];
      batch.advantages[i] = rollout.advantages[from];
      batch.returns[i] = rollout.returns[from];
    }
    normalize(batch.advantages);
    return { ...batch, legal: allLegal ? null : legalOf(indices) };
  }

  /** `[indices, actions]` */
  function legalOf(indices: Int32Array): Float32Array {
    const legal = new Float32Array(indices.length * numActions);
    indices.forEach((from, i) => {
      legal.set(rollout.legal.subarray(from * numActions, (from + 1) * numActions), i * numActions);
    });
    return legal;
  }

  function update(): UpdateReport {
    const episodes = collect();
    generalizedAdvantages(rollout, numSteps, numEnvs, config.gamma, config.gaeLambda, rollout.advantages);
    for (let i = 0; i < batchSize; i++) rollout.returns[i] = rollout.advantages[i] + rollout.values[i];

    const progress = Math.min(1, step / totalTimesteps);
    const learningRate = config.annealLearningRate ? config.learningRate * (1 - progress) : config.learningRate;
    const scales = new Map(net.tensors.map(({ name }) => [name, learningRateScale(name, step)]));
    const allLegal = !rollout.legal.includes(0);
    const sums = new Float64Array(6);
    for (let epoch = 0; epoch < updateEpochs; epoch++) {
      shuffle(order, shuffleRng);
      for (let from = 0; from < batchSize; from += minibatchSize) {
        const indices = order.subarray(from, from + minibatchSize);
        const { diagnostics, gradNorm } = learner.minimize(
          indices,
          ppoLoss(config, minibatch(indices, allLegal)),
          (name) => learningRate * (scales.get(name) as number),
          config.maxGradNorm,
        );
        diagnostics.forEach((value, i) => (sums[i] += value));
        sums[5] += gradNorm;
      }
    }
    step += batchSize;
    updates++;
    const [policyLoss, valueLoss, entropy, approxKl, clipFraction, gradNorm] = sums.map(
      (sum) => sum / (updateEpochs * numMinibatches),
    );
    const explained = explainedVariance(rollout.values, rollout.returns);
    return {
      ...episodes,
      metrics: {
        policyLoss,
        valueLoss,
        entropy,
        approxKl,
        clipFraction,
        gradNorm,
        explainedVariance: explained,
        learningRate,
      },
    };
  }

  function player(mode: 'greedy' | 'sampled', playerSeed: number | string): Player {
    const rng = createRng(playerSeed, 'player');
    return {
      act(other: VecEnv, out: Int32Array): void {
        const logits = learner.outputs(other.obs, other.numEnvs).policy;
        for (let e = 0; e < other.numEnvs; e++) {
          out[e] =
            mode === 'greedy'
              ? greedyRow(logits, e, numActions, other.legal)
              : sampleRow(logits, e, numActions, other.legal, rng).action;
        }
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
    stepsPerUpdate: batchSize,
    update,
    player,
    params: () => learner.params(),
    normalizers: (): Params => (rewardScale ? { 'normalizers/value': Float32Array.of(rewardScale.scale()) } : {}),
    save: () => ({
      step,
      updates,
      optimizer: learner.save(),
      env: env.save(),
      actionRng: actionRng.save(),
      shuffleRng: shuffleRng.save(),
      order: order.slice(),
      rewardScale: rewardScale?.save() ?? null,
    }),
    load(state) {
      const saved = state as {
        step: number;
        updates: number;
        optimizer: OptimizerState;
        env: unknown;
        actionRng: Uint32Array;
        shuffleRng: Uint32Array;
        order: Int32Array;
        rewardScale: RewardScaleState | null;
      };
      ({ step, updates } = saved);
      learner.load(saved.optimizer);
      env.load(saved.env);
      actionRng.load(saved.actionRng);
      shuffleRng.load(saved.shuffleRng);
      order.set(saved.order);
      if (rewardScale && saved.rewardScale) rewardScale.load(saved.rewardScale);
    },
    dispose: () => learner.dispose(),
  };
}

const clip = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, value));

/** To mean 0 and standard deviation 1, in place. */
function normalize(values: Float32Array): void {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let square = 0;
  for (const value of values) square += (value - mean) ** 2;
  const std = Math.sqrt(square / values.length) + 1e-8;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - mean) / std;
}

/** 1 − Var(returns − values) / Var(returns): 1 is a perfect critic, 0 one that says the mean, below 0 a harmful one. */
function explainedVariance(values: Float32Array, returns: Float32Array): number {
  let mean = 0;
  let meanError = 0;
  for (let i = 0; i < returns.length; i++) {
    mean += returns[i];
    meanError += returns[i] - values[i];
  }
  mean /= returns.length;
  meanError /= returns.length;
  let variance = 0;
  let unexplained = 0;
  for (let i = 0; i < returns.length; i++) {
    variance += (returns[i] - mean) ** 2;
    unexplained += (returns[i] - values[i] - meanError) ** 2;
  }
  return variance === 0 ? Number.NaN : 1 - unexplained / variance;
}
