import * as z from 'zod';
import { netPlayer, plainLook } from '../agents/net-player.ts';
import { randomPlayer } from '../agents/random-player.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { findEnv } from '../envs/index.ts';
import { probabilitiesOf, SOFTMAX_POLICY } from '../nets/acting.ts';
import { check } from '../runs/config.ts';
import { evaluatePlayer } from '../runs/evaluate.ts';
import { effectiveDimension } from '../stats/cka.ts';
import { mean } from '../stats/curve.ts';
import { adaptPolicy, type AdaptedPolicy } from '../transfer/adapt.ts';
import { isHead } from '../transfer/method.ts';
import { rankSources, type Signals, type SourceScore } from '../transfer/predict.ts';
import { collectObservations, stageFeatures } from './observations.ts';
import { readPolicy } from './similarity.ts';

export const predictOptions = z.object({
  episodes: z.int().min(1).max(10_000).default(20).describe('episodes that each policy plays on the target'),
  observations: z.int().min(10).max(10_000).default(500).describe('observations of random play'),
  seed: z.int().min(0).default(0).describe('seed of the play'),
});

export interface PredictOptions extends Partial<z.input<typeof predictOptions>> {
  /** Env id. */
  target: string;
  /** Checkpoint files, run folders (their newest checkpoint) or trained policies of ours (`zoo:breakout`). */
  sources: readonly string[];
}

/**
 * Which source is likely to help a target most, the best first, by signals that cost no training.
 * @throws UserError where a source can't see the target
 */
export async function predictSource({ target, sources, ...rest }: PredictOptions): Promise<SourceScore[]> {
  const options = check(predictOptions, rest, 'predict-source');
  const spec = findEnv(target);
  const { mean: randomReturn } = await evaluatePlayer(spec, randomPlayer(options.seed), options.episodes, options.seed);
  const seen = collectObservations(spec, randomPlayer(options.seed), options.observations, options.seed);
  const candidates = [];
  for (const source of sources) {
    const policy = adaptPolicy(await readPolicy(source), spec, 'role');
    candidates.push({ source, signals: await signalsOf(policy, spec, { randomReturn, seen }, options) });
  }
  return rankSources(candidates);
}

/** What random play on the target returns on average, and what it sees. */
interface RandomPlay {
  readonly randomReturn: number;
  readonly seen: readonly Float32Array[];
}

async function signalsOf(
  policy: AdaptedPolicy,
  spec: EnvSpec,
  { randomReturn, seen }: RandomPlay,
  { episodes, seed }: z.output<typeof predictOptions>,
): Promise<Signals> {
  const { net, params, plan } = policy;
  const matched = (kinds: readonly string[]): number => {
    const labels = plan.matches.filter(({ axis }) => kinds.includes(axis));
    return labels.filter(({ source }) => source !== null).length / labels.length;
  };
  const body = plan.entries.filter(({ stage }) => !isHead(stage));
  const features = [...stageFeatures(policy, seen)].filter(([stage]) => !isHead(stage));
  const dimension = effectiveDimension(features[features.length - 1][1]);
  const player = netPlayer(net, plainLook(net, params), 'sampled', seed);
  return {
    channels: matched(['channel', 'feature']),
    actions: matched(['action']),
    copied: sum(body.map(({ copiedValues }) => copiedValues)) / sum(body.map(({ totalValues }) => totalValues)),
    zeroShot: (await evaluatePlayer(spec, player, episodes, seed)).mean - randomReturn,
    // A trunk that says the same of everything uses no direction.
    dimension: Number.isNaN(dimension) ? 0 : dimension,
    entropy: mean(seen.map((obs) => entropyShare(policy, obs))),
  };
}

/** Entropy of what the policy does on an observation, from 0 to 1. */
function entropyShare({ net, params }: AdaptedPolicy, obs: Float32Array): number {
  const rule = net.spec.acting ?? SOFTMAX_POLICY;
  const scores = net.infer(params, obs, new Float32Array(net.carrySize))[rule.head];
  const probabilities = new Float32Array(scores.length);
  probabilitiesOf(rule, scores, undefined, probabilities);
  return -sum([...probabilities].map((p) => (p > 0 ? p * Math.log(p) : 0))) / Math.log(scores.length);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
