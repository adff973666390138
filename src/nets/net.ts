import type * as z from 'zod';
import type { ObservationSpec } from '../core/game.ts';
import type { LayerBuilder } from './layers.ts';

/** A family of nets: stem and trunk, from the observation to the features that the heads read. */
export interface Net<Schema extends z.ZodObject = z.ZodObject> {
  /** Equal to the file name. */
  readonly id: string;
  readonly summary: string;
  /** Sizes, with defaults and descriptions. */
  readonly schema: Schema;
  /** Kinds of observation it reads. */
  readonly reads: readonly ObservationSpec['kind'][];
  layers(config: z.output<Schema>): LayerBuilder[];
}

/** Gives a net its types. */
export function defineNet<Schema extends z.ZodObject>(net: Net<Schema>): Net<Schema> {
  return net;
}
