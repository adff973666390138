import { UserError } from '../core/errors.ts';
import type { Named } from '../core/game.ts';
import type { Rng } from '../core/rng.ts';
import type { Axis } from '../core/tensors.ts';

/**
 * How a net's outputs become actions, as plain data: part of every checkpoint.
 * `softmax`: the head holds logits. `epsilon-greedy`: it holds action values, or where a `baseline` is named their
 * advantages over it (dueling networks, Wang et al. 2016); `epsilon` is the share of random actions where they are wanted.
 */
export type ActingRule =
  | { readonly kind: 'softmax'; readonly head: string }
  | { readonly kind: 'epsilon-greedy'; readonly head: string; readonly baseline?: string; readonly epsilon: number };

/** That of a net whose spec names none. */
export const SOFTMAX_POLICY: ActingRule = { kind: 'softmax', head: 'policy' };

/** Greedy: the best action. Sampled: as the rule says. */
export type ActingMode = 'greedy' | 'sampled';

/** What the rule's head says of each action. @throws UserError where the net has no such head over actions */
export function actionsOf(
  { heads, acting = SOFTMAX_POLICY }: { heads: readonly { name: string; axis: Axis }[]; acting?: ActingRule },
  name: string,
): readonly Named[] {
  const axis = heads.find((head) => head.name === acting.head)?.axis;
  if (axis?.kind !== 'action') throw new UserError(`${name} has no ${acting.head} head over actions`);
  return axis.labels;
}

/** The best legal action of row `row` of `scores [rows, actions]` (the first of equals); -1 where none is legal. */
export function greedyRow(scores: Float32Array, row: number, actions: number, legal?: ArrayLike<number>): number {
  const from = row * actions;
  let best = -1;
  for (let a = 0; a < actions; a++) {
    if ((!legal || legal[from + a]) && (best < 0 || scores[from + a] > scores[from + best])) best = a;
  }
  return best;
}

/** Samples row `row` of `logits [rows, actions]` by inverse CDF with one uniform. */
export function sampleRow(
  logits: Float32Array,
  row: number,
  actions: number,
  legal: Uint8Array,
  rng: Rng,
): { action: number; logProb: number } {
  const from = row * actions;
  let max = -Infinity;
  for (let a = 0; a < actions; a++) if (legal[from + a] && logits[from + a] > max) max = logits[from + a];
  let sum = 0;
  for (let a = 0; a < actions; a++) if (legal[from + a]) sum += Math.exp(logits[from + a] - max);
  let rest = rng.float() * sum;
  let action = -1;
  for (let a = 0; a < actions; a++) {
    if (!legal[from + a]) continue;
    action = a;
    rest -= Math.exp(logits[from + a] - max);
    if (rest < 0) break;
  }
  return { action, logProb: logits[from + action] - max - Math.log(sum) };
}

/** With probability `epsilon` any legal action of row `row`, else the best. One uniform. */
export function epsilonGreedyRow(
  scores: Float32Array,
  row: number,
  actions: number,
  legal: Uint8Array,
  epsilon: number,
  rng: Rng,
): number {
  const uniform = rng.float();
  if (uniform >= epsilon) return greedyRow(scores, row, actions, legal);
  const from = row * actions;
  let count = 0;
  for (let a = 0; a < actions; a++) count += legal[from + a];
  let left = Math.floor((uniform / epsilon) * count);
  for (let a = 0; a < actions; a++) if (legal[from + a] && left-- === 0) return a;
  return 0;
}

/** An action by the rule. */
export function actRow(
  rule: ActingRule,
  mode: ActingMode,
  scores: Float32Array,
  row: number,
  actions: number,
  legal: Uint8Array,
  rng: Rng,
): number {
  if (mode === 'greedy') return Math.max(0, greedyRow(scores, row, actions, legal));
  if (rule.kind === 'softmax') return sampleRow(scores, row, actions, legal, rng).action;
  return epsilonGreedyRow(scores, row, actions, legal, rule.epsilon, rng);
}

/**
 * Writes the probabilities by which `sampled` acts, of one row of scores (0 for illegal actions), and returns the best
 * action. @throws UserError where none is legal
 */
export function probabilitiesOf(
  rule: ActingRule,
  scores: Float32Array,
  legal: ArrayLike<number> | undefined,
  out: Float32Array,
): number {
  const best = greedyRow(scores, 0, scores.length, legal);
  if (best < 0) throw new UserError('no action is legal');
  const weight = (a: number): number => {
    if (legal && !legal[a]) return 0;
    return rule.kind === 'softmax' ? Math.exp(scores[a] - scores[best]) : 1;
  };
  let sum = 0;
  for (let a = 0; a < out.length; a++) sum += out[a] = weight(a);
  const share = (rule.kind === 'softmax' ? 1 : rule.epsilon) / sum;
  for (let a = 0; a < out.length; a++) out[a] *= share;
  if (rule.kind === 'epsilon-greedy') out[best] += 1 - rule.epsilon;
  return best;
}

/** What a net's outputs of one observation say its expected return is; NaN where they say nothing. */
export function valueOf(rule: ActingRule, outputs: Record<string, Float32Array>, best: number): number {
  if (rule.kind === 'softmax') return outputs.value?.[0] ?? Number.NaN;
  const scores = outputs[rule.head];
  if (rule.baseline === undefined) return scores[best];
  const mean = scores.reduce((sum, advantage) => sum + advantage, 0) / scores.length;
  return outputs[rule.baseline][0] + scores[best] - mean;
}
