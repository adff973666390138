import type { AgentContext } from '../agents/algorithm.ts';
import { type Params, tensorSize } from '../core/tensors.ts';
import type { VecEnv } from '../core/vec-env.ts';
import { findEnv } from '../envs/index.ts';
import { buildPolicyNet, type PolicyNet } from '../nets/policy-net.ts';
import { adaptPolicy } from '../transfer/adapt.ts';
import { controlParams, takenValues } from '../transfer/control.ts';
import { findMethod } from '../transfer/index.ts';
import type { Actor, Boundary, MethodContext } from '../transfer/method.ts';
import { type SourceTensor, type TransferPlan, transferParams } from '../transfer/plan.ts';
import type { PolicyCheckpoint } from './checkpoint.ts';
import type { ResolvedTransfer, TrainingConfig } from './config.ts';
import { evaluationEnv } from './evaluate.ts';
import { spanOf } from './run-net.ts';

/** A transfer that is made: parameters before any method's `start`. */
export interface Moved {
  readonly plan: TransferPlan;
  readonly checkpoint: PolicyCheckpoint;
  readonly fresh: Params;
  readonly params: Params;
}

/** What a transfer method does besides its schedule. */
export interface MethodHooks {
  /** Where training begins. */
  readonly params: Params;
  readonly extendLearner?: AgentContext<unknown>['extendLearner'];
  readonly wrapEnv?: (env: VecEnv) => VecEnv;
}

/** Methods look at episodes that no evaluation plays. */
const OWN_EPISODES = 500_000;

/** What the run's method makes of a transfer. `recentReturns`: of the last training episodes, as they will be by then. */
export function methodHooks(
  config: TrainingConfig,
  net: PolicyNet,
  moved: Moved,
  recentReturns: readonly number[],
): MethodHooks {
  const { method: id, methodConfig } = config.transfer as ResolvedTransfer;
  const { check, start, learner, env } = findMethod(id);
  const { plan, checkpoint, fresh, params } = moved;
  const taken = takenValues(plan, sourceTensors(checkpoint), net.tensors);
  const boundary: Boundary = { tensors: net.tensors, params, fresh, taken };
  const first = start?.(methodConfig, boundary) ?? params;
  const context: MethodContext = {
    boundary,
    start: first,
    span: spanOf(config, net),
    seed: config.seed,
    recentReturn: () => (recentReturns.length > 0 ? mean(recentReturns) : null),
    teacher: () => teacherOf(config, checkpoint),
    source: () => actor(buildPolicyNet(checkpoint.spec), checkpoint.params, checkpoint.info.env),
    toTarget: (values) => toTarget(config, net, moved, values),
  };
  check?.(net, context);
  return {
    params: first,
    ...(learner && {
      extendLearner: (inner, options, step) => learner(methodConfig, inner, { ...context, options, step }),
    }),
    ...(env && { wrapEnv: (inner) => env(methodConfig, inner, context) }),
  };
}

/** The tensors of a checkpoint, as plans know them. */
export const sourceTensors = (checkpoint: PolicyCheckpoint): SourceTensor[] =>
  Object.entries(checkpoint.tensors).map(([name, { stage, axes }]) => ({ name, stage, axes }));

const actor = (net: PolicyNet, params: Params, env: string): Actor => ({
  net,
  params,
  envs(count) {
    const envs = evaluationEnv(findEnv(env), count, OWN_EPISODES);
    envs.reset();
    return envs;
  },
});

/** The source's policy on the target; of a control one as worthless as what was transferred. */
function teacherOf({ env, seed, transfer }: TrainingConfig, checkpoint: PolicyCheckpoint): Actor {
  const { alignment, map, control } = transfer as ResolvedTransfer;
  const { id, observation, actionSet } = findEnv(env);
  const policy = { ...checkpoint, env: checkpoint.info.env };
  const { net, params, plan } = adaptPolicy(policy, { id, observation, actionSet }, alignment, map);
  const places = { plan, source: sourceTensors(checkpoint), target: net.tensors };
  return actor(net, control ? controlParams(control, places, params, seed) : params, env);
}

/** In a control the values are shuffled within each tensor, so that they tell nothing of their places. */
function toTarget(
  { seed, transfer }: TrainingConfig,
  net: PolicyNet,
  { plan, checkpoint }: Moved,
  values: Params,
): Params {
  const source = sourceTensors(checkpoint);
  const zeros = Object.fromEntries(net.tensors.map((spec) => [spec.name, new Float32Array(tensorSize(spec))]));
  const there = transferParams(plan, { tensors: source, params: values }, net.tensors, zeros);
  if (!transfer?.control) return there;
  return controlParams('shuffled', { plan, source, target: net.tensors }, there, seed);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
