/**
 * `ngplus/play`: use a trained policy in a game. Plain TypeScript for Node and browser, without tfjs or Node modules.
 *
 *     const policy = loadPolicy(await (await fetch('policy.safetensors')).arrayBuffer());
 *     const action = policy.actions[policy.act(observation)].name;
 */
import { UserError } from './core/errors.ts';
import { type Named, type ObservationSpec, observationSize } from './core/game.ts';
import { actionsOf, probabilitiesOf, SOFTMAX_POLICY, valueOf } from './nets/acting.ts';
import { buildPolicyNet } from './nets/policy-net.ts';
import { checkParams, decodeCheckpoint, type PolicyInfo } from './runs/checkpoint.ts';

/** What a policy thinks of an observation. The arrays are overwritten by the next call. */
export interface Thought {
  /** `[actions]`, sums to 1; 0 for illegal actions. By these the policy acts where it does not act greedily. */
  readonly probabilities: Float32Array;
  /** Expected discounted return from here; NaN where the algorithm learns none. */
  readonly value: number;
  /** The best action (the first of equals). */
  readonly action: number;
}

/** A policy, ready to act. */
export interface Policy {
  readonly info: PolicyInfo;
  /** What an observation holds, by name: `[height, width, channel]` planes of 0 and 1, or features. */
  readonly observation: ObservationSpec;
  /** What the numbers returned by `act` mean. */
  readonly actions: readonly Named[];
  /** The greedy action. `legal` (1 or 0 for each action) leaves illegal ones out. */
  act(obs: ArrayLike<number>, legal?: ArrayLike<number>): number;
  evaluate(obs: ArrayLike<number>, legal?: ArrayLike<number>): Thought;
  /** An episode begins: forgets what was seen before. Only policies that remember (recurrent ones) need to be told. */
  reset(): void;
}

/**
 * Loads a checkpoint file's bytes.
 * @throws UserError where the bytes are not a whole policy checkpoint, or an observation has the wrong length
 */
export function loadPolicy(checkpoint: Uint8Array | ArrayBuffer, name = 'checkpoint'): Policy {
  const bytes = checkpoint instanceof Uint8Array ? checkpoint : new Uint8Array(checkpoint);
  const { info, spec, params, normalizers } = decodeCheckpoint(bytes, name);
  const net = buildPolicyNet(spec);
  checkParams(net, params, name);
  const rule = spec.acting ?? SOFTMAX_POLICY;
  const actions = actionsOf(spec, name);
  const valueScale = normalizers['normalizers/value']?.[0] ?? 1;
  const size = observationSize(spec.observation);
  const probabilities = new Float32Array(actions.length);
  const carry = new Float32Array(net.carrySize);
  const evaluate = (obs: ArrayLike<number>, legal?: ArrayLike<number>): Thought => {
    if (obs.length !== size) throw new UserError(`observation has ${obs.length} values; ${info.env} has ${size}`);
    const outputs = net.infer(params, obs, carry);
    const scores = outputs[rule.head];
    const action = probabilitiesOf(rule, scores, legal, probabilities);
    return { probabilities, value: valueOf(rule, outputs, action) * valueScale, action };
  };
  return {
    info,
    observation: spec.observation,
    actions,
    evaluate,
    act: (obs, legal) => evaluate(obs, legal).action,
    reset: () => void carry.fill(0),
  };
}
