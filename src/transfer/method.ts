import type * as z from 'zod';

/** Where in training a target run is, for schedules. */
export interface TrainingSpan {
  readonly totalTimesteps: number;
}

/** A way to train the target after the layers have moved: a schedule of learning rates by stage. */
export interface Method<Schema extends z.ZodObject = z.ZodObject> {
  /** Equal to the file name. */
  readonly id: string;
  readonly summary: string;
  readonly schema: Schema;
  /** The share of the learning rate that a stage gets at a step: 0 is frozen. */
  scale(config: z.output<Schema>, stage: string, step: number, span: TrainingSpan): number;
  /** The same in words, for the plan. */
  describe(config: z.output<Schema>, stage: string, span: TrainingSpan): string;
}

/** Gives a method its types. */
export function defineMethod<Schema extends z.ZodObject>(method: Method<Schema>): Method<Schema> {
  return method;
}

export const isHead = (stage: string): boolean => stage.startsWith('heads/');
