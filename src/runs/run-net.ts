import { algorithmIds, findAlgorithm } from '../agents/index.ts';
import { UserError } from '../core/errors.ts';
import type { ObservationSpec } from '../core/game.ts';
import { findEnv } from '../envs/index.ts';
import { buildPolicyNet, type PolicyNet } from '../nets/policy-net.ts';
import type { TrainingSpan } from '../transfer/method.ts';
import { inStage } from '../transfer/plan.ts';

/** The part of a run's config that defines its net. */
interface NetConfig {
  readonly env: string;
  readonly algorithm: string;
  readonly algorithmConfig: Record<string, unknown>;
  readonly net: string;
  readonly netConfig: Record<string, unknown>;
}

/** The part of a transfer that names stages: `heads/value`, `stem=0.1`. */
interface StageOptions {
  readonly reset: readonly string[];
  readonly stageLearningRates: readonly string[];
}

/** The net that a run trains. @throws UserError where it can't read the game's observation */
export function policyNetOf(config: NetConfig): PolicyNet {
  const spec = findEnv(config.env);
  const algorithm = findAlgorithm(config.algorithm);
  const net = buildPolicyNet({
    net: config.net,
    netConfig: config.netConfig,
    observation: spec.observation,
    heads: algorithm.heads(spec.actionSet, config.algorithmConfig),
    ...(algorithm.acting && { acting: algorithm.acting(config.algorithmConfig) }),
  });
  if (net.carrySize > 0 && !algorithm.carries) throw refusal(config, spec.observation);
  return net;
}

/** The net remembers, and the algorithm cannot train such nets. */
function refusal({ algorithm, net }: NetConfig, { kind }: ObservationSpec): UserError {
  const able = algorithmIds().filter((id) => findAlgorithm(id).carries);
  return new UserError(
    `${algorithm} can't train "${net}" on ${kind}: that net remembers earlier steps; algorithms that can: ` +
      `${able.join(', ')}`,
  );
}

/** The share of the learning rate that the user gave a stage (the longest prefix counts); 1 where none was given. */
export function stageRate(stage: string, { stageLearningRates }: Pick<StageOptions, 'stageLearningRates'>): number {
  const fitting = stageLearningRates
    .map((pair) => pair.split('='))
    .filter(([prefix]) => inStage(stage, prefix))
    .sort(([a], [b]) => b.length - a.length);
  return fitting.length > 0 ? Number(fitting[0][1]) : 1;
}

/** The stages of a net, in its order: `stem`, `trunk/0`, `heads/policy`. */
export const stagesOf = ({ tensors }: PolicyNet): string[] => [...new Set(tensors.map(({ stage }) => stage))];

/** What schedules of transfer methods go by. */
export const spanOf = ({ totalTimesteps }: { totalTimesteps: number }, net: PolicyNet): TrainingSpan => ({
  totalTimesteps,
  stages: stagesOf(net),
});

/** Checks that the net has the stages that a transfer names. @throws UserError naming the first that it lacks */
export function checkStages({ reset, stageLearningRates }: StageOptions, net: PolicyNet): void {
  const stages = stagesOf(net);
  const named = [...reset, ...stageLearningRates.map((pair) => pair.split('=')[0])];
  const bad = named.find((name) => !stages.some((stage) => inStage(stage, name)));
  if (bad !== undefined) throw new UserError(`unknown stage "${bad}"; valid: ${stages.join(', ')} and their prefixes`);
}
