import { UserError } from '../core/errors.ts';
import { type Rng, shuffle } from '../core/rng.ts';
import type { VecEnv } from '../core/vec-env.ts';
import type { HeadValues } from '../engine/fused/net.ts';
import type { PolicyNet } from '../nets/policy-net.ts';
import { generalizedAdvantages } from './gae.ts';
import type { Learner, Sequences, StepMemory } from './learner.ts';
import { copyMemory, loadMemory, noteStarts, stepMemory } from './net-player.ts';
import { RewardScale, type RewardScaleState } from './reward-scale.ts';

export interface RolloutOptions {
  readonly env: VecEnv;
  readonly net: PolicyNet;
  readonly learner: Learner;
  readonly numSteps: number;
  /** Discount, λ of the returns, and whether rewards are divided by the running deviation of returns. */
  readonly gamma: number;
  readonly lambda: number;
  readonly scaleRewards: boolean;
  /** Steps of a sequence, for nets with a carry. */
  readonly sequenceLength: number;
  /** Chooses the action of environment `e`, whose sample is number `at`, from what the net says of it. */
  decide(outputs: HeadValues, e: number, at: number): number;
  /** The value of what environment `e` shows, where it may choose what is `legal`. */
  valueOf(outputs: HeadValues, e: number, legal: Uint8Array): number;
}

/**
 * Experience of all environments over `numSteps` steps, time-major: sample `t · numEnvs + e`. What the net saw is in the
 * learner's store. Arrays are overwritten by the next rollout.
 */
export interface Rollout {
  readonly size: number;
  readonly actions: Int32Array;
  /** `[size, actions]`; null where every action was legal throughout. */
  readonly legal: Uint8Array | null;
  readonly values: Float32Array;
  readonly advantages: Float32Array;
  /** λ-returns: `values + advantages`. */
  readonly returns: Float32Array;
  collect(): { episodeReturns: number[]; episodeLengths: number[] };
  /**
   * `epochs` passes in random order, each in `count` minibatches: samples, or for nets with a carry whole sequences, with
   * what was remembered before them.
   */
  minibatches(epochs: number, count: number): Iterable<{ indices: Int32Array; sequences?: Sequences }>;
  /** What rewards were divided by, 1 where they were not. */
  rewardScale(): number;
  save(): unknown;
  load(state: unknown): void;
}

/** The samples of a minibatch. @throws UserError where the minibatches do not divide the rollout */
export function minibatchSize(
  { carrySize }: PolicyNet,
  config: { numEnvs: number; numSteps: number; numMinibatches: number; sequenceLength: number },
): number {
  const { numEnvs, numSteps, numMinibatches, sequenceLength } = config;
  const size = numEnvs * numSteps;
  if (carrySize === 0) {
    if (size % numMinibatches === 0) return size / numMinibatches;
    throw new UserError(`numMinibatches ${numMinibatches} does not divide numEnvs × numSteps = ${size}`);
  }
  if (numSteps % sequenceLength !== 0) {
    throw new UserError(`sequenceLength ${sequenceLength} does not divide numSteps ${numSteps}`);
  }
  const sequences = size / sequenceLength;
  if (sequences % numMinibatches === 0) return size / numMinibatches;
  throw new UserError(`numMinibatches ${numMinibatches} does not divide the rollout's ${sequences} sequences`);
}

export function createRollout(options: RolloutOptions, shuffleRng: Rng): Rollout {
  const { env, net, learner, numSteps, gamma, lambda, decide, valueOf } = options;
  const { numEnvs, obsSize } = env;
  const numActions = env.actions.length;
  const size = numEnvs * numSteps;
  const rewardScale = options.scaleRewards ? new RewardScale(numEnvs, gamma) : null;
  const memory = stepMemory(net, numEnvs);
  const length = memory ? options.sequenceLength : 1;
  const order = Int32Array.from({ length: size / length }, (_, i) => i);
  const carries = new Float32Array(memory ? order.length * net.carrySize : 0);
  const starts = new Uint8Array(size);
  const actions = new Int32Array(numEnvs);
  let allLegal = true;
  const floats = (): Float32Array => new Float32Array(size);
  const rollout = {
    actions: new Int32Array(size),
    legal: new Uint8Array(size * numActions),
    values: floats(),
    nextValues: floats(),
    rewards: floats(),
    terminated: new Uint8Array(size),
    ended: new Uint8Array(size),
    advantages: floats(),
    returns: floats(),
  };

  /** The value of what followed a step is that of the next observation, unless another episode began there. */
  function setNextValues(at: number, outputs: HeadValues): void {
    for (let e = 0; e < numEnvs; e++) {
      if (!rollout.ended[at + e]) rollout.nextValues[at + e] = valueOf(outputs, e, env.legal);
    }
  }

  /** The value of the last observation of an episode that was cut. */
  function finalValue(e: number): number {
    const finalObs = env.finalObs.subarray(e * obsSize, (e + 1) * obsSize);
    const { carrySize } = net;
    const own = memory && {
      carry: memory.carry.slice(e * carrySize, (e + 1) * carrySize),
      starts: new Uint8Array(1),
    };
    const legal = env.finalLegal.subarray(e * numActions, (e + 1) * numActions);
    return valueOf(learner.outputs(finalObs, 1, own ?? undefined), 0, legal);
  }

  function collect(): { episodeReturns: number[]; episodeLengths: number[] } {
    const episodeReturns: number[] = [];
    const episodeLengths: number[] = [];
    for (let t = 0; t < numSteps; t++) {
      const at = t * numEnvs;
      learner.store.set(env.obs, at * obsSize);
      rollout.legal.set(env.legal, at * numActions);
      if (memory) {
        starts.set(memory.starts, at);
        if (t % length === 0) carries.set(memory.carry, (at / length) * net.carrySize);
      }
      const outputs = learner.outputs(env.obs, numEnvs, memory ?? undefined);
      if (t > 0) setNextValues(at - numEnvs, outputs);
      for (let e = 0; e < numEnvs; e++) {
        rollout.values[at + e] = valueOf(outputs, e, env.legal);
        actions[e] = decide(outputs, e, at + e);
      }
      rollout.actions.set(actions, at);
      env.step(actions);
      noteStarts(memory, env);
      rollout.rewards.set(env.rewards, at);
      rollout.terminated.set(env.terminated, at);
      for (let e = 0; e < numEnvs; e++) {
        rollout.ended[at + e] = env.terminated[e] | env.truncated[e];
        if (!rollout.ended[at + e]) continue;
        episodeReturns.push(env.returns[e]);
        episodeLengths.push(env.lengths[e]);
        if (!env.terminated[e]) rollout.nextValues[at + e] = finalValue(e);
      }
      if (rewardScale) {
        const scale = rewardScale.update(env.rewards, rollout.ended.subarray(at, at + numEnvs));
        for (let e = 0; e < numEnvs; e++) rollout.rewards[at + e] = clip(env.rewards[e] / scale, 10);
      }
    }
    // What comes next is looked at once more by the next rollout: the memory must not see it twice.
    const peek = memory && { carry: memory.carry.slice(), starts: memory.starts };
    setNextValues(size - numEnvs, learner.outputs(env.obs, numEnvs, peek ?? undefined));
    generalizedAdvantages(rollout, numSteps, numEnvs, gamma, lambda, rollout.advantages);
    for (let i = 0; i < size; i++) rollout.returns[i] = rollout.advantages[i] + rollout.values[i];
    allLegal = !rollout.legal.includes(0);
    return { episodeReturns, episodeLengths };
  }

  function* minibatches(epochs: number, count: number): Generator<{ indices: Int32Array; sequences?: Sequences }> {
    const each = order.length / count;
    for (let epoch = 0; epoch < epochs; epoch++) {
      shuffle(order, shuffleRng);
      for (let from = 0; from < order.length; from += each) {
        const chosen = order.subarray(from, from + each);
        yield memory ? sequencesOf(chosen) : { indices: chosen };
      }
    }
  }

  /** Sequence i is that of environment `i % numEnvs` from step `length · floor(i / numEnvs)` on. */
  function sequencesOf(chosen: Int32Array): { indices: Int32Array; sequences: Sequences } {
    const count = chosen.length;
    const indices = new Int32Array(length * count);
    const carry = new Float32Array(count * net.carrySize);
    chosen.forEach((sequence, i) => {
      const e = sequence % numEnvs;
      const first = length * (sequence - e) + e;
      for (let step = 0; step < length; step++) indices[step * count + i] = first + step * numEnvs;
      carry.set(carries.subarray(sequence * net.carrySize, (sequence + 1) * net.carrySize), i * net.carrySize);
    });
    return {
      indices,
      sequences: { steps: length, burnIn: 0, carry, starts: Uint8Array.from(indices, (i) => starts[i]) },
    };
  }

  return {
    ...rollout,
    get legal() {
      return allLegal ? null : rollout.legal;
    },
    size,
    collect,
    minibatches,
    rewardScale: () => rewardScale?.scale() ?? 1,
    save: () => ({
      env: env.save(),
      shuffleRng: shuffleRng.save(),
      order: order.slice(),
      rewardScale: rewardScale?.save() ?? null,
      memory: copyMemory(memory),
    }),
    load(state) {
      const saved = state as {
        env: unknown;
        shuffleRng: Uint32Array;
        order: Int32Array;
        rewardScale: RewardScaleState | null;
        memory: StepMemory | null;
      };
      env.load(saved.env);
      shuffleRng.load(saved.shuffleRng);
      order.set(saved.order);
      if (rewardScale && saved.rewardScale) rewardScale.load(saved.rewardScale);
      loadMemory(memory, saved.memory);
    },
  };
}

const clip = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, value));
