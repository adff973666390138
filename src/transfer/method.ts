import type * as z from 'zod';
import type { Learner, LearnerOptions } from '../agents/learner.ts';
import type { Params, TensorSpec } from '../core/tensors.ts';
import type { VecEnv } from '../core/vec-env.ts';
import type { PolicyNet } from '../nets/policy-net.ts';

/** Where in training a target run is, for schedules. */
export interface TrainingSpan {
  readonly totalTimesteps: number;
  /** Of the target's net, in its order: `stem`, `trunk/0`, `heads/policy`, `heads/value`. */
  readonly stages: readonly string[];
}

/** Where a transfer has brought the target's parameters, before it is trained. */
export interface Boundary {
  readonly tensors: readonly TensorSpec[];
  /** As transferred. */
  readonly params: Params;
  /** What training from scratch by the same seed would begin with. */
  readonly fresh: Params;
  /** 1 where a value came from the source, 0 where it is fresh. */
  readonly taken: Params;
}

/** A policy, and the game that it plays. */
export interface Actor {
  readonly net: PolicyNet;
  readonly params: Params;
  /** So many environments of that game at the beginning of an episode, the same ones each time. */
  envs(count: number): VecEnv;
}

/** What a method may look at. What costs something is made when it is asked for. */
export interface MethodContext {
  readonly boundary: Boundary;
  /** Where training begins: what the methods' `start` have made of the boundary. */
  readonly start: Params;
  readonly span: TrainingSpan;
  readonly seed: number;
  /** Mean return of the last 100 training episodes; null before the first has ended. */
  recentReturn(): number | null;
  /** The source's policy as it sees the target before any training there. @throws UserError where it can't see it */
  teacher(): Actor;
  /** The source's policy on its own game. */
  source(): Actor;
  /** Brings values of the source's tensors to their places in the target's; 0 where nothing comes from the source. */
  toTarget(values: Params): Params;
}

/** The same, for what a method makes of a learner. */
export interface LearnerContext extends MethodContext {
  /** Those of the learner. */
  readonly options: LearnerOptions;
  /** Training steps so far. */
  step(): number;
}

/** A way to train the target after the layers have moved: a schedule of learning rates by stage, and what else it takes. */
export interface Method<Schema extends z.ZodObject = z.ZodObject> {
  /** Equal to the file name; no `+`, which joins methods. */
  readonly id: string;
  readonly summary: string;
  readonly schema: Schema;
  /** The share of the learning rate that a stage gets at a step: 0 is frozen. */
  scale(config: z.output<Schema>, stage: string, step: number, span: TrainingSpan): number;
  /** The same in words, for the plan: clauses with a comma between them. */
  describe(config: z.output<Schema>, stage: string, span: TrainingSpan): string;
  /** Tried before anything is trained. @throws UserError where the target's net or the source are none for it */
  check?(net: PolicyNet, context: MethodContext): void;
  /** Where training begins. Default: at the parameters as transferred. */
  start?(config: z.output<Schema>, boundary: Boundary): Params;
  /**
   * The learner with pulls or losses added. A run that is resumed builds it anew, so what it does follows from seed, source
   * and step.
   */
  learner?(config: z.output<Schema>, inner: Learner, context: LearnerContext): Learner;
  /** The environments to learn in, changed. What that takes is part of their `save`. */
  env?(config: z.output<Schema>, inner: VecEnv, context: MethodContext): VecEnv;
}

/** Gives a method its types. */
export function defineMethod<Schema extends z.ZodObject>(method: Method<Schema>): Method<Schema> {
  return method;
}

export const isHead = (stage: string): boolean => stage.startsWith('heads/');

/** How many layers lie above a stage, heads as one: 0 for heads, 1 for the last layer of the trunk. A norm is in its layer. */
export function depthOf(stage: string, { stages }: TrainingSpan): number {
  const body = layersBelowHeads(stages);
  return isHead(stage) ? 0 : body.length - body.indexOf(layerOf(stage));
}

/** The layers of stem and trunk, lowest first. */
export const layersBelowHeads = (stages: readonly string[]): string[] => [
  ...new Set(stages.filter((stage) => !isHead(stage)).map(layerOf)),
];

const layerOf = (stage: string): string => stage.replace(/\/norm$/, '');
