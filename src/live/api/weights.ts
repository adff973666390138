import { decodeCheckpoint } from '../../runs/checkpoint.ts';
import { firstLayer } from '../first-layer.ts';
import { defineEndpoint } from './endpoint.ts';
import { checkpointQuery } from './queries.ts';

/** The first layer of a checkpoint by channel or feature: a `FirstLayer`, or null where a net has none that is such. */
export const weights = defineEndpoint({
  query: checkpointQuery,
  async answer({ id, step }, library) {
    const { name, bytes } = await library.checkpoint(id, step);
    return firstLayer(decodeCheckpoint(bytes, name));
  },
});
