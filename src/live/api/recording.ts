import { keepNewest } from '../kept.ts';
import { type Recording, recordEpisode } from '../recording.ts';
import { loadInTurn } from '../run-matches.ts';
import { defineEndpoint } from './endpoint.ts';
import { episodeQuery, MOST_WAITING } from './queries.ts';

const keep = keepNewest<Recording>(64, 2, MOST_WAITING);

/** One episode of a stored agent: a `Recording`. */
export const recording = defineEndpoint({
  query: episodeQuery,
  async answer({ id, step, ...options }, library) {
    const { name, bytes } = await library.checkpoint(id, step);
    return keep(JSON.stringify([name, bytes.length, options]), async () => {
      if (!id.startsWith('zoo:')) await loadInTurn(await library.folder(id));
      return recordEpisode(bytes, name, options);
    });
  },
});
