import * as z from 'zod';
import { algorithmSchema, netSchema, withDefaults } from '../agents/algorithm.ts';
import { findAlgorithm } from '../agents/index.ts';
import { UserError } from '../core/errors.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { findEnv } from '../envs/index.ts';
import { netFor } from '../nets/index.ts';
import type { PolicyNetSpec } from '../nets/policy-net.ts';
import { raceOptions } from '../exec/study.ts';
import { decodeCheckpoint, inheritedOptions, type PolicyCheckpoint } from '../runs/checkpoint.ts';
import { trainingOptions } from '../runs/config.ts';
import { isGameFile, loadGameModule, loadModule } from '../runs/game-module.ts';
import type { SourceCheckpoint } from '../runs/training.ts';
import { flagOf, type Given } from './flags.ts';

/** A user's own files. */
export const gameOption = z.object({
  game: z.array(z.string()).default([]).describe('file with a game of your own, e.g. ./my-game.ts?basketWidth=3'),
  module: z.array(z.string()).default([]).describe('file with nets, algorithms, methods or games of your own'),
});

/** Where work is kept and what is written besides. */
export const workOptions = z.object({
  folder: z.string().default('').describe('folder of the run (default: runs/<game>-<id>)'),
  threads: z.int().min(0).max(256).default(0).describe('threads to share the work among (default: one for each core)'),
  tensorboard: z.boolean().default(false).describe('also write TensorBoard event files'),
  json: z.string().default('').describe('also write the result as JSON to this file, - for standard output'),
});

export const envOption = z.object({
  env: z.string().default('').describe('env id, e.g. breakout?paddleWidth=2, or a file (default: the game of --game)'),
});

/** @throws UserError for options of a gate where there is none */
export function checkGate(given: Given): void {
  const stray = Object.keys(raceOptions.shape).find((name) => given(name) !== undefined);
  const isOn = given('gate') === 'true' || given('gate') === '1';
  if (stray !== undefined && !isOn) throw new UserError(`${flagOf(stray)} is of a gate: it needs --gate`);
}

/**
 * The options of the algorithm and of the net that a command line names, with their defaults for its env; where a policy
 * is the source, its net and sizes are the default.
 */
export async function learnerOptions(
  given: Given,
  env: string | undefined,
  source?: PolicyCheckpoint,
): Promise<z.ZodObject> {
  const files = (name: string): string[] => given(name)?.split(',') ?? [];
  const games = await loadModules({ game: files('game'), module: files('module') });
  const spec = env ? await namedEnv(env) : games[0];
  const { algorithm: algorithmId, net: netId } = trainingOptions.shape;
  const kind = spec?.observation.kind ?? 'planes';
  const algorithm = findAlgorithm(given('algorithm') ?? algorithmId.parse(undefined));
  const net = netFor(given('net') ?? netId.parse(undefined), kind, source?.spec);
  const sizes = netSchema(net, algorithm);
  const defaults = net.id === source?.spec.net ? withDefaults(sizes, inheritedOptions(source, algorithm)) : sizes;
  return algorithmSchema(algorithm, kind).extend(defaults.shape);
}

/** The policy of a source. */
export const decoded = ({ bytes, name }: SourceCheckpoint): PolicyCheckpoint => decodeCheckpoint(bytes, name);

/** Sorts parsed options into a request: those of the algorithm and of the net go into configs of their own. */
export async function trainingRequest(options: Record<string, unknown>, source?: PolicyNetSpec) {
  const env = await envOf(options as Modules & { env: string });
  const algorithm = findAlgorithm(options.algorithm as string);
  const kind = findEnv(env).observation.kind;
  const net = netFor(options.net as string, kind, source);
  return {
    env,
    ...(pick(options, trainingOptions) as Partial<z.input<typeof trainingOptions>>),
    algorithmConfig: pick(options, algorithm.schema),
    netConfig: pick(options, net.schema),
  };
}

/** The env asked for, or the game of `--game`. @throws UserError where neither is given */
async function envOf({ env, ...files }: Modules & { env: string }): Promise<string> {
  const games = await loadModules(files);
  const id = env ? (await namedEnv(env)).id : games[0]?.id;
  if (!id) throw new UserError('which game? name an env, e.g. breakout (ngplus games lists them), or give --game FILE');
  return id;
}

/** The env that a word names: an id, or a file with a game of one's own. */
export const namedEnv = async (text: string): Promise<EnvSpec> =>
  isGameFile(text) ? loadGameModule(text) : findEnv(text);

type Modules = z.output<typeof gameOption>;

/** Registers what users' files hold; opens the games, in order. @throws UserError where a file holds nothing */
export async function loadModules({ game, module }: Modules): Promise<EnvSpec[]> {
  const games: EnvSpec[] = [];
  for (const file of game) games.push(await loadGameModule(file));
  for (const file of module) await loadModule(file);
  return games;
}

export function pick(options: Record<string, unknown>, schema: z.ZodObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name in schema.shape));
}
