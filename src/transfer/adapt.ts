import { UserError } from '../core/errors.ts';
import type { Named, ObservationSpec } from '../core/game.ts';
import { type Params, tensorSize } from '../core/tensors.ts';
import { buildPolicyNet, type PolicyNet, type PolicyNetSpec } from '../nets/policy-net.ts';
import type { Alignment } from './align.ts';
import { planTransfer, type SourceTensor, type TransferPlan, transferParams } from './plan.ts';

/** A policy as it was trained, and the env that it was trained on. */
export interface TrainedPolicy {
  readonly env: string;
  readonly spec: PolicyNetSpec;
  readonly tensors: Record<string, Omit<SourceTensor, 'name'>>;
  readonly params: Params;
}

/** An environment, as far as a policy meets it. */
export interface Scene {
  readonly id: string;
  readonly observation: ObservationSpec;
  readonly actionSet: readonly Named[];
}

/** A policy that can look at a game it was not trained on. */
export interface AdaptedPolicy {
  readonly net: PolicyNet;
  readonly params: Params;
  readonly plan: TransferPlan;
}

/**
 * The policy as it would see and play another game before any training there: layers moved by the transfer's alignment,
 * with zeros for what nothing matches, so that a channel that it does not know is one that it does not see, and an action
 * that it does not know has a score of 0. On its own game it is unchanged. `map`: matches asked for, as in a transfer.
 * @throws UserError where a stage of stem or trunk can't be moved
 */
export function adaptPolicy(
  policy: TrainedPolicy,
  game: Scene,
  alignment: Alignment,
  map: readonly string[] = [],
): AdaptedPolicy {
  const { spec } = policy;
  const [reads, shows] = [spec.observation.kind, game.observation.kind];
  if (reads !== shows)
    throw new UserError(`a policy of ${policy.env} can't see ${game.id}: it reads ${reads}, not ${shows}`);
  const heads = spec.heads.map((head) =>
    head.axis.kind === 'action' ? { ...head, axis: { kind: 'action' as const, labels: game.actionSet } } : head,
  );
  const net = buildPolicyNet({ ...spec, observation: game.observation, heads });
  const tensors = Object.entries(policy.tensors).map(([name, tensor]) => ({ name, ...tensor }));
  const plan = planTransfer(tensors, net.tensors, {
    source: policy.env,
    target: game.id,
    method: 'none',
    alignment,
    map,
    reset: [],
    training: () => 'not trained',
  });
  const blind = plan.entries.find(({ stage, origin }) => origin === 'fresh' && !stage.startsWith('heads/'));
  if (blind) throw new UserError(`a policy of ${policy.env} can't see ${game.id}: ${blind.tensor}: ${blind.reason}`);
  const zeros = Object.fromEntries(net.tensors.map((tensor) => [tensor.name, new Float32Array(tensorSize(tensor))]));
  return { net, params: transferParams(plan, { tensors, params: policy.params }, net.tensors, zeros), plan };
}
