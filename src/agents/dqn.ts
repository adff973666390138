import * as z from 'zod';
import type { Agent, UpdateReport } from '../core/agent.ts';
import { UserError } from '../core/errors.ts';
import { createRng } from '../core/rng.ts';
import type { Params } from '../core/tensors.ts';
import { epsilonGreedyRow, greedyRow } from '../nets/acting.ts';
import type { OptimizerState } from './adam.ts';
import { type AgentContext, agentLearner, defineAlgorithm, learningRates } from './algorithm.ts';
import { gather, gatherRows } from './arrays.ts';
import { deadUnits } from './diagnostics.ts';
import { createObserver, type Observer, type StepMemory } from './learner.ts';
import { copyMemory, loadMemory, netPlayer, noteStarts, stepMemory } from './net-player.ts';
import { actionValues, epsilonAt, qActing, qHeads, qLoss } from './q-learning.ts';
import { nStepTarget, packBits, prioritizedSampler, type Target, uniformSampler, unpackBits } from './replay.ts';
import { RewardScale, type RewardScaleState } from './reward-scale.ts';

const schema = z.object({
  numEnvs: z.int().min(1).max(4096).default(16).describe('environments stepped at a time'),
  replaySize: z.int().min(100).max(10_000_000).default(100_000).describe('steps kept in the replay memory'),
  learningStarts: z.int().min(0).default(5000).describe('steps before learning begins'),
  batchSize: z.int().min(1).max(8192).default(64).describe('samples of a gradient step'),
  stepsPerGradient: z.int().min(1).max(1024).default(4).describe('environment steps for each gradient step'),
  targetEvery: z.int().min(1).default(1000).describe('gradient steps between copies to the target net'),
  learningRate: z.number().positive().max(1).default(2.5e-4).describe('of Adam, at the start'),
  annealLearningRate: z.boolean().default(false).describe('lower the learning rate linearly to 0'),
  gamma: z.number().min(0).max(1).default(0.99).describe('discount of future rewards'),
  epsilonStart: z.number().min(0).max(1).default(1).describe('share of random actions at the start'),
  epsilonFinal: z.number().min(0).max(1).default(0.02).describe('share of random actions in the end'),
  explorationFraction: z.number().min(0).max(1).default(0.1).describe('share of the training until then'),
  double: z.boolean().default(true).describe('the online net chooses the action that the target net values'),
  dueling: z.boolean().default(false).describe('learn state values and advantages apart'),
  nStep: z.int().min(1).max(64).default(3).describe('steps of reward in a target'),
  prioritized: z.boolean().default(false).describe('replay what was badly predicted more often'),
  priorityExponent: z.number().min(0).max(1).default(0.5).describe('how much more often'),
  priorityCorrection: z.number().min(0).max(1).default(0.4).describe('correction for it at the start; 1 in the end'),
  maxGradNorm: z.number().positive().default(10).describe('gradients are clipped to this global norm'),
  scaleRewards: z.boolean().default(false).describe('divide rewards by the running deviation of returns'),
  sequenceLength: z.int().min(1).max(1024).default(16).describe('steps of a sequence, for nets that remember'),
  burnIn: z.int().min(0).max(1024).default(8).describe('steps before it that only refresh what is remembered'),
});

export type DqnConfig = z.output<typeof schema>;

/** The last observation of an episode, and what could have been chosen there. */
interface End {
  readonly obs: Uint8Array | Float32Array;
  readonly legal: Uint8Array;
}

/** Environment steps in a row before an update is reported. */
const STEPS_PER_UPDATE = 64;

/**
 * Deep Q-learning (Mnih et al. 2015) with the parts of Rainbow (Hessel et al. 2018) that can be switched: double
 * Q-learning (van Hasselt et al. 2016), dueling heads, n-step targets and prioritised replay. Nets that remember learn
 * from sequences with burn-in (R2D2, Kapturowski et al. 2019).
 */
export const dqn = defineAlgorithm({
  id: 'dqn',
  revision: 2,
  summary: 'deep Q-learning from replay: double, dueling, n-step and prioritised, each by a switch',
  schema,
  featureDefaults: { scaleRewards: true },
  usesLearner: true,
  carries: true,
  numEnvs: (config) => config.numEnvs,
  heads: (actions, { dueling }) => qHeads(actions, dueling),
  acting: ({ dueling, epsilonFinal }) => qActing(dueling, epsilonFinal),
  create: createDqn,
});

function createDqn(context: AgentContext<DqnConfig>): Agent {
  const { engine, env, net, config, seed, totalTimesteps, params } = context;
  const { numEnvs, nStep, gamma, dueling } = config;
  const { obsSize } = env;
  const numActions = env.actions.length;
  if (env.players !== 1) throw new UserError(`dqn plays games of one player; ${env.id} has ${env.players}`);

  // An item of the replay memory is a step, or where the net remembers a sequence. Steps lie in a ring: step t of
  // environment e at (t mod ring) · numEnvs + e.
  const remembers = net.carrySize > 0;
  const [burnIn, length] = remembers ? [config.burnIn, config.sequenceLength] : [0, 1];
  const span = burnIn + length - 1 + nStep;
  const ring = length * Math.floor(config.replaySize / numEnvs / length);
  if (ring < 2 * (span + length)) {
    throw new UserError(`replaySize ${config.replaySize} is too small for ${numEnvs} environments`);
  }
  const slots = ring * numEnvs;
  const items = slots / length;
  const batchItems = Math.max(1, Math.floor(config.batchSize / length));
  let step = 0;
  let updates = 0;
  let gradientSteps = 0;
  const sizes = { store: slots, minibatch: batchItems * length, rows: Math.max(numEnvs, batchItems) };
  /** With the steps of an episode that somebody else has played. */
  const seen = (): number => step + (env.extraSteps ?? 0);
  const learner = agentLearner(context, sizes, seen);
  const target = createObserver({ engine, net, params, rows: batchItems });
  const replay = {
    actions: new Int32Array(slots),
    rewards: new Float32Array(slots),
    terminated: new Uint8Array(slots),
    truncated: new Uint8Array(slots),
    starts: new Uint8Array(slots),
    legal: new Uint8Array(slots * numActions),
    carries: new Float32Array(remembers ? items * net.carrySize : 0),
  };
  /** The ends of episodes that were cut, by slot. */
  const ends = new Map<number, End>();
  const [actionRng, replayRng] = [createRng(seed, 'actions'), createRng(seed, 'replay')];
  const sampler = config.prioritized
    ? prioritizedSampler(items, config.priorityExponent, replayRng)
    : uniformSampler(items, replayRng);
  const rewardScale = config.scaleRewards ? new RewardScale(numEnvs, gamma) : null;
  const memory = stepMemory(net, numEnvs);
  const actions = new Int32Array(numEnvs);
  const errors = new Float32Array(batchItems * length);
  /** What is looked at: one observation of each item. */
  const looked = learner.store.slice(0, batchItems * obsSize);

  const slotAt = (slot: number, steps: number): number => (slot + steps * numEnvs) % slots;
  const firstSlot = (item: number): number => (item - (item % numEnvs)) * length + (item % numEnvs);

  /** One step everywhere, stored. */
  function act(epsilon: number, episodes: { episodeReturns: number[]; episodeLengths: number[] }): void {
    const time = step / numEnvs;
    const at = (time % ring) * numEnvs;
    const begins = time % length === 0;
    if (begins && time >= ring) for (let e = 0; e < numEnvs; e++) sampler.remove(at / length + e);
    learner.store.set(env.obs, at * obsSize);
    replay.legal.set(env.legal, at * numActions);
    if (memory) replay.starts.set(memory.starts, at);
    if (memory && begins) replay.carries.set(memory.carry, (at / length) * net.carrySize);
    const whole = time - span;
    if (whole >= 0 && whole % length === 0) {
      for (let e = 0; e < numEnvs; e++) sampler.add(((whole % ring) * numEnvs) / length + e);
    }
    const scores = learner.outputs(env.obs, numEnvs, memory ?? undefined)[dueling ? 'advantage' : 'q'];
    for (let e = 0; e < numEnvs; e++) {
      actions[e] = epsilonGreedyRow(scores, e, numActions, env.legal, epsilon, actionRng);
    }
    env.step(actions);
    noteStarts(memory, env);
    replay.actions.set(actions, at);
    replay.rewards.set(env.rewards, at);
    replay.terminated.set(env.terminated, at);
    for (let e = 0; e < numEnvs; e++) {
      const slot = at + e;
      replay.truncated[slot] = env.truncated[e] && !env.terminated[e] ? 1 : 0;
      ends.delete(slot);
      if (replay.truncated[slot]) {
        ends.set(slot, {
          obs: env.finalObs.slice(e * obsSize, (e + 1) * obsSize),
          legal: env.finalLegal.slice(e * numActions, (e + 1) * numActions),
        });
      }
      if (!env.terminated[e] && !env.truncated[e]) continue;
      episodes.episodeReturns.push(env.returns[e]);
      episodes.episodeLengths.push(env.lengths[e]);
    }
    rewardScale?.update(
      env.rewards,
      Uint8Array.from(env.terminated, (flag, e) => flag | env.truncated[e]),
    );
    step += numEnvs;
  }

  const targetOf = (slot: number): Target => nStepTarget(replay, (k) => slotAt(slot, k), nStep, gamma);
  const scaled = (reward: number): number => reward / (rewardScale?.scale() ?? 1);

  /** The value of row `row` of what is looked at: by double Q-learning the target net's of the online net's choice. */
  function bootstrapValue(online: Float32Array, targets: Float32Array, row: number, legal: Uint8Array): number {
    const best = greedyRow((config.double ? online : targets).subarray(row * numActions), 0, numActions, legal);
    return targets[row * numActions + Math.max(0, best)];
  }

  const legalAt = (slot: number): Uint8Array => replay.legal.subarray(slot * numActions, (slot + 1) * numActions);

  /** Targets of single steps. */
  function stepTargets(chosen: Int32Array): Float32Array {
    const parts = Array.from(chosen, targetOf);
    const slotsAfter = chosen.map((slot, i) => slotAt(slot, parts[i].after));
    gatherRows(learner.store, slotsAfter, obsSize, looked);
    parts.forEach(({ isFinal }, i) => {
      if (isFinal) looked.set((ends.get(slotsAfter[i]) as End).obs, i * obsSize);
    });
    const [online, targets] = look(looked, chosen.length);
    return Float32Array.from(parts, ({ reward, discount, isFinal }, i) => {
      if (discount === 0) return scaled(reward);
      const legal = isFinal ? (ends.get(slotsAfter[i]) as End).legal : legalAt(slotsAfter[i]);
      return scaled(reward) + discount * bootstrapValue(online, targets, i, legal);
    });
  }

  /** What both nets say of observations: `[rows, actions]` each. The online net's is only needed to choose. */
  function look(obs: Uint8Array | Float32Array, rows: number): [online: Float32Array, target: Float32Array] {
    const targets = actionValues(target.outputs(obs, rows), dueling);
    return [config.double ? actionValues(learner.outputs(obs, rows), dueling) : targets, targets];
  }

  /** Targets of sequences, time-major `[length, items]`, with weight 0 where an episode was cut: what it led to is not kept. */
  function sequenceTargets(first: Int32Array, carry: Float32Array): { targets: Float32Array; weights: Float32Array } {
    const count = first.length;
    const valued = unroll(target, first, carry);
    const online = config.double ? unroll(learner, first, carry) : valued;
    const targets = new Float32Array(length * count);
    const weights = new Float32Array(length * count).fill(1);
    for (let t = 0; t < length; t++) {
      for (let i = 0; i < count; i++) {
        const slot = slotAt(first[i], burnIn + t);
        const { reward, discount, after, isFinal } = targetOf(slot);
        const at = t * count + i;
        targets[at] = scaled(reward);
        if (isFinal) weights[at] = 0;
        else if (discount > 0) {
          const seen = burnIn + t + after;
          targets[at] += discount * bootstrapValue(online[seen], valued[seen], i, legalAt(slotAt(slot, after)));
        }
      }
    }
    return { targets, weights };
  }

  /** Action values at each step of sequences, `[span + 1][items, actions]`. */
  function unroll(observer: Pick<Observer, 'outputs'>, first: Int32Array, carry: Float32Array): Float32Array[] {
    const own = { carry: carry.slice(), starts: new Uint8Array(first.length) };
    return Array.from({ length: span + 1 }, (_, t) => {
      const seen = first.map((slot) => slotAt(slot, t));
      own.starts.set(gather(replay.starts, seen));
      const obs = gatherRows(learner.store, seen, obsSize, looked);
      return actionValues(observer.outputs(obs, first.length, own), dueling).slice();
    });
  }

  /** One gradient step. Returns loss, mean value and the gradient's norm. */
  function learn(learningRate: (tensor: string) => number, progress: number): [number, number, number] {
    const beta = config.priorityCorrection + progress * (1 - config.priorityCorrection);
    const { items: chosen, weights } = sampler.draw(batchItems, beta);
    const first = chosen.map(firstSlot);
    const count = chosen.length;
    // Time-major, with the steps of the burn-in in front; of single steps that is what was chosen.
    const indices = Int32Array.from({ length: (burnIn + length) * count }, (_, i) =>
      slotAt(first[i % count], Math.floor(i / count)),
    );
    const carry = gatherRows(replay.carries, chosen, net.carrySize, new Float32Array(count * net.carrySize));
    const parts = remembers ? sequenceTargets(first, carry) : null;
    const targets = parts?.targets ?? stepTargets(chosen);
    const counted = weights && Float32Array.from(targets, (_, i) => weights[i % count]);
    const report = learner.minimize(
      indices,
      qLoss(
        { dueling, huber: true, errors },
        {
          actions: gather(replay.actions, indices.subarray(burnIn * count)),
          targets,
          weights: parts ? parts.weights.map((weight, i) => weight * (counted?.[i] ?? 1)) : counted,
        },
      ),
      learningRate,
      config.maxGradNorm,
      parts ? { steps: length, burnIn, carry, starts: gather(replay.starts, indices) } : undefined,
    );
    sampler.update(chosen, itemErrors(count, parts?.weights));
    if (++gradientSteps % config.targetEvery === 0) target.load(learner.params());
    return [report.loss, report.diagnostics[0], report.gradNorm];
  }

  /** Of a sequence 0.9 · greatest + 0.1 · mean (Kapturowski et al. 2019, section 2.3) over what is learned of it. */
  function itemErrors(count: number, weights?: Float32Array): Float32Array {
    return Float32Array.from({ length: count }, (_, i) => {
      let [max, sum, learned] = [0, 0, 0];
      for (let at = i; at < length * count; at += count) {
        if (weights?.[at] === 0) continue;
        max = Math.max(max, errors[at]);
        sum += errors[at];
        learned++;
      }
      return 0.9 * max + (0.1 * sum) / Math.max(1, learned);
    });
  }

  function update(): UpdateReport {
    const episodes = { episodeReturns: [] as number[], episodeLengths: [] as number[] };
    const epsilon = epsilonAt(config, seen(), totalTimesteps);
    const progress = Math.min(1, seen() / totalTimesteps);
    const { learningRate, rateOf } = learningRates(context, seen());
    const sums = [0, 0, 0];
    let count = 0;
    for (let i = 0; i < STEPS_PER_UPDATE; i++) {
      act(epsilon, episodes);
      if (step < config.learningStarts || sampler.count < batchItems) continue;
      const due = Math.floor(step / config.stepsPerGradient) - Math.floor((step - numEnvs) / config.stepsPerGradient);
      for (let j = 0; j < due; j++, count++) learn(rateOf, progress).forEach((value, k) => (sums[k] += value));
    }
    updates++;
    const [valueLoss, meanValue, gradNorm] = sums.map((sum) => sum / Math.max(1, count));
    return {
      ...episodes,
      metrics: {
        ...(count > 0 && { valueLoss, meanValue, gradNorm }),
        deadUnits: deadUnits(learner, Math.min(step, slots)),
        gradientSteps,
        epsilon,
        learningRate,
        ...learner.metrics?.(),
      },
    };
  }

  const isBinary = env.observation.kind === 'planes';
  return {
    get step() {
      return seen();
    },
    get updates() {
      return updates;
    },
    stepsPerUpdate: STEPS_PER_UPDATE * numEnvs,
    update,
    player: (mode, playerSeed) => netPlayer(net, learner.outputs, mode, playerSeed),
    params: () => learner.params(),
    normalizers: (): Params => (rewardScale ? { 'normalizers/value': Float32Array.of(rewardScale.scale()) } : {}),
    save: () => ({
      step,
      updates,
      gradientSteps,
      optimizer: learner.save(),
      target: target.params(),
      env: env.save(),
      obs: isBinary ? packBits(learner.store as Uint8Array) : learner.store.slice(),
      replay: Object.fromEntries(Object.entries(replay).map(([name, values]) => [name, values.slice()])),
      ends: [...ends].map(([slot, end]) => ({ slot, ...end })),
      sampler: sampler.save(),
      rngs: [actionRng.save(), replayRng.save()],
      rewardScale: rewardScale?.save() ?? null,
      memory: copyMemory(memory),
    }),
    load(state) {
      const saved = state as {
        step: number;
        updates: number;
        gradientSteps: number;
        optimizer: OptimizerState;
        target: Params;
        env: unknown;
        obs: Uint8Array | Float32Array;
        replay: typeof replay;
        ends: ({ slot: number } & End)[];
        sampler: unknown;
        rngs: Uint32Array[];
        rewardScale: RewardScaleState | null;
        memory: StepMemory | null;
      };
      ({ step, updates, gradientSteps } = saved);
      learner.load(saved.optimizer);
      target.load(saved.target);
      env.load(saved.env);
      if (isBinary) unpackBits(saved.obs as Uint8Array, learner.store as Uint8Array);
      else learner.store.set(saved.obs);
      for (const [name, values] of Object.entries(saved.replay)) replay[name as keyof typeof replay].set(values);
      ends.clear();
      for (const { slot, ...end } of saved.ends) ends.set(slot, end);
      sampler.load(saved.sampler);
      actionRng.load(saved.rngs[0]);
      replayRng.load(saved.rngs[1]);
      if (rewardScale && saved.rewardScale) rewardScale.load(saved.rewardScale);
      loadMemory(memory, saved.memory);
    },
    dispose() {
      learner.dispose();
      target.dispose();
    },
  };
}
