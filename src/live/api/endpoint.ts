import type * as z from 'zod';
import type { Library } from '../library.ts';

/** `GET /api/NAME?…`: a question with an answer in JSON, or a `Download`. */
export interface Endpoint<Schema extends z.ZodObject = z.ZodObject> {
  /** Of the query's fields, which all come as text. */
  readonly query: Schema;
  /** @throws UserError where there is no such thing */
  answer(query: z.output<Schema>, library: Library): Promise<object | null>;
}

/** An answer that browsers save as a file. */
export class Download {
  readonly name: string;
  readonly type: string;
  readonly text: string;

  constructor(name: string, type: string, text: string) {
    this.name = name;
    this.type = type;
    this.text = text;
  }
}

/** Gives an endpoint its types. */
export function defineEndpoint<Schema extends z.ZodObject>(endpoint: Endpoint<Schema>): Endpoint<Schema> {
  return endpoint;
}
