import { createHash } from 'node:crypto';
import { z } from 'zod';
import { algorithmSchema } from '../agents/algorithm.ts';
import { algorithmIds, findAlgorithm } from '../agents/index.ts';
import { unknownValue } from '../core/errors.ts';
import { checkValues } from '../core/schema.ts';
import type { BackendName } from '../engine/types.ts';
import { findEnv } from '../envs/index.ts';
import { findNet, netIds } from '../nets/index.ts';
import { ALIGNMENTS, type Alignment } from '../transfer/align.ts';
import { findMethod, methodIds } from '../transfer/index.ts';
import type { PolicyInfo } from './checkpoint.ts';
import { type GameModule, gameModuleOf } from './game-module.ts';
import { VERSION } from './version.ts';

/** What every training takes, transferred or not. */
export const trainingOptions = z.object({
  algorithm: z
    .string()
    .default('ppo')
    .describe(`learning algorithm: ${algorithmIds().join(', ')}`),
  net: z
    .string()
    .default('')
    .describe(`net: ${netIds().join(', ')} (default: conv for planes, mlp for features)`),
  totalTimesteps: z.number().int().min(1).default(1_000_000).describe('env steps to train for'),
  seed: z.int().min(0).default(0).describe('seed of everything random'),
  evaluations: z.int().min(1).max(1000).default(10).describe('evaluations during training, besides the one at step 0'),
  evaluationEpisodes: z.int().min(1).max(10_000).default(20).describe('episodes of each evaluation'),
  backend: z.enum(['auto', 'tensorflow', 'wasm', 'cpu']).default('auto').describe('tensor backend'),
  keepCheckpoints: z.int().min(1).max(10_000).default(5).describe('newest checkpoints to keep'),
  label: z.string().default('').describe('name shown in lists and in the viewer'),
});

/** How layers move and what learns. */
export const transferOptions = z.object({
  method: z
    .string()
    .default('full')
    .describe(`how the target is trained: ${methodIds().join(', ')}`),
  alignment: z.enum(ALIGNMENTS).default('role').describe('how channels, features and actions are matched'),
  reset: z
    .array(z.string())
    .default(['heads/value'])
    .describe('stages that start fresh whatever could be copied (stem, trunk, heads/policy, heads/value; none)'),
  stageLearningRates: z
    .array(
      z
        .string()
        .refine((text) => /^[\w/-]+=\d*\.?\d+(e-?\d+)?$/i.test(text), 'valid: stage=share, as in stem=0.1,trunk=0.5'),
    )
    .default([])
    .describe('share of the learning rate by stage, e.g. stem=0.1,trunk=0.5'),
});

/** A training as a user asks for it; what is left out has its default. */
export interface TrainingRequest extends Partial<z.input<typeof trainingOptions>> {
  /** Env id: `breakout?paddleWidth=2`. */
  env: string;
  /** Options of the algorithm, of the net, of the transfer method. */
  algorithmConfig?: Record<string, unknown>;
  netConfig?: Record<string, unknown>;
}

/** A transfer as a user asks for it. */
export interface TransferRequest extends TrainingRequest, Partial<z.input<typeof transferOptions>> {
  /** The checkpoint to start from: a file, or a run folder (its newest checkpoint). */
  source: string;
  methodConfig?: Record<string, unknown>;
}

export interface ResolvedTransfer {
  /** What identifies the source: the run that made it, or the SHA-256 of the checkpoint. */
  readonly source: string;
  readonly sourceInfo: PolicyInfo | null;
  readonly method: string;
  readonly methodConfig: Record<string, unknown>;
  readonly alignment: Alignment;
  readonly reset: readonly string[];
  readonly stageLearningRates: readonly string[];
}

/** A training with every default, version and backend settled: the content of `config.json`. */
export interface RunConfig {
  readonly format: 1;
  readonly version: string;
  readonly env: string;
  readonly gameRevision: number;
  /** The user's module that defines the game, if it is not one of ours. */
  readonly gameModule: GameModule | null;
  readonly algorithm: string;
  readonly algorithmRevision: number;
  readonly algorithmConfig: Record<string, unknown>;
  readonly net: string;
  readonly netConfig: Record<string, unknown>;
  readonly totalTimesteps: number;
  readonly seed: number;
  readonly evaluations: number;
  readonly evaluationEpisodes: number;
  readonly backend: BackendName;
  readonly kernels: string;
  readonly transfer: ResolvedTransfer | null;
  readonly keepCheckpoints: number;
  readonly label: string;
}

/** What `resolveBackend` found for this machine. */
export interface ResolvedBackend {
  readonly backend: BackendName;
  readonly kernels: string;
}

/** Settles every default. @throws UserError for anything unknown or out of range */
export function resolveTraining(request: TrainingRequest, engine: ResolvedBackend): RunConfig {
  const { env: envId, algorithmConfig = {}, netConfig = {}, ...rest } = request;
  const spec = findEnv(envId);
  const options = check(trainingOptions, pick(rest, trainingOptions), 'training');
  const algorithm = findAlgorithm(options.algorithm);
  const net = findNet(options.net || (spec.observation.kind === 'planes' ? 'conv' : 'mlp'));
  return {
    format: 1,
    version: VERSION,
    env: spec.id,
    gameRevision: spec.game.revision,
    gameModule: gameModuleOf(spec.game.id),
    algorithm: algorithm.id,
    algorithmRevision: algorithm.revision,
    algorithmConfig: check(algorithmSchema(algorithm, spec.observation.kind), algorithmConfig, algorithm.id),
    net: net.id,
    netConfig: check(net.schema, netConfig, net.id),
    totalTimesteps: options.totalTimesteps,
    seed: options.seed,
    evaluations: options.evaluations,
    evaluationEpisodes: options.evaluationEpisodes,
    ...engine,
    transfer: null,
    keepCheckpoints: options.keepCheckpoints,
    label: options.label,
  };
}

/** As `resolveTraining`, for a transfer from `source`. */
export function resolveTransfer(
  request: Omit<TransferRequest, 'source'>,
  source: { id: string; info: PolicyInfo | null },
  engine: ResolvedBackend,
): RunConfig {
  const options = check(transferOptions, pick(request, transferOptions), 'transfer');
  const method = findMethod(options.method);
  const reset = options.reset.filter((stage) => stage !== 'none');
  const { methodConfig: given = {}, ...training } = request;
  const methodConfig = check(method.schema, given, method.id);
  return {
    ...resolveTraining(training, engine),
    transfer: { source: source.id, sourceInfo: source.info, ...options, method: method.id, methodConfig, reset },
  };
}

/** What a run's results depend on, hashed: not its label, not how many checkpoints it keeps, not paths. */
export function runId(config: RunConfig): string {
  const { label: _label, keepCheckpoints: _keep, gameModule, transfer, ...identity } = config;
  const { sourceInfo: _info, ...from } = transfer ?? { sourceInfo: null };
  return hashOf({ ...identity, game: gameModule?.sha256 ?? null, transfer: transfer && from }).slice(0, 16);
}

/** SHA-256 over the JSON of plain data, keys sorted, in hexadecimal. */
export function hashOf(value: unknown): string {
  const sorted = JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  return createHash('sha256').update(sorted).digest('hex');
}

/** Values with defaults. @throws UserError for an unknown name or a bad value */
function check<Schema extends z.ZodObject>(
  schema: Schema,
  values: Record<string, unknown>,
  what: string,
): z.output<Schema> {
  const known = Object.keys(schema.shape);
  const stray = Object.keys(values).find((key) => !known.includes(key));
  if (stray !== undefined) throw unknownValue(`option of ${what}`, stray, known);
  return checkValues(schema, values);
}

/** The part of `value` that the schema knows. */
function pick(value: object, schema: z.ZodObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key, part]) => key in schema.shape && part !== undefined));
}
