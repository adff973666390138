import type * as z from 'zod';
import type { Agent, LearningRateScale } from '../core/agent.ts';
import type { Named, ObservationSpec } from '../core/game.ts';
import type { Params } from '../core/tensors.ts';
import type { VecEnv } from '../core/vec-env.ts';
import type { Engine } from '../engine/types.ts';
import type { ActingRule } from '../nets/acting.ts';
import type { Net } from '../nets/net.ts';
import type { HeadSpec, PolicyNet } from '../nets/policy-net.ts';
import { createLearner, type Learner, type LearnerOptions } from './learner.ts';

/** A policy of one of the games that an env plays in turn. */
export interface Teacher {
  readonly net: PolicyNet;
  readonly params: Params;
  /** For each of its actions, which of the env's it is. Its game is played where they are legal. */
  readonly actions: readonly number[];
}

/** What an agent is handed: it never imports a game, never opens a file. */
export interface AgentContext<Config> {
  readonly engine: Engine;
  readonly env: VecEnv;
  readonly net: PolicyNet;
  /** Where learning starts: fresh, or transferred. */
  readonly params: Params;
  readonly config: Config;
  readonly seed: number;
  /** Env frames the whole training will take: schedules end there. */
  readonly totalTimesteps: number;
  readonly learningRateScale: LearningRateScale;
  /** Threads to share the work of the net among: nothing but the time depends on them. Default: 1. */
  readonly threads?: number;
  /** What a transfer method makes of the learner: pulls, losses of its own. `step` tells how far the training is. */
  readonly extendLearner?: (learner: Learner, options: LearnerOptions, step: () => number) => Learner;
  /** One for each game of the env; for who is taught by policies, else none. */
  readonly teachers?: readonly Teacher[];
}

/** A learning algorithm: one file, one registry line. */
export interface Algorithm<Schema extends z.ZodObject = z.ZodObject> {
  /** Equal to the file name. */
  readonly id: string;
  /** Raised whenever results change: part of every run's identity. */
  readonly revision: number;
  readonly summary: string;
  readonly schema: Schema;
  /** Values that differ from the schema's defaults on games whose observation is features. */
  readonly featureDefaults?: Partial<z.input<Schema>>;
  /** Values that differ from a net's defaults, where the net has such an option. */
  readonly netDefaults?: Readonly<Record<string, unknown>>;
  /** It learns by `agentLearner` and touches the engine in no other way: then the engine may come without tfjs. */
  readonly usesLearner?: true;
  /** It learns from teachers, which only a distillation has. */
  readonly isTaught?: true;
  /** Environments stepped at a time. */
  numEnvs(config: z.output<Schema>): number;
  /** The outputs it needs from a net. */
  heads(actions: readonly Named[], config: z.output<Schema>): HeadSpec[];
  /** How it acts on them. Default: softmax of the head `policy`. */
  acting?(config: z.output<Schema>): ActingRule;
  /** It can train nets that remember (recurrent nets, transformers over frames). */
  readonly carries?: true;
  create(context: AgentContext<z.output<Schema>>): Agent;
}

/** The algorithm's options, with the defaults it has for this kind of observation. */
export function algorithmSchema(algorithm: Algorithm, observation: ObservationSpec['kind']): z.ZodObject {
  const { schema, featureDefaults = {} } = algorithm;
  return observation === 'features' ? withDefaults(schema, featureDefaults) : schema;
}

/** The net's options, with the defaults that the algorithm has for them. */
export const netSchema = ({ schema }: Net, { netDefaults = {} }: Algorithm): z.ZodObject =>
  withDefaults(schema, netDefaults);

/** The schema with other defaults for those of its fields that are named. */
export function withDefaults(schema: z.ZodObject, defaults: Readonly<Record<string, unknown>>): z.ZodObject {
  const fields = Object.entries(defaults).flatMap(([name, value]) => {
    const field = schema.shape[name] as z.ZodDefault | undefined;
    return field ? [[name, (field.unwrap() as z.ZodType).default(value).describe(field.description ?? '')]] : [];
  });
  return schema.safeExtend(Object.fromEntries(fields) as z.ZodRawShape);
}

/** An agent's learner, with all that a transfer method adds to it. */
export function agentLearner(
  { engine, net, params, threads = 1, extendLearner = (learner) => learner }: AgentContext<unknown>,
  sizes: Pick<LearnerOptions, 'store' | 'minibatch' | 'rows'>,
  step: () => number,
): Learner {
  const options = { engine, net, params, threads, ...sizes };
  return extendLearner(createLearner(options), options, step);
}

/** The learning rate at a training step: annealed where the config says so, and by tensor its share of it. */
export function learningRates(
  {
    config,
    net,
    totalTimesteps,
    learningRateScale,
  }: AgentContext<{ learningRate: number; annealLearningRate: boolean }>,
  step: number,
): { learningRate: number; rateOf: (tensor: string) => number } {
  const progress = Math.min(1, step / totalTimesteps);
  const learningRate = config.annealLearningRate ? config.learningRate * (1 - progress) : config.learningRate;
  const scales = new Map(net.tensors.map(({ name }) => [name, learningRateScale(name, step)]));
  return { learningRate, rateOf: (tensor) => learningRate * (scales.get(tensor) as number) };
}

/** Gives an algorithm its types. */
export function defineAlgorithm<Schema extends z.ZodObject>(algorithm: Algorithm<Schema>): Algorithm<Schema> {
  return algorithm;
}
