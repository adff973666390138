import { isDeepStrictEqual } from 'node:util';
import { actorMimic } from '../agents/actor-mimic.ts';
import type { Teacher } from '../agents/algorithm.ts';
import { UserError } from '../core/errors.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { findEnv } from '../envs/index.ts';
import { mix, mixedAction, mixedGames } from '../envs/mix.ts';
import { actionsOf } from '../nets/acting.ts';
import { buildPolicyNet } from '../nets/policy-net.ts';
import type { PolicyCheckpoint } from './checkpoint.ts';
import { resolveTraining, type ResolvedBackend, type RunConfig, type TrainingRequest } from './config.ts';

/** A distillation as a user asks for it; games of its env that no teacher knows are switched off. */
export type DistillRequest = Omit<TrainingRequest, 'algorithm'>;

/** A checkpoint to learn from: its SHA-256, and what messages call it. */
interface TeacherCheckpoint {
  readonly id: string;
  readonly name: string;
  readonly checkpoint: PolicyCheckpoint;
}

/** As `resolveTraining`, for a distillation of these teachers; their order does not matter. @throws UserError */
export function resolveDistillation(
  { env, ...request }: DistillRequest,
  teachers: readonly TeacherCheckpoint[],
  engine: ResolvedBackend,
): RunConfig {
  if (teachers.length === 0) throw new UserError('a distillation needs teachers: checkpoints or run folders');
  const byGame = new Map<string, TeacherCheckpoint>();
  for (const teacher of teachers) {
    const game = gameOf(teacher.checkpoint, teacher.name);
    const other = byGame.get(game);
    if (other) throw new UserError(`${other.name} and ${teacher.name} both play ${game}: one teacher for each game`);
    byGame.set(game, teacher);
  }
  const spec = taughtGames(findEnv(env), [...byGame.keys()]);
  for (const { checkpoint, name } of teachers) teacherOf(checkpoint, name, spec);
  const sorted = mixedGames.flatMap((game) => byGame.get(game) ?? []);
  return resolveTraining(
    { ...request, algorithm: actorMimic.id, env: spec.id },
    engine,
    sorted.map(({ id, checkpoint }) => ({ source: id, sourceInfo: checkpoint.info })),
  );
}

/** The mix without the games that are not taught. @throws UserError where it is no mix, or nothing would be left */
function taughtGames({ id, game, variant }: EnvSpec, taught: readonly string[]): EnvSpec {
  if (game.id !== mix.id) throw new UserError(`teachers are distilled on the game ${mix.id}, not on ${game.id}`);
  const untaught = mixedGames.filter((name) => variant[name] === true && !taught.includes(name));
  const options = untaught.map((name) => `${name}=false`).join('&');
  return findEnv(options === '' ? id : `${id}${id.includes('?') ? '&' : '?'}${options}`);
}

/**
 * A checkpoint as a teacher on a mix. `name`: what messages call it. @throws UserError where it is of no game there, or
 * sees or does something else than is seen and done there
 */
export function teacherOf({ info, spec, params }: PolicyCheckpoint, name: string, env: EnvSpec): Teacher {
  const game = gameOf({ info }, name);
  if (!isDeepStrictEqual(spec.observation, env.observation)) {
    throw new UserError(`${name} does not see canonical planes: train it on ${game}?observation=canonical`);
  }
  const actions = actionsOf(spec, name).map((action) => {
    const own = mixedAction(game, action.name);
    const index = env.actionSet.findIndex((offered) => offered.name === own);
    if (index < 0) throw new UserError(`${name} can't teach on ${env.id}, which has no action "${own}"`);
    return index;
  });
  return { net: buildPolicyNet(spec), params, actions };
}

/** The game that a policy plays. @throws UserError where no mix has it */
function gameOf({ info }: Pick<PolicyCheckpoint, 'info'>, name: string): string {
  const [game] = info.env.split('?');
  if (mixedGames.includes(game)) return game;
  throw new UserError(`${name} plays ${game}, which no mix has; games with teachers: ${mixedGames.join(', ')}`);
}
