import * as z from 'zod';
import { defineEndpoint } from './endpoint.ts';

/** What is stored: `LibraryEntry[]`. */
export const library = defineEndpoint({
  query: z.strictObject({}),
  answer: (_query, library) => library.list(),
});
