import * as z from 'zod';
import { type Recording, recordEpisode } from '../recording.ts';
import { loadInTurn } from '../run-matches.ts';
import { defineEndpoint } from './endpoint.ts';

/** Recordings kept for those who ask again, and how many are made at a time. */
const KEPT = 64;
const AT_ONCE = 2;

const made = new Map<string, Promise<Recording>>();
let making: Promise<unknown>[] = [];

/** One episode of a stored agent: a `Recording`. */
export const recording = defineEndpoint({
  query: z.strictObject({
    id: z.string().min(1).max(300),
    /** The checkpoint; left out: the newest. */
    step: z.coerce.number().int().min(0).optional(),
    seed: z.coerce.number().int().min(0).max(0xffff_ffff).default(0),
    mode: z.enum(['sampled', 'greedy']).default('sampled'),
    maxSteps: z.coerce.number().int().min(1).max(5000).default(1000),
  }),
  async answer({ id, step, ...options }, library) {
    const { name, bytes } = await library.checkpoint(id, step);
    const key = JSON.stringify([name, bytes.length, options]);
    const known = made.get(key);
    if (known !== undefined) return known;
    while (making.length >= AT_ONCE) await Promise.race(making);
    const fresh = (async () => {
      if (!id.startsWith('zoo:')) await loadInTurn(await library.folder(id));
      return recordEpisode(bytes, name, options);
    })();
    keep(key, fresh);
    return fresh;
  },
});

/** A failed one is forgotten, and the oldest where there are too many. */
function keep(key: string, recording: Promise<Recording>): void {
  const settled = recording.then(
    () => true,
    () => made.delete(key),
  );
  making = [...making, settled];
  void settled.then(() => (making = making.filter((other) => other !== settled)));
  made.set(key, recording);
  if (made.size > KEPT) made.delete(made.keys().next().value!);
}
