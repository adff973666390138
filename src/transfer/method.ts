import type * as z from 'zod';

/** Where in training a target run is, for schedules. */
export interface TrainingSpan {
  readonly totalTimesteps: number;
  /** Of the target's net, in its order: `stem`, `trunk/0`, `heads/policy`, `heads/value`. */
  readonly stages: readonly string[];
}

/** A way to train the target after the layers have moved: a schedule of learning rates by stage. */
export interface Method<Schema extends z.ZodObject = z.ZodObject> {
  /** Equal to the file name; no `+`, which joins methods. */
  readonly id: string;
  readonly summary: string;
  readonly schema: Schema;
  /** The share of the learning rate that a stage gets at a step: 0 is frozen. */
  scale(config: z.output<Schema>, stage: string, step: number, span: TrainingSpan): number;
  /** The same in words, for the plan: clauses with a comma between them. */
  describe(config: z.output<Schema>, stage: string, span: TrainingSpan): string;
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
