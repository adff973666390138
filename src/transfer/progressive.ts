import * as z from 'zod';
import { UserError } from '../core/errors.ts';
import { defineMethod } from './method.ts';

const isColumn = (stage: string): boolean => stage.startsWith('column/');

/** What a source knows stays as it is, beside a column that learns and reads from it (Rusu et al. 2016, 1606.04671). */
export const progressive = defineMethod({
  id: 'progressive',
  summary: "the source's layers stay as they are, in a column that the target's layers read: with --net progressive",
  schema: z.object({}),
  scale: (_config, stage) => (isColumn(stage) ? 0 : 1),
  describe: (_config, stage) => (isColumn(stage) ? 'frozen' : 'learning rate x 1'),
  start(_config, { tensors, params }) {
    if (tensors.some(({ stage }) => isColumn(stage))) return params;
    throw new UserError('progressive needs a net with a column for the source: --net progressive');
  },
});
