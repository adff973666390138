import type { Tensor } from '@tensorflow/tfjs';
import * as z from 'zod';
import type { Agent, Player, UpdateReport } from '../core/agent.ts';
import { UserError } from '../core/errors.ts';
import { createRng, shuffle } from '../core/rng.ts';
import { type Params, tensorShape } from '../core/tensors.ts';
import type { VecEnv } from '../core/vec-env.ts';
import { type AgentContext, defineAlgorithm } from './algorithm.ts';
import { Optimizer, type OptimizerState } from './adam.ts';
import { categorical, greedyRow, sampleRow } from './categorical.ts';
import { generalizedAdvantages } from './gae.ts';
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
  numEnvs: (config) => config.numEnvs,
  heads: (actions) => [
    { name: 'policy', axis: { kind: 'action', labels: actions }, gain: 0.01 },
    { name: 'value', axis: { kind: 'value', size: 1 }, gain: 1 },
  ],
  create: createPpo,
});

/** A minibatch on the backend; `B` samples. */
export interface PpoBatch {
  /** `[B, ...observation]` */
  obs: Tensor;
  /** `[B, actions]`: one-hot rows of the actions taken */
  oneHot: Tensor;
  /** `[B, actions]`, or null where every action is legal */
  legal: Tensor | null;
  /** `[B]` each */
  logProbs: Tensor;
  advantages: Tensor;
  returns: Tensor;
}

/** The loss of a minibatch and, by `report`, its diagnostics `[policyLoss, valueLoss, entropy, approxKl, clipFraction]`. */
export function ppoLoss(
  { engine: { tf }, net, config }: Pick<AgentContext<PpoConfig>, 'engine' | 'net' | 'config'>,
  params: Record<string, Tensor>,
  batch: PpoBatch,
  report: (diagnostics: Tensor[]) => void,
): Tensor {
  const { outputs } = net.forward(tf, params, batch.obs);
  const policy = categorical(tf, outputs.policy, batch.legal);
  const logRatio = tf.sub(policy.logProb(batch.oneHot), batch.logProbs);
  const ratio = tf.exp(logRatio);

  const clipped = tf.clipByValue(ratio, 1 - config.clipCoef, 1 + config.clipCoef);
  const surrogate = tf.minimum(tf.mul(ratio, batch.advantages), tf.mul(clipped, batch.advantages));
  const policyLoss = tf.neg(tf.mean(surrogate));
  const valueLoss = tf.mul(0.5, tf.mean(tf.square(tf.sub(tf.squeeze(outputs.value, [1]), batch.returns))));
  const entropy = tf.mean(policy.entropy());

  // Schulman's low-variance estimate of KL(old || new): mean of (ratio − 1) − log ratio
  const approxKl = tf.mean(tf.sub(tf.sub(ratio, 1), logRatio));
  const clipFraction = tf.mean(tf.cast(tf.greater(tf.abs(tf.sub(ratio, 1)), config.clipCoef), 'float32'));
  report([policyLoss, valueLoss, entropy, approxKl, clipFraction]);
  return tf.add(tf.sub(policyLoss, tf.mul(config.entCoef, entropy)), tf.mul(config.vfCoef, valueLoss));
}

function createPpo(context: AgentContext<PpoConfig>): Agent {
  const { engine, env, net, config, seed, totalTimesteps, learningRateScale } = context;
  const { tf } = engine;
  const { numEnvs, numSteps, updateEpochs, numMinibatches } = config;
  const { obsSize } = env;
  const batchSize = numEnvs * numSteps;
  const minibatchSize = batchSize / numMinibatches;
  if (env.players !== 1) throw new UserError(`ppo plays games of one player; ${env.id} has ${env.players}`);
  if (!Number.isInteger(minibatchSize)) {
    throw new UserError(`numMinibatches ${numMinibatches} does not divide numEnvs × numSteps = ${batchSize}`);
  }
  const numActions = env.actions.length;
  const optimizer = new Optimizer(
    engine,
    context.params,
    Object.fromEntries(net.tensors.map((spec) => [spec.name, tensorShape(spec)])),
  );
  const params = optimizer.tensors();
  const actionRng = createRng(seed, 'actions');
  const shuffleRng = createRng(seed, 'minibatches');
  const rewardScale = config.scaleRewards ? new RewardScale(numEnvs, config.gamma) : null;
  let step = 0;
  let updates = 0;

  // The rollout, time-major: `[numSteps, numEnvs, …]`
  const rollout = {
    obs: env.obs instanceof Uint8Array ? new Uint8Array(batchSize * obsSize) : new Float32Array(batchSize * obsSize),
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

  /** `[rows, obsSize]` → logits `[rows, actions]` and values `[rows]`, read back from the backend. */
  function evaluate(obs: Uint8Array | Float32Array, rows: number): { logits: Float32Array; values: Float32Array } {
    const [logits, values] = tf.tidy(() => {
      const input = tf.tensor(obs instanceof Float32Array ? obs : Float32Array.from(obs), [rows, ...net.obsShape]);
      const { outputs } = net.forward(tf, params, input);
      return [outputs.policy.dataSync() as Float32Array, outputs.value.dataSync() as Float32Array];
    });
    return { logits, values };
  }

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
      const { logits, values } = evaluate(env.obs, numEnvs);
      rollout.values.set(values, at);
      if (t > 0) setNextValues(at - numEnvs, values);
      for (let e = 0; e < numEnvs; e++) {
        const sampled = sampleRow(logits, e, numActions, env.legal, actionRng);
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
        rollout.nextValues[at + e] = evaluate(finalObs, 1).values[0];
      }
      if (rewardScale) {
        const scale = rewardScale.update(env.rewards, rollout.ended.subarray(at, at + numEnvs));
        for (let e = 0; e < numEnvs; e++) rollout.rewards[at + e] = clip(env.rewards[e] / scale, 10);
      }
    }
    setNextValues(batchSize - numEnvs, evaluate(env.obs, numEnvs).values);
    return { episodeReturns, episodeLengths };
  }

  function minibatch(indices: Int32Array): PpoBatch {
    const size = indices.length;
    const obs = new Float32Array(size * obsSize);
    const oneHot = new Float32Array(size * numActions);
    const legal = new Float32Array(size * numActions);
    const logProbs = new Float32Array(size);
    const advantages = new Float32Array(size);
    const returns = new Float32Array(size);
    let allLegal = true;
    indices.forEach((from, i) => {
      obs.set(rollout.obs.subarray(from * obsSize, (from + 1) * obsSize), i * obsSize);
      for (let a = 0; a < numActions; a++) {
        legal[i * numActions + a] = rollout.legal[from * numActions + a];
        if (!rollout.legal[from * numActions + a]) allLegal = false;
      }
      oneHot[i * numActions + rollout.actions[from]] = 1;
      logProbs[i] = rollout.logProbs[from];
      advantages[i] = rollout.advantages[from];
      returns[i] = rollout.returns[from];
    });
    normalize(advantages);
    return {
      obs: tf.tensor(obs, [size, ...net.obsShape]),
      oneHot: tf.tensor2d(oneHot, [size, numActions]),
      legal: allLegal ? null : tf.tensor2d(legal, [size, numActions]),
      logProbs: tf.tensor1d(logProbs),
      advantages: tf.tensor1d(advantages),
      returns: tf.tensor1d(returns),
    };
  }

  function update(): UpdateReport {
    const episodes = collect();
    generalizedAdvantages(rollout, numSteps, numEnvs, config.gamma, config.gaeLambda, rollout.advantages);
    for (let i = 0; i < batchSize; i++) rollout.returns[i] = rollout.advantages[i] + rollout.values[i];

    const progress = Math.min(1, step / totalTimesteps);
    const learningRate = config.annealLearningRate ? config.learningRate * (1 - progress) : config.learningRate;
    const scales = new Map(net.tensors.map(({ name }) => [name, learningRateScale(name, step)]));
    const sums = new Float64Array(6);
    for (let epoch = 0; epoch < updateEpochs; epoch++) {
      shuffle(order, shuffleRng);
      for (let from = 0; from < batchSize; from += minibatchSize) {
        tf.tidy(() => {
          const batch = minibatch(order.subarray(from, from + minibatchSize));
          let diagnostics: Tensor[] = [];
          const { gradNorm } = optimizer.minimize(
            () => ppoLoss(context, params, batch, (values) => (diagnostics = values.map((value) => tf.keep(value)))),
            (name) => learningRate * (scales.get(name) as number),
            config.maxGradNorm,
          );
          diagnostics.forEach((value, i) => (sums[i] += value.dataSync()[0]));
          tf.dispose(diagnostics);
          sums[5] += gradNorm;
        });
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
        const { logits } = evaluate(other.obs, other.numEnvs);
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
    params: () => optimizer.params(),
    normalizers: (): Params => (rewardScale ? { 'normalizers/value': Float32Array.of(rewardScale.scale()) } : {}),
    save: () => ({
      step,
      updates,
      optimizer: optimizer.save(),
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
      optimizer.load(saved.optimizer);
      env.load(saved.env);
      actionRng.load(saved.actionRng);
      shuffleRng.load(saved.shuffleRng);
      order.set(saved.order);
      if (rewardScale && saved.rewardScale) rewardScale.load(saved.rewardScale);
    },
    dispose: () => optimizer.dispose(),
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
