import { z } from 'zod';
import { greedyRow, sampleRow } from '../agents/categorical.ts';
import { randomPlayer } from '../agents/random-player.ts';
import type { Player } from '../core/agent.ts';
import { UserError } from '../core/errors.ts';
import type { Game } from '../core/game.ts';
import { createRng } from '../core/rng.ts';
import { tensorShape } from '../core/tensors.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { findEnv } from '../envs/index.ts';
import { buildPolicyNet } from '../nets/policy-net.ts';
import { checkParams, decodeCheckpoint, type PolicyCheckpoint, type PolicyInfo } from '../runs/checkpoint.ts';
import { check } from '../runs/config.ts';
import { evaluatePlayer } from '../runs/evaluate.ts';
import { loadGameModule, loadGameOfRun } from '../runs/game-module.ts';
import { readSource } from '../runs/source.ts';
import { aggregateScores } from '../stats/aggregate.ts';
import { quantile } from '../stats/bootstrap.ts';
import { loadEngine } from '../engine/index.ts';

export const evaluateOptions = z.object({
  policy: z.enum(['greedy', 'sampled']).default('greedy').describe('take the most probable action, or sample'),
  episodes: z.int().min(1).max(100_000).default(100).describe('episodes to play'),
  seed: z.int().min(0).default(0).describe('seed of the episodes'),
  backend: z.enum(['auto', 'tensorflow', 'wasm', 'cpu']).default('auto').describe('tensor backend'),
});

export interface EvaluateOptions extends Partial<z.input<typeof evaluateOptions>> {
  /** A checkpoint file, a run folder (its newest checkpoint), or `random`. */
  player: string;
  /** Env id; default: the one the policy was trained on. Its channels and actions must be the same. */
  env?: string;
  /** A file whose default export is a game of your own. */
  game?: string | string[];
}

export interface EvaluateResult {
  readonly player: string;
  readonly env: string;
  readonly policy: 'greedy' | 'sampled' | 'random';
  readonly episodes: number;
  readonly seed: number;
  readonly mean: number;
  readonly median: number;
  readonly iqm: number;
  /** 95 % bootstrap interval of the mean over episodes. */
  readonly low: number;
  readonly high: number;
  readonly returns: number[];
  readonly lengths: number[];
  readonly info: PolicyInfo | null;
}

/** Plays whole episodes, cut at 10,000 steps. @throws UserError for an unknown player, or one that does not fit */
export async function evaluate(options: EvaluateOptions): Promise<EvaluateResult> {
  const { player: name, env: envId, game, ...rest } = options;
  const games: Game[] = [];
  for (const file of [game ?? []].flat()) games.push(await loadGameModule(file));
  await loadGameOfRun(name);
  const { policy, episodes, seed, backend } = check(evaluateOptions, rest, 'evaluate');
  const isRandom = name === 'random';
  const randomEnv = envId ?? games[0]?.id;
  if (isRandom && randomEnv === undefined) throw new UserError('the random player needs an env: --env breakout');
  const source = isRandom ? null : readSource(name);
  const checkpoint = source && decodeCheckpoint(source.bytes, source.name);
  const spec = findEnv(checkpoint ? (envId ?? checkpoint.info.env) : randomEnv);
  const trained = checkpoint && (await policyPlayer(checkpoint, spec, policy, seed, backend));
  const { mean, returns, lengths } = evaluatePlayer(spec, trained ?? randomPlayer(seed), episodes, seed);
  trained?.dispose();
  const scores = returns.map((value) => [value]);
  const estimates = aggregateScores(scores, { rng: createRng(seed, 'evaluate'), resamples: 2000 });
  return {
    player: source?.name ?? name,
    env: spec.id,
    policy: checkpoint ? policy : 'random',
    episodes,
    seed,
    mean,
    median: quantile(
      [...returns].sort((a, b) => a - b),
      0.5,
    ),
    iqm: estimates.iqm.value ?? mean,
    low: estimates.mean.low ?? mean,
    high: estimates.mean.high ?? mean,
    returns,
    lengths,
    info: checkpoint?.info ?? null,
  };
}

/** A player of a checkpoint's policy. @throws UserError where its observations or actions are not the environment's */
async function policyPlayer(
  checkpoint: PolicyCheckpoint,
  spec: EnvSpec,
  mode: 'greedy' | 'sampled',
  seed: number,
  backend: z.output<typeof evaluateOptions>['backend'],
): Promise<Player & { dispose(): void }> {
  const net = buildPolicyNet(checkpoint.spec);
  checkParams(net, checkpoint.params, 'checkpoint');
  const head = checkpoint.spec.heads.find(({ name }) => name === 'policy');
  const actions = head?.axis.kind === 'action' ? head.axis.labels : [];
  const fits =
    JSON.stringify(checkpoint.spec.observation) === JSON.stringify(spec.observation) &&
    JSON.stringify(actions) === JSON.stringify(spec.actionSet);
  if (!fits) {
    throw new UserError(
      `a policy of ${checkpoint.info.env} can't play ${spec.id}: other observations or actions; use ngplus transfer`,
    );
  }
  const { tf } = await loadEngine(backend);
  const params = Object.fromEntries(
    net.tensors.map((spec) => [spec.name, tf.tensor(checkpoint.params[spec.name], tensorShape(spec))]),
  );
  const rng = createRng(seed, 'player');
  return {
    act(env, out) {
      const logits = tf.tidy(() => {
        const obs = tf.tensor(Float32Array.from(env.obs), [env.numEnvs, ...net.obsShape]);
        return net.forward(tf, params, obs).outputs.policy.dataSync() as Float32Array;
      });
      for (let e = 0; e < env.numEnvs; e++) {
        out[e] =
          mode === 'greedy'
            ? greedyRow(logits, e, actions.length, env.legal)
            : sampleRow(logits, e, actions.length, env.legal, rng).action;
      }
    },
    dispose: () => tf.dispose(params),
  };
}
