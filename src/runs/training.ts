import { findAlgorithm } from '../agents/index.ts';
import type { Agent } from '../core/agent.ts';
import type { Params } from '../core/tensors.ts';
import type { VecEnv } from '../core/vec-env.ts';
import type { Engine } from '../engine/types.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { findEnv } from '../envs/index.ts';
import { createVecEnv } from '../envs/vec-env.ts';
import type { PolicyNet } from '../nets/policy-net.ts';
import { controlParams } from '../transfer/control.ts';
import { findMethod } from '../transfer/index.ts';
import { planTransfer, type SourceTensor, type TransferPlan, transferParams } from '../transfer/plan.ts';
import { decodeCheckpoint, encodeCheckpoint, type PolicyCheckpoint, type PolicyInfo } from './checkpoint.ts';
import type { ResolvedTransfer, RunConfig } from './config.ts';
import { evaluatePlayer } from './evaluate.ts';
import { stageRate } from './run-net.ts';

/*
 * A training in memory, with nothing of files: the same wherever the engine runs, so that what a page trains is what a
 * run trains (`run.ts`), bit for bit.
 */

/** The part of a run's config that its training depends on. */
export type TrainingConfig = Pick<
  RunConfig,
  | 'env'
  | 'gameRevision'
  | 'algorithm'
  | 'algorithmConfig'
  | 'net'
  | 'netConfig'
  | 'totalTimesteps'
  | 'seed'
  | 'evaluations'
  | 'evaluationEpisodes'
  | 'transfer'
  | 'label'
>;

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

/** An agent with fresh parameters, or the source's by a plan. `threads` change nothing but the time. */
export function createTraining(
  config: TrainingConfig,
  net: PolicyNet,
  engine: Engine,
  source: SourceCheckpoint | null,
  threads: number,
): Training {
  const spec = findEnv(config.env);
  const algorithm = findAlgorithm(config.algorithm);
  const env = createVecEnv(spec, algorithm.numEnvs(config.algorithmConfig), config.seed);
  const { params, plan } = initialParams(config, net, source);
  const agent = algorithm.create({
    engine,
    env,
    net,
    params,
    config: config.algorithmConfig,
    seed: config.seed,
    totalTimesteps: config.totalTimesteps,
    learningRateScale: learningRateScale(config, net),
    threads,
  });
  return { config, spec, env, net, agent, plan };
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

/** Fresh parameters, or the source's by a plan. */
function initialParams(
  config: TrainingConfig,
  net: PolicyNet,
  source: SourceCheckpoint | null,
): { params: Params; plan: TransferPlan | null } {
  const fresh = net.init(config.seed);
  if (!config.transfer) return { params: fresh, plan: null };
  if (!source) throw new Error('a transfer run needs its source checkpoint');
  const checkpoint = decodeCheckpoint(source.bytes, source.name);
  const plan = planFor(config, net, checkpoint);
  const from = { tensors: sourceTensors(checkpoint), params: checkpoint.params };
  const params = transferParams(plan, from, net.tensors, fresh);
  const { control } = config.transfer;
  if (!control) return { params, plan };
  const places = { plan, source: from.tensors, target: net.tensors };
  return { params: controlParams(control, places, params, config.seed), plan };
}

/** What a transfer run would do with a source, without doing it. */
export function planFor(config: TrainingConfig, net: PolicyNet, source: PolicyCheckpoint): TransferPlan {
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
    training: (stage) => withRate(method.describe(transfer.methodConfig, stage, config), stageRate(stage, transfer)),
  });
}

const withRate = (words: string, rate: number): string => {
  if (rate === 1 || words === 'frozen') return words;
  if (rate === 0) return 'frozen';
  const [whole, share] = ['learning rate x 1', `learning rate x ${rate}`];
  return words.includes(whole) ? words.replace(whole, share) : `${words}, ${share}`;
};

const sourceTensors = (checkpoint: PolicyCheckpoint): SourceTensor[] =>
  Object.entries(checkpoint.tensors).map(([name, { stage, axes }]) => ({ name, stage, axes }));

/** The share of the learning rate for each tensor over time: the method's schedule times the rates by stage. */
function learningRateScale(config: TrainingConfig, net: PolicyNet): (tensor: string, step: number) => number {
  const { transfer } = config;
  if (!transfer) return () => 1;
  const method = findMethod(transfer.method);
  const stages = new Map(net.tensors.map(({ name, stage }) => [name, stage]));
  return (tensor, step) => {
    const stage = stages.get(tensor) as string;
    return method.scale(transfer.methodConfig, stage, step, config) * stageRate(stage, transfer);
  };
}
