import { UserError } from '../core/errors.ts';
import type { ObservationSpec } from '../core/game.ts';
import { greedyRow, SOFTMAX_POLICY, valueOf } from '../nets/acting.ts';
import { buildPolicyNet } from '../nets/policy-net.ts';
import { loadPolicy } from '../play.ts';
import { decodeCheckpoint, type PolicyCheckpoint } from '../runs/checkpoint.ts';
import { playEpisode, type RecordingOptions } from './recording.ts';
import { turns } from './turns.ts';

/** What in an observation a policy's choice and its value rest on. Plain data. */
export interface Thought {
  /** Steps of the episode before it. */
  readonly frame: number;
  readonly action: number;
  /** Of the action chosen, by a softmax of the scores of all legal ones (of action values too). */
  readonly logProb: number;
  /** Expected discounted return; null where the algorithm learns none. */
  readonly value: number | null;
  /**
   * How much higher each of them is than without one part of the observation: for each cell of a board (row by row, all
   * its channels set to 0 at once), or for each feature set to 0.
   */
  readonly saliency: { readonly logProb: readonly number[]; readonly value: readonly number[] | null };
}

/** An episode as its policy saw it. */
export interface Mind {
  /** @throws UserError for a frame without a choice */
  look(frame: number): Promise<Thought>;
}

/** A moment at which the policy chose. */
interface Seen {
  readonly obs: Uint8Array | Float32Array;
  readonly legal: Uint8Array;
  readonly action: number;
}

type Judgement = Pick<Thought, 'logProb' | 'value'>;

/** Nets can be slow: a board and its past are looked at in turns of about this long. */
const TURN_MS = 10;

/**
 * Plays an episode (the same that is recorded with these options) and keeps what the policy saw, to look into its mind
 * at any moment. Occlusion (Zeiler & Fergus 2014), which needs no gradients. Parts that are 0 anyway cost nothing.
 * @throws UserError where the bytes are no policy checkpoint of a game that is known
 */
export async function openMind(bytes: Uint8Array, name: string, options: RecordingOptions): Promise<Mind> {
  const checkpoint = decodeCheckpoint(bytes, name);
  const seen = await watch(bytes, name, options);
  const net = buildPolicyNet(checkpoint.spec);
  return {
    async look(frame) {
      const moment = seen[frame];
      if (moment === undefined) {
        throw new UserError(`no action is chosen at frame ${frame}; valid: 0 to ${seen.length - 1}`);
      }
      const carry = new Float32Array(net.carrySize);
      if (net.carrySize > 0) await remember(seen.slice(0, frame), (obs) => net.infer(checkpoint.params, obs, carry));
      const judge = (obs: ArrayLike<number>): Judgement =>
        judgement(checkpoint, net.infer(checkpoint.params, obs, carry.slice()), moment);
      const whole = judge(moment.obs);
      const lacking = await occlude(moment.obs, partsOf(checkpoint.spec.observation), whole, judge);
      const logProb = lacking.map((each) => whole.logProb - each.logProb);
      const value = whole.value === null ? null : lacking.map((each) => whole.value! - each.value!);
      return { frame, action: moment.action, ...whole, saliency: { logProb, value } };
    },
  };
}

/** What a net's outputs say of the action that was chosen. */
function judgement(
  { spec, normalizers }: PolicyCheckpoint,
  outputs: Record<string, Float32Array>,
  { legal, action }: Seen,
): Judgement {
  const rule = spec.acting ?? SOFTMAX_POLICY;
  const scores = outputs[rule.head];
  const scale = normalizers['normalizers/value']?.[0] ?? 1;
  const value = valueOf(rule, outputs, greedyRow(scores, 0, scores.length, legal)) * scale;
  return { logProb: logSoftmax(scores, legal, action), value: Number.isNaN(value) ? null : value };
}

/** Goes through what was seen before, so that a net that remembers does. */
async function remember(past: readonly Seen[], infer: (obs: Seen['obs']) => unknown): Promise<void> {
  const turn = turns(TURN_MS);
  for (const { obs } of past) {
    infer(obs);
    await turn();
  }
}

/** The judgement without each part of an observation in turn. */
async function occlude(
  obs: Uint8Array | Float32Array,
  parts: readonly (readonly [from: number, to: number])[],
  whole: Judgement,
  judge: (obs: ArrayLike<number>) => Judgement,
): Promise<Judgement[]> {
  const turn = turns(TURN_MS);
  const lacking: Judgement[] = [];
  for (const [from, to] of parts) {
    const isEmpty = obs.subarray(from, to).every((value) => value === 0);
    lacking.push(isEmpty ? whole : judge(obs.slice().fill(0, from, to)));
    await turn();
  }
  return lacking;
}

/** What the policy (the first player's, where both act) sees whenever it chooses. */
async function watch(bytes: Uint8Array, name: string, options: RecordingOptions): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { show, choice } of playEpisode(loadPolicy(bytes, name), options)) {
    if (choice.action === null) break;
    const { toAct, obs, obsSize, legal, actions } = show.env;
    const seat = Math.max(0, toAct[0]);
    seen.push({
      obs: obs.slice(seat * obsSize, (seat + 1) * obsSize),
      legal: legal.slice(seat * actions.length, (seat + 1) * actions.length),
      action: choice.action,
    });
  }
  return seen;
}

/** Where the values of each part begin and end: all channels of a cell, or one feature. */
function partsOf(observation: ObservationSpec): [from: number, to: number][] {
  const isPlanes = observation.kind === 'planes';
  const size = isPlanes ? observation.channels.length : 1;
  const count = isPlanes ? observation.height * observation.width : observation.features.length;
  return Array.from({ length: count }, (_, part) => [part * size, (part + 1) * size]);
}

function logSoftmax(scores: Float32Array, legal: Uint8Array, action: number): number {
  const greatest = scores.reduce((most, score, a) => (legal[a] === 1 ? Math.max(most, score) : most), -Infinity);
  const sum = scores.reduce((total, score, a) => total + (legal[a] === 1 ? Math.exp(score - greatest) : 0), 0);
  return scores[action] - greatest - Math.log(sum);
}
