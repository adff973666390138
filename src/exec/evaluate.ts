import * as z from 'zod';
import { createObserver } from '../agents/learner.ts';
import { netPlayer } from '../agents/net-player.ts';
import { randomPlayer } from '../agents/random-player.ts';
import { scriptedPlayer } from '../agents/scripted-player.ts';
import type { Player } from '../core/agent.ts';
import { StoppedError, UserError } from '../core/errors.ts';
import { createRng } from '../core/rng.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { findEnv, games } from '../envs/index.ts';
import { actionsOf } from '../nets/acting.ts';
import { buildPolicyNet } from '../nets/policy-net.ts';
import { checkParams, decodeCheckpoint, type PolicyCheckpoint, type PolicyInfo } from '../runs/checkpoint.ts';
import { check } from '../runs/config.ts';
import { evaluatePlayer } from '../runs/evaluate.ts';
import { loadGameModule, loadGameOfRun, loadModule } from '../runs/game-module.ts';
import { makeReplay, type Replay } from '../runs/replay.ts';
import { readSource } from '../runs/source.ts';
import { adaptPolicy } from '../transfer/adapt.ts';
import { aggregateScores } from '../stats/aggregate.ts';
import { quantile } from '../stats/bootstrap.ts';
import { loadEngine } from '../engine/index.ts';
import { BACKENDS } from '../engine/types.ts';

export const evaluateOptions = z.object({
  policy: z.enum(['greedy', 'sampled']).default('greedy').describe('take the most probable action, or sample'),
  episodes: z.int().min(1).max(100_000).default(100).describe('episodes to play'),
  seed: z.int().min(0).default(0).describe('seed of the episodes'),
  backend: z
    .enum(['auto', ...BACKENDS])
    .default('auto')
    .describe('tensor backend'),
});

export interface EvaluateOptions extends Partial<z.input<typeof evaluateOptions>> {
  /** A checkpoint file, a run folder (its newest checkpoint), a trained policy of ours (`zoo:breakout`), `random` or `scripted`. */
  player: string;
  /** Env id; default: the one the policy was trained on. Its channels must be the same, its actions among the policy's. */
  env?: string;
  /** Files with games of your own (`./my-game.ts?basketWidth=3` is also the default env), used instead of the run's. */
  game?: string | string[];
  /** Files with nets, algorithms, transfer methods or games of your own. */
  modules?: string[];
  /** Also record the episodes. */
  record?: boolean;
  /** Aborting ends it: the promise rejects with a `StoppedError`. */
  signal?: AbortSignal;
}

export interface EvaluateResult {
  readonly player: string;
  readonly env: string;
  readonly policy: 'greedy' | 'sampled' | 'random' | 'scripted';
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
  /** Where a file of yours was used instead of the one that the run was trained with. */
  readonly notes: readonly string[];
  /** The episodes' actions, where they were asked for. */
  readonly replay?: Replay;
}

/** Plays whole episodes, cut at 10,000 steps. @throws UserError for an unknown player, or one that does not fit */
export async function evaluate(options: EvaluateOptions): Promise<EvaluateResult> {
  const { player: name, env: envId, game, modules = [], signal, record = false, ...rest } = options;
  const given: EnvSpec[] = [];
  for (const file of [game ?? []].flat()) given.push(await loadGameModule(file));
  for (const file of modules) await loadModule(file);
  const notes = await loadGameOfRun(name);
  const settled = check(evaluateOptions, rest, 'evaluate');
  const { policy, episodes, seed } = settled;
  const isPlain = name === 'random' || name === 'scripted';
  const plainEnv = envId ?? given[0]?.id;
  if (isPlain && plainEnv === undefined) throw new UserError(`the ${name} player needs an env: --env breakout`);
  const source = isPlain ? null : readSource(name);
  const checkpoint = source && decodeCheckpoint(source.bytes, source.name);
  const variant = given.find(({ id, game: { id: plain } }) => id !== plain)?.id;
  const spec = findEnv(checkpoint ? (envId ?? variant ?? trainedEnv(checkpoint)) : plainEnv);
  if (record) refuseRecording(spec);
  const trained = checkpoint && (await policyPlayer(checkpoint, spec, settled));
  const stopRequested = (): boolean => {
    // Nothing of it is kept, so there is nothing to go on from.
    if (signal?.aborted) throw new StoppedError('stopped');
    return false;
  };
  const player = trained ?? (name === 'random' ? randomPlayer(seed) : scriptedPlayer(spec));
  const played = await evaluatePlayer(spec, player, episodes, seed, stopRequested, record).finally(() =>
    trained?.dispose(),
  );
  const { mean, returns, lengths } = played;
  const chosenBy = checkpoint ? policy : (name as 'random' | 'scripted');
  const scores = returns.map((value) => [value]);
  const estimates = aggregateScores(scores, { rng: createRng(seed, 'evaluate'), resamples: 2000 });
  return {
    player: source?.name ?? name,
    env: spec.id,
    policy: chosenBy,
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
    notes,
    ...(record && { replay: makeReplay(spec, { seed, player: source?.name ?? name, policy: chosenBy }, played) }),
  };
}

/** @throws UserError where a replay, a byte for each step, can't hold what is played */
function refuseRecording({ id, game, actionSet }: EnvSpec): void {
  if (game.players !== 1)
    throw new UserError(`${id} can't be recorded: a replay is of one player, not ${game.players}`);
  if (actionSet.length > 256) throw new UserError(`${id} can't be recorded: a replay is of 256 actions at most`);
}

function trainedEnv({ info: { env } }: PolicyCheckpoint): string {
  const id = env.split('?')[0];
  if (games.some((game) => game.id === id)) return env;
  throw new UserError(`unknown game "${id}": give its file with --game`);
}

/**
 * A player of a checkpoint's policy; of one that has learned a mix also on one of its games. @throws UserError where it sees
 * something else, or lacks some of the environment's actions
 */
async function policyPlayer(
  checkpoint: PolicyCheckpoint,
  spec: EnvSpec,
  { policy: mode, episodes, seed, backend }: z.output<typeof evaluateOptions>,
): Promise<Player & { dispose(): void }> {
  const own = { net: buildPolicyNet(checkpoint.spec), params: checkpoint.params };
  checkParams(own.net, own.params, 'checkpoint');
  const known = actionsOf(checkpoint.spec, 'checkpoint').map((action) => JSON.stringify(action));
  const wanted = spec.actionSet.map((action) => JSON.stringify(action));
  const fits =
    JSON.stringify(checkpoint.spec.observation) === JSON.stringify(spec.observation) &&
    wanted.every((action) => known.includes(action));
  if (!fits) {
    throw new UserError(
      `a policy of ${checkpoint.info.env} can't play ${spec.id}: other observations or actions; use ngplus transfer`,
    );
  }
  // On the clear path: the same to the last bit wherever a policy is played.
  const engine = { ...(await loadEngine(backend)), fused: undefined };
  const isWhole = wanted.join() === known.join();
  const { net, params } = isWhole ? own : adaptPolicy({ ...checkpoint, env: checkpoint.info.env }, spec, 'role');
  const { outputs, dispose } = createObserver({ engine, net, params, rows: episodes });
  return { ...netPlayer(net, outputs, mode, seed), dispose };
}
