import * as z from 'zod';
import { UserError } from '../core/errors.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { findEnv } from '../envs/index.ts';
import { type Evaluation, evaluationEnv } from './evaluate.ts';

const replaySchema = z.object({
  format: z.literal('ngplus-replay/1'),
  env: z.string(),
  gameRevision: z.number(),
  /** Seed and number of the episodes: with the actions they give every state again. */
  seed: z.int(),
  player: z.string(),
  policy: z.string(),
  episodes: z.array(
    z.object({
      return: z.number(),
      length: z.int(),
      /** One hexadecimal byte each, as indices into the env's actions. */
      actions: z.string(),
    }),
  ),
});

/** Recorded episodes of an evaluation. A few kilobytes each: states are simulated again, not stored. */
export type Replay = z.output<typeof replaySchema>;

export function makeReplay(
  spec: EnvSpec,
  { seed, player, policy }: { seed: number; player: string; policy: string },
  { returns, lengths, actions = [] }: Evaluation,
): Replay {
  return {
    format: 'ngplus-replay/1',
    env: spec.id,
    gameRevision: spec.game.revision,
    seed,
    player,
    policy,
    episodes: returns.map((value, e) => ({
      return: value,
      length: lengths[e],
      actions: Buffer.from(actions[e]).toString('hex'),
    })),
  };
}

/** @throws UserError naming the file where its content is not a replay */
export function parseReplay(text: string, name: string): Replay {
  try {
    return replaySchema.parse(JSON.parse(text));
  } catch {
    throw new UserError(`${name} is not a replay (format ngplus-replay/1)`);
  }
}

/**
 * Plays a replay's episodes again; `show` sees the environments before each step. @throws UserError where the game has
 * changed since, so that another return comes out
 */
export function playReplay(replay: Replay, show: (env: ReturnType<typeof evaluationEnv>) => void = () => {}): void {
  const spec = findEnv(replay.env);
  const changed = (): never => {
    const { gameRevision } = replay;
    const { id, revision } = spec.game;
    const reason =
      gameRevision === revision
        ? `it was changed, or the rules of ${id} were, and not its revision, ${revision}`
        : `recorded with revision ${gameRevision} of ${id}, this is ${revision}`;
    throw new UserError(`the replay plays out differently: ${reason}`);
  };
  const count = replay.episodes.length;
  const env = evaluationEnv(spec, count, replay.seed);
  const recorded = replay.episodes.map(({ actions }) => Buffer.from(actions, 'hex'));
  const chosen = new Int32Array(count);
  const done = new Uint8Array(count);
  env.reset();
  for (let step = 0; done.includes(0); step++) {
    show(env);
    for (let e = 0; e < count; e++) chosen[e] = recorded[e][step] ?? 0;
    env.step(chosen);
    for (let e = 0; e < count; e++) {
      if (done[e]) continue;
      done[e] = env.terminated[e] | env.truncated[e];
      const isLast = step + 1 === replay.episodes[e].length;
      if (isLast !== (done[e] === 1) || (isLast && env.returns[e] !== replay.episodes[e].return)) changed();
    }
  }
}
