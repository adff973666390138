import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../../core/errors.ts';
import { defineEndpoint } from './endpoint.ts';
import { checkpointQuery } from './queries.ts';

/** What the page draws of a `TransferPlan`; the rest is handed on. */
const planFile = z.looseObject({
  source: z.string(),
  target: z.string(),
  method: z.string(),
  entries: z.array(
    z.looseObject({
      tensor: z.string(),
      stage: z.string(),
      shape: z.array(z.number()),
      origin: z.enum(['copied', 'mapped', 'fresh']),
      from: z.string().nullable(),
      copiedValues: z.number(),
      totalValues: z.number(),
      reason: z.string(),
      training: z.string(),
    }),
  ),
  matches: z.array(z.object({ axis: z.string(), target: z.string(), source: z.string().nullable(), rule: z.string() })),
  unused: z.array(z.string()),
});

/** Which layers came from where: the `TransferPlan` that a run has begun with, or null where it began from scratch. */
export const plan = defineEndpoint({
  query: checkpointQuery.pick({ id: true }),
  async answer({ id }, library) {
    if (id.startsWith('zoo:')) return null;
    const file = join(await library.folder(id), 'transfer.json');
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text === null) return null;
    try {
      return planFile.parse(JSON.parse(text));
    } catch {
      throw new UserError(`the transfer plan of ${id} can't be read`);
    }
  },
});
