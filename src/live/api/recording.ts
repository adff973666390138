import { sha256 } from '../../runs/source.ts';
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
    return keep(JSON.stringify([name, sha256(bytes), options]), async () => {
      if (!id.startsWith('zoo:')) await loadInTurn(await library.folder(id));
      return recordEpisode(bytes, name, options);
    });
  },
});
