import * as z from 'zod';
import { defineMethod, isHead } from './method.ts';

/** Only the heads learn, on a frozen trunk: asks how far the source's features alone carry (Yosinski et al. 2014). */
export const headOnly = defineMethod({
  id: 'head-only',
  summary: 'only the heads learn, stem and trunk are frozen',
  schema: z.object({}),
  scale: (_config, stage) => (isHead(stage) ? 1 : 0),
  describe: (_config, stage) => (isHead(stage) ? 'learning rate x 1' : 'frozen'),
});
