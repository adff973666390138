import * as z from 'zod';
import { netPlayer, plainLook } from '../agents/net-player.ts';
import { randomPlayer } from '../agents/random-player.ts';
import { findEnv } from '../envs/index.ts';
import { decodeCheckpoint } from '../runs/checkpoint.ts';
import { check } from '../runs/config.ts';
import { loadGameOfRun } from '../runs/game-module.ts';
import { readSource } from '../runs/source.ts';
import { linearCka } from '../stats/cka.ts';
import { adaptPolicy, type TrainedPolicy } from '../transfer/adapt.ts';
import { ALIGNMENTS } from '../transfer/align.ts';
import { collectObservations, stageFeatures } from './observations.ts';

export const similarityOptions = z.object({
  observations: z.int().min(10).max(10_000).default(1000).describe('observations to compare them on, of each play'),
  seed: z.int().min(0).default(0).describe('seed of the play'),
  alignment: z.enum(ALIGNMENTS).default('role').describe('how a policy of another game sees this one'),
});

export interface SimilarityOptions extends Partial<z.input<typeof similarityOptions>> {
  /** Checkpoint files, run folders (their newest checkpoint) or trained policies of ours (`zoo:breakout`). */
  a: string;
  b: string;
  /** Env id of what both look at; default: the game of `a`. */
  env?: string;
}

export interface SimilarityResult {
  readonly a: string;
  readonly b: string;
  readonly env: string;
  readonly observations: number;
  readonly seed: number;
  /** For each stage that both have, linear CKA on observations of random play and of play by `a`; null: undefined. */
  readonly stages: readonly { readonly stage: string; readonly random: number | null; readonly a: number | null }[];
}

/** How alike two nets see the same observations, stage by stage. @throws UserError where one can't see the game */
export async function similarity({ a, b, env, ...rest }: SimilarityOptions): Promise<SimilarityResult> {
  const { observations, seed, alignment } = check(similarityOptions, rest, 'similarity');
  const [first, second] = [await readPolicy(a), await readPolicy(b)];
  const spec = findEnv(env ?? first.env);
  const [left, right] = [first, second].map((policy) => adaptPolicy(policy, spec, alignment));
  const players = [randomPlayer(seed), netPlayer(left.net, plainLook(left.net, left.params), 'sampled', seed)];
  const plays = players.map((player) => {
    const seen = collectObservations(spec, player, observations, seed);
    return [left, right].map((policy) => stageFeatures(policy, seen));
  });
  const [random, own] = plays.map(
    ([of, with_]) =>
      new Map(
        [...of].flatMap(([stage, features]) => {
          const other = with_.get(stage);
          return other ? [[stage, finite(linearCka(features, other))] as const] : [];
        }),
      ),
  );
  const stages = [...random].map(([stage, value]) => ({ stage, random: value, a: own.get(stage) ?? null }));
  return { a, b, env: spec.id, observations, seed, stages };
}

/** The policy that a path stands for; of a run, also with its game, net and algorithm. @throws UserError where there is none */
export async function readPolicy(path: string): Promise<TrainedPolicy> {
  await loadGameOfRun(path);
  const { name, bytes } = readSource(path);
  const { info, ...policy } = decodeCheckpoint(bytes, name);
  return { env: info.env, ...policy };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
