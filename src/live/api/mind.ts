import * as z from 'zod';
import { sha256 } from '../../runs/source.ts';
import { keepNewest } from '../kept.ts';
import { type Mind, openMind } from '../mind.ts';
import { loadInTurn } from '../run-matches.ts';
import { defineEndpoint } from './endpoint.ts';
import { episodeQuery, MOST_WAITING } from './queries.ts';

/** Episodes kept open: each holds what its policy saw, up to some megabytes. */
const keep = keepNewest<Mind>(8, 1, MOST_WAITING);

/** What a stored agent's choice rests on, at one frame of the recording with the same query: a `Thought`. */
export const mind = defineEndpoint({
  query: episodeQuery.extend({ frame: z.coerce.number().int().min(0).max(5000) }),
  async answer({ id, step, frame, ...options }, library) {
    const { name, bytes } = await library.checkpoint(id, step);
    const opened = await keep(JSON.stringify([name, sha256(bytes), options]), async () => {
      if (!id.startsWith('zoo:')) await loadInTurn(await library.folder(id));
      return openMind(bytes, name, options);
    });
    return opened.look(frame);
  },
});
