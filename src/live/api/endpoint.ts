import type * as z from 'zod';
import type { Library } from '../library.ts';

/** `GET /api/NAME?…`: a question with an answer in JSON. */
export interface Endpoint<Schema extends z.ZodObject = z.ZodObject> {
  /** Of the query's fields, which all come as text. */
  readonly query: Schema;
  /** @throws UserError where there is no such thing */
  answer(query: z.output<Schema>, library: Library): Promise<unknown>;
}

/** Gives an endpoint its types. */
export function defineEndpoint<Schema extends z.ZodObject>(endpoint: Endpoint<Schema>): Endpoint<Schema> {
  return endpoint;
}
