import type { Agent, UpdateReport } from '../core/agent.ts';
import { UserError } from '../core/errors.ts';
import { createRng, type Rng } from '../core/rng.ts';
import type { Params } from '../core/tensors.ts';
import type { HeadValues } from '../engine/fused/net.ts';
import type { OptimizerState } from './adam.ts';
import { type AgentContext, agentLearner, learningRates } from './algorithm.ts';
import { deadUnits, explainedVariance } from './diagnostics.ts';
import type { Loss } from './learner.ts';
import { netPlayer } from './net-player.ts';
import { createRollout, minibatchSize, type Rollout } from './rollout.ts';

/** Options that every on-policy algorithm has. */
export interface OnPolicyConfig {
  readonly numEnvs: number;
  readonly numSteps: number;
  readonly updateEpochs: number;
  readonly numMinibatches: number;
  readonly learningRate: number;
  readonly annealLearningRate: boolean;
  readonly gamma: number;
  readonly maxGradNorm: number;
  readonly scaleRewards: boolean;
  readonly sequenceLength: number;
}

/** What tells one on-policy algorithm from another. */
export interface OnPolicyParts {
  readonly id: string;
  /** λ of the returns. */
  readonly lambda: number;
  /** What `decide` draws from: saved with the agent. */
  readonly actionRng: Rng;
  /** Chooses the action of environment `e`, whose sample is number `at`, from what the net says of it. */
  decide(outputs: HeadValues, e: number, at: number): number;
  /** The value of what environment `e` shows, where it may choose what is `legal`. */
  valueOf(outputs: HeadValues, e: number, legal: Uint8Array): number;
  /** Before a rollout from training step `step` on; what it returns is logged. */
  begin?(step: number): Record<string, number>;
  loss(rollout: Rollout, indices: Int32Array): Loss;
  /** Names of the loss's diagnostics, and of the loss itself where it is logged. */
  readonly diagnostics: readonly string[];
  readonly lossName?: string;
  /** Frees what the parts hold. */
  dispose?(): void;
}

/** Rollout, then epochs of minibatches down a loss: what PPO and PQN do alike. */
export function onPolicyAgent(context: AgentContext<OnPolicyConfig>, parts: OnPolicyParts): Agent {
  const { env, net, config, seed } = context;
  const { numEnvs, numSteps, updateEpochs, numMinibatches } = config;
  if (env.players !== 1) throw new UserError(`${parts.id} plays games of one player; ${env.id} has ${env.players}`);
  let step = 0;
  let updates = 0;
  const sizes = { store: numEnvs * numSteps, minibatch: minibatchSize(net, config), rows: numEnvs };
  /** With the steps of an episode that somebody else has played. */
  const seen = (): number => step + (env.extraSteps ?? 0);
  const learner = agentLearner(context, sizes, seen);
  const { lambda, actionRng, decide, valueOf } = parts;
  const rollout = createRollout(
    { env, net, learner, ...config, lambda, decide, valueOf },
    createRng(seed, 'minibatches'),
  );

  function update(): UpdateReport {
    const { learningRate, rateOf } = learningRates(context, seen());
    const begun = parts.begin?.(seen()) ?? {};
    const episodes = rollout.collect();
    const names = [...parts.diagnostics, ...(parts.lossName ? [parts.lossName] : []), 'gradNorm'];
    const sums = new Map(names.map((name) => [name, 0]));
    for (const { indices, sequences } of rollout.minibatches(updateEpochs, numMinibatches)) {
      const { loss, diagnostics, gradNorm } = learner.minimize(
        indices,
        parts.loss(rollout, indices),
        rateOf,
        config.maxGradNorm,
        sequences,
      );
      const values = [...diagnostics, ...(parts.lossName ? [loss] : []), gradNorm];
      names.forEach((name, i) => sums.set(name, (sums.get(name) as number) + values[i]));
    }
    step += rollout.size;
    updates++;
    const means = [...sums].map(([name, sum]) => [name, sum / (updateEpochs * numMinibatches)]);
    return {
      ...episodes,
      metrics: {
        ...Object.fromEntries(means),
        explainedVariance: explainedVariance(rollout.values, rollout.returns),
        deadUnits: deadUnits(learner, rollout.size),
        ...begun,
        learningRate,
        ...learner.metrics?.(),
      },
    };
  }

  return {
    get step() {
      return seen();
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
    dispose() {
      parts.dispose?.();
      learner.dispose();
    },
  };
}
