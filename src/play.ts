/**
 * `ngplus/play`: use a trained policy in a game. Plain TypeScript for Node and browser, without tfjs or Node modules.
 *
 *     const policy = loadPolicy(await (await fetch('policy.safetensors')).arrayBuffer());
 *     const action = policy.actions[policy.act(observation)].name;
 */
import { UserError } from './core/errors.ts';
import { type Named, type ObservationSpec, observationSize } from './core/game.ts';
import { buildPolicyNet } from './nets/policy-net.ts';
import { checkParams, decodeCheckpoint, type PolicyInfo } from './runs/checkpoint.ts';

/** What a policy thinks of an observation. The arrays are overwritten by the next call. */
export interface Thought {
  /** `[actions]`, sums to 1; 0 for illegal actions. */
  readonly probabilities: Float32Array;
  /** Expected discounted return from here; NaN where the algorithm learns none. */
  readonly value: number;
  /** The most probable action (the first of equals). */
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
  const axis = spec.heads.find((head) => head.name === 'policy')?.axis;
  if (axis?.kind !== 'action') throw new UserError(`${name} has no policy head over actions`);
  const valueScale = normalizers['normalizers/value']?.[0] ?? 1;
  const size = observationSize(spec.observation);
  const probabilities = new Float32Array(axis.labels.length);
  const evaluate = (obs: ArrayLike<number>, legal?: ArrayLike<number>): Thought => {
    if (obs.length !== size) throw new UserError(`observation has ${obs.length} values; ${info.env} has ${size}`);
    const { policy: logits, value } = net.infer(params, obs);
    return {
      probabilities,
      value: value ? value[0] * valueScale : Number.NaN,
      action: softmax(logits, probabilities, legal),
    };
  };
  return {
    info,
    observation: spec.observation,
    actions: axis.labels,
    evaluate,
    act: (obs, legal) => evaluate(obs, legal).action,
  };
}

/** Writes the probabilities of the logits and returns the index of the greatest. */
function softmax(logits: Float32Array, out: Float32Array, legal?: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < logits.length; i++) {
    if ((!legal || legal[i]) && (best < 0 || logits[i] > logits[best])) best = i;
  }
  if (best < 0) throw new UserError('no action is legal');
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    out[i] = !legal || legal[i] ? Math.exp(logits[i] - logits[best]) : 0;
    sum += out[i];
  }
  for (let i = 0; i < out.length; i++) out[i] /= sum;
  return best;
}
