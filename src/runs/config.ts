import { createHash } from 'node:crypto';
import * as z from 'zod';
import { algorithmSchema, netSchema } from '../agents/algorithm.ts';
import { algorithmIds, findAlgorithm } from '../agents/index.ts';
import { unknownValue, UserError } from '../core/errors.ts';
import { checkValues } from '../core/schema.ts';
import { type BackendName, BACKENDS } from '../engine/types.ts';
import { findEnv } from '../envs/index.ts';
import { checkSeed } from '../envs/vec-env.ts';
import { netFor, netIds } from '../nets/index.ts';
import { ALIGNMENTS, type Alignment } from '../transfer/align.ts';
import { findMethod, methodWords } from '../transfer/index.ts';
import { inStage, WEIGHT_CONTROLS, type WeightControl } from '../transfer/plan.ts';
import type { PolicyInfo } from './checkpoint.ts';
import { modulesOf, type UserModule } from './game-module.ts';
import { checkStages, policyNetOf, stagesOf } from './run-net.ts';
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
    .describe(`net: ${netIds().join(', ')} (default: fastconv for planes, mlp for features)`),
  totalTimesteps: z.number().int().min(1).default(1_000_000).describe('env steps to train for'),
  seed: z.int().min(0).default(0).describe('seed of everything random'),
  evaluations: z.int().min(1).max(1000).default(10).describe('evaluations during training, besides the one at step 0'),
  evaluationEpisodes: z.int().min(1).max(10_000).default(20).describe('episodes of each evaluation'),
  backend: z
    .enum(['auto', ...BACKENDS])
    .default('auto')
    .describe('tensor backend'),
  fused: z.boolean().default(true).describe('train standard nets on fused kernels, where the backend has them'),
  keepCheckpoints: z
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe('newest checkpoints to keep, besides the one at step 0'),
  label: z.string().default('').describe('name shown in lists and in the viewer'),
});

const CRITIC = 'heads/value';

/** How layers move and what learns. */
export const transferOptions = z.object({
  method: z.string().default('full').describe(`how the target is trained: ${methodWords()}`),
  alignment: z.enum(ALIGNMENTS).default('role').describe('how channels, features and actions are matched'),
  map: z
    .array(z.string().refine((text) => /^[^=]+=[^=]+$/.test(text), 'valid: source=target, as in ball=bullet,none=gold'))
    .default([])
    .describe('matches of your own, source=target: ball=bullet feeds bullet from ball, none=gold leaves gold fresh'),
  control: z
    .enum(['none', ...WEIGHT_CONTROLS])
    .default('none')
    .describe(
      'make what is copied worthless, to compare with: drawn at random at equal scale, or shuffled in each tensor',
    ),
  reset: z
    .array(z.string())
    .default([CRITIC])
    .describe('stages that start fresh whatever could be copied (stem, trunk, heads/policy, heads/value; none)'),
  copy: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('copy only so many of the first stages, in the order of the net; those after them start fresh'),
  freeze: z.boolean().default(false).describe('what is not fresh stays as it came: only fresh stages learn'),
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
  /** Left out where there is none, so that runs made before there were maps are still the same runs. */
  readonly map?: readonly string[];
  /** Left out where there is none, as the map is. */
  readonly control?: WeightControl;
  readonly reset: readonly string[];
  readonly stageLearningRates: readonly string[];
}

/** A teacher of a distillation, identified as the source of a transfer is. */
export type ResolvedTeacher = Pick<ResolvedTransfer, 'source' | 'sourceInfo'>;

/** A training with every default, version and backend settled: the content of `config.json`. */
export interface RunConfig {
  readonly format: 1;
  readonly version: string;
  readonly env: string;
  readonly gameRevision: number;
  /** The users' modules that define the game, algorithm, net or transfer method, where they are not ours. */
  readonly modules: readonly UserModule[];
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
  readonly fused: boolean;
  readonly transfer: ResolvedTransfer | null;
  /** Left out where there are none, as a transfer's map is. */
  readonly teachers?: readonly ResolvedTeacher[];
  readonly keepCheckpoints: number;
  readonly label: string;
}

/** The part of a run's config that its training depends on. */
export type TrainingConfig = Pick<
  RunConfig,
  | 'env'
  | 'gameRevision'
  | 'algorithm'
  | 'algorithmConfig'
  | 'net'
  | 'netConfig'
  | 'totalTimesteps'
  | 'seed'
  | 'evaluations'
  | 'evaluationEpisodes'
  | 'transfer'
  | 'label'
>;

/** What `resolveBackend` found for this machine. */
export interface ResolvedBackend {
  readonly backend: BackendName;
  readonly kernels: string;
}

/** Settles every default. @throws UserError for anything unknown or out of range */
export function resolveTraining(
  request: TrainingRequest,
  engine: ResolvedBackend,
  teachers: readonly ResolvedTeacher[] = [],
): RunConfig {
  const { env: envId, algorithmConfig = {}, netConfig = {}, ...rest } = request;
  const spec = findEnv(envId);
  const options = check(trainingOptions, rest, 'training');
  const algorithm = findAlgorithm(options.algorithm);
  if (algorithm.isTaught && teachers.length === 0) {
    throw new UserError(`${algorithm.id} learns from teachers: ngplus distill TEACHER TEACHER`);
  }
  const net = netFor(options.net, spec.observation.kind);
  const config: RunConfig = {
    format: 1,
    version: VERSION,
    env: spec.id,
    gameRevision: spec.game.revision,
    modules: modulesOf({ game: spec.game.id, algorithm: algorithm.id, net: net.id }),
    algorithm: algorithm.id,
    algorithmRevision: algorithm.revision,
    algorithmConfig: check(algorithmSchema(algorithm, spec.observation.kind), algorithmConfig, algorithm.id),
    net: net.id,
    netConfig: check(netSchema(net, algorithm), netConfig, net.id),
    totalTimesteps: options.totalTimesteps,
    seed: options.seed,
    evaluations: options.evaluations,
    evaluationEpisodes: options.evaluationEpisodes,
    ...engine,
    fused: options.fused,
    transfer: null,
    ...(teachers.length > 0 && { teachers }),
    keepCheckpoints: options.keepCheckpoints,
    label: options.label,
  };
  policyNetOf(config);
  checkSeed(spec, config.seed, algorithm.numEnvs(config.algorithmConfig));
  return config;
}

/** As `resolveTraining`, for a transfer from `source`. */
export function resolveTransfer(
  request: Omit<TransferRequest, 'source'>,
  source: { id: string; info: PolicyInfo | null },
  engine: ResolvedBackend,
): RunConfig {
  const { methodConfig: given = {}, ...rest } = request;
  const [transferring, training] = split(rest, Object.keys(transferOptions.shape));
  const { map, control, copy, freeze, ...options } = check(transferOptions, transferring, 'transfer');
  checkOnce(options);
  const method = findMethod(options.method);
  const methodConfig = check(method.schema, given, method.id);
  const config = resolveTraining(training as unknown as TrainingRequest, engine);
  const policy = policyNetOf(config);
  const stages = stagesOf(policy);
  // Algorithms that learn action values have no critic to reset.
  const named = options.reset.filter((stage) => stage !== 'none' && (stages.includes(CRITIC) || stage !== CRITIC));
  const reset = copy === null ? named : [...new Set([...named, ...stagesAfter(stages, copy)])];
  const transfer = {
    source: source.id,
    sourceInfo: source.info,
    ...options,
    ...(map.length > 0 && { map }),
    ...(control !== 'none' && { control }),
    method: method.id,
    methodConfig,
    reset,
    ...(freeze && { stageLearningRates: [...frozenRates(stages, reset), ...options.stageLearningRates] }),
  };
  checkStages(transfer, policy);
  const { algorithm, net } = config;
  const modules = modulesOf({ game: findEnv(config.env).game.id, algorithm, net, method: method.id });
  return { ...config, modules, transfer };
}

/** @throws UserError where what is asked for contradicts itself */
function checkOnce({ reset, stageLearningRates }: Pick<ResolvedTransfer, 'reset' | 'stageLearningRates'>): void {
  const other = reset.find((stage) => stage !== 'none');
  if (reset.includes('none') && other !== undefined) throw new UserError(`reset: "none" can't stand beside "${other}"`);
  const stages = stageLearningRates.map((pair) => pair.split('=')[0]);
  const twice = stages.find((stage, i) => stages.indexOf(stage) < i);
  if (twice !== undefined) throw new UserError(`stageLearningRates: "${twice}" is given twice`);
}

/** The same training without the transfer. */
export function fromScratch(config: RunConfig): RunConfig {
  const { env, algorithm, net } = config;
  return { ...config, modules: modulesOf({ game: findEnv(env).game.id, algorithm, net }), transfer: null };
}

/** @throws UserError where the net has fewer stages */
function stagesAfter(stages: readonly string[], copy: number): string[] {
  if (copy > stages.length)
    throw new UserError(`copy: ${copy} is not valid; the net has ${stages.length} stages: ${stages.join(', ')}`);
  return stages.slice(copy);
}

/** No learning for the stages that do not start fresh. */
const frozenRates = (stages: readonly string[], reset: readonly string[]): string[] =>
  stages.filter((stage) => !reset.some((name) => inStage(stage, name))).map((stage) => `${stage}=0`);

/** What a run's results depend on: not its label, not how many checkpoints it keeps, not paths. */
export function identityOf(config: RunConfig): Record<string, unknown> {
  const { label: _label, keepCheckpoints: _keep, modules = [], transfer, teachers, ...rest } = config;
  const { sourceInfo: _info, ...from } = transfer ?? { sourceInfo: null };
  return {
    ...rest,
    modules: modules.map(({ sha256 }) => sha256),
    transfer: transfer && from,
    ...(teachers && { teachers: teachers.map(({ source }) => source) }),
  };
}

/** The identity, hashed: 16 hexadecimal digits. */
export const runId = (config: RunConfig): string => hashOf(identityOf(config)).slice(0, 16);

/** SHA-256 over the JSON of plain data, keys sorted, in hexadecimal. */
export function hashOf(value: unknown): string {
  const sorted = JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  return createHash('sha256').update(sorted).digest('hex');
}

/** Values with defaults; undefined ones count as left out. @throws UserError for an unknown name or a bad value */
export function check<Schema extends z.ZodObject>(schema: Schema, values: object, what: string): z.output<Schema> {
  const known = Object.keys(schema.shape);
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const stray = given.find(([key]) => !known.includes(key));
  if (stray) throw unknownValue(`option of ${what}`, stray[0], known);
  return checkValues(schema, Object.fromEntries(given));
}

/** The fields of `values` with these names, and the others. */
export function split(values: object, names: readonly string[]): [named: object, others: object] {
  const fields = Object.entries(values);
  const part = (named: boolean): object => Object.fromEntries(fields.filter(([key]) => names.includes(key) === named));
  return [part(true), part(false)];
}
