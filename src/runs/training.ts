import { findAlgorithm } from '../agents/index.ts';
import type { AgentContext, Algorithm } from '../agents/algorithm.ts';
import type { Agent } from '../core/agent.ts';
import { UserError } from '../core/errors.ts';
import type { VecEnv } from '../core/vec-env.ts';
import type { Engine } from '../engine/types.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { findEnv } from '../envs/index.ts';
import { createVecEnv } from '../envs/vec-env.ts';
import type { PolicyNet, PolicyNetSpec } from '../nets/policy-net.ts';
import { joinWords } from '../transfer/compose.ts';
import { controlParams } from '../transfer/control.ts';
import { findMethod } from '../transfer/index.ts';
import { inStage, planTransfer, type TransferPlan, transferParams } from '../transfer/plan.ts';
import { decodeCheckpoint, encodeCheckpoint, type PolicyCheckpoint, type PolicyInfo } from './checkpoint.ts';
import type { ResolvedTransfer, TrainingConfig } from './config.ts';
import { evaluatePlayer } from './evaluate.ts';
import { type MethodHooks, methodHooks, type Moved, sourceTensors } from './method-hooks.ts';
import { policyNetOf, spanOf, stageRate, stagesOf } from './run-net.ts';

/*
 * A training in memory, with nothing of files: the same wherever the engine runs, so that what a page trains is what a
 * run trains (`run.ts`), bit for bit.
 */

/** One evaluation during training. */
export interface EvaluationRow {
  readonly step: number;
  readonly mean: number;
  readonly returns: readonly number[];
}

/** Bytes of a source checkpoint and what to call it. */
export interface SourceCheckpoint {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What learns, before its first update. */
export interface Training {
  readonly config: TrainingConfig;
  readonly spec: EnvSpec;
  /** To be reset, or brought to where it was by the agent's `load`. */
  readonly env: VecEnv;
  readonly net: PolicyNet;
  readonly agent: Agent;
  /** Null without a transfer. */
  readonly plan: TransferPlan | null;
}

/** Where a training begins, and what a transfer's method adds to it. */
export interface Beginning extends MethodHooks {
  /** Null without a transfer. */
  readonly plan: TransferPlan | null;
  /** The source's net, where the method looks at what it says. */
  readonly looksAt?: PolicyNetSpec;
}

/**
 * Fresh parameters, or the source's by a plan and what the method makes of them. `recentReturns`: of the last training
 * episodes, as they will be by then. @throws UserError where the method has no use for the source or the net
 */
export function beginningOf(
  config: TrainingConfig,
  net: PolicyNet,
  source: SourceCheckpoint | null,
  recentReturns: readonly number[],
): Beginning {
  if (!config.transfer) return { params: net.init(config.seed), plan: null };
  if (!source) throw new Error('a transfer run needs its source checkpoint');
  const moved = move(config, net, decodeCheckpoint(source.bytes, source.name));
  refuseIdle(config, net, moved.plan);
  const hooks = methodHooks(config, net, moved, recentReturns);
  return { ...hooks, plan: moved.plan, ...(hooks.extendLearner && { looksAt: moved.checkpoint.spec }) };
}

/**
 * Would a transfer from a run of `source` begin? Tried with what that run begins with, before anything is trained.
 * @throws UserError as `beginningOf`, naming the pair
 */
export function checkTransfer(config: TrainingConfig, source: TrainingConfig): void {
  const { env, gameRevision, algorithm, seed } = source;
  const from = policyNetOf(source);
  const bytes = encodeCheckpoint(from, from.init(seed), { env, gameRevision, algorithm, step: 0, seed });
  try {
    beginningOf(config, policyNetOf(config), { name: env, bytes }, []);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`from ${env} to ${config.env}: ${error.message}`) : error;
  }
}

/** An agent, ready to learn. `threads` change nothing but the time; `teachers` are those of a distillation. */
export function createTraining(
  config: TrainingConfig,
  net: PolicyNet,
  engine: Engine,
  beginning: Beginning,
  given: Pick<AgentContext<unknown>, 'threads' | 'teachers'>,
): Training {
  const spec = findEnv(config.env);
  const algorithm = findAlgorithm(config.algorithm);
  const own = createVecEnv(spec, algorithm.numEnvs(config.algorithmConfig), config.seed);
  const env = beginning.wrapEnv?.(own) ?? own;
  const agent = createAgent(algorithm, beginning, {
    engine,
    env,
    net,
    config: config.algorithmConfig,
    seed: config.seed,
    totalTimesteps: config.totalTimesteps,
    learningRateScale: learningRateScale(config, net),
    ...given,
  });
  return { config, spec, env, net, agent, plan: beginning.plan };
}

/** @throws UserError where the algorithm has no place for what the method adds to the learner */
function createAgent(
  algorithm: Algorithm,
  { params, extendLearner }: MethodHooks,
  context: Omit<AgentContext<Record<string, unknown>>, 'params' | 'extendLearner'>,
): Agent {
  if (!extendLearner) return algorithm.create({ ...context, params });
  let isExtended = false;
  const agent = algorithm.create({
    ...context,
    params,
    extendLearner(...parts) {
      isExtended = true;
      return extendLearner(...parts);
    },
  });
  if (isExtended) return agent;
  agent.dispose();
  throw new UserError(`${algorithm.id} takes nothing of a method but its schedule: it learns without agentLearner`);
}

/**
 * At step 0, then `evaluations` times evenly up to the end, after the update that reaches the step; never twice after the
 * same one, also where updates are longer than that and a run is resumed.
 */
export function isEvaluationDue({ config, agent }: Training, done: readonly EvaluationRow[]): boolean {
  if (agent.step === done.at(-1)?.step) return false;
  return agent.step >= (config.totalTimesteps * done.length) / config.evaluations;
}

/** Plays evaluation number `index` of a training. @throws StoppedError when asked to stop */
export async function playEvaluation(
  { config, spec, agent }: Training,
  index: number,
  stopRequested?: () => boolean,
): Promise<EvaluationRow> {
  const player = agent.player('sampled', `${config.seed}/evaluation/${index}`);
  const played = await evaluatePlayer(spec, player, config.evaluationEpisodes, index, stopRequested);
  return { step: agent.step, mean: played.mean, returns: played.returns };
}

/** The policy as it is now, as a checkpoint file's bytes. */
export function checkpointOf({ config, net, agent }: Training): Uint8Array {
  const info: PolicyInfo = {
    env: config.env,
    gameRevision: config.gameRevision,
    algorithm: config.algorithm,
    step: agent.step,
    seed: config.seed,
    ...(config.label && { label: config.label }),
  };
  return encodeCheckpoint(net, agent.params(), info, agent.normalizers());
}

/** The source's parameters by a plan, fresh ones elsewhere. */
function move(config: TrainingConfig, net: PolicyNet, checkpoint: PolicyCheckpoint): Moved {
  const plan = planFor(config, net, checkpoint);
  const fresh = net.init(config.seed);
  const from = { tensors: sourceTensors(checkpoint), params: checkpoint.params };
  const params = transferParams(plan, from, net.tensors, fresh);
  const moved = { plan, checkpoint, fresh, params };
  const { control } = config.transfer as ResolvedTransfer;
  if (!control) return moved;
  const places = { plan, source: from.tensors, target: net.tensors };
  return { ...moved, params: controlParams(control, places, params, config.seed) };
}

/** What a transfer run would do with a source, without doing it. */
function planFor(config: TrainingConfig, net: PolicyNet, source: PolicyCheckpoint): TransferPlan {
  const transfer = config.transfer as ResolvedTransfer;
  const method = findMethod(transfer.method);
  return planTransfer(sourceTensors(source), net.tensors, {
    source: source.info.env,
    target: config.env,
    method: transfer.method,
    alignment: transfer.alignment,
    map: transfer.map,
    control: transfer.control,
    reset: transfer.reset,
    training(stage) {
      const rate = stageRate(stage, transfer);
      const words = method.describe(transfer.methodConfig, stage, spanOf(config, net));
      return joinWords([words, rate === 0 ? 'frozen' : `learning rate x ${rate}`]);
    },
  });
}

/** @throws UserError where nothing would learn, or a stage would not that starts fresh though nobody asked for it */
function refuseIdle(config: TrainingConfig, net: PolicyNet, { entries }: TransferPlan): void {
  const transfer = config.transfer as ResolvedTransfer;
  const scale = learningRateScale(config, net);
  if (net.tensors.every(({ name }) => scale(name, 0) === 0)) {
    throw new UserError('every tensor is frozen: nothing would learn');
  }
  const idle = stagesOf(net)
    .filter((stage) => stageRate(stage, transfer) === 0 && !transfer.reset.some((name) => inStage(stage, name)))
    .find((stage) => entries.every((entry) => entry.stage !== stage || entry.origin === 'fresh'));
  if (idle !== undefined) {
    throw new UserError(
      `${idle} starts fresh and is frozen: it would never learn; name it in reset, or do not freeze it`,
    );
  }
}

/** The share of the learning rate for each tensor over time: the method's schedule times the rates by stage. */
function learningRateScale(config: TrainingConfig, net: PolicyNet): (tensor: string, step: number) => number {
  const { transfer } = config;
  if (!transfer) return () => 1;
  const method = findMethod(transfer.method);
  const stages = new Map(net.tensors.map(({ name, stage }) => [name, stage]));
  const span = spanOf(config, net);
  return (tensor, step) => {
    const stage = stages.get(tensor) as string;
    return method.scale(transfer.methodConfig, stage, step, span) * stageRate(stage, transfer);
  };
}
