import * as z from 'zod';
import type { Params } from '../core/tensors.ts';
import { defineMethod } from './method.ts';
import { pulled, times } from './pull.ts';

const share = (what: string) => z.number().min(0).max(1).default(0.5).describe(what);

/**
 * What came from the source is shrunk and mixed with fresh values before training, so that it learns on as easily as a
 * fresh net (Ash & Adams 2020); then, where wanted, everything is pulled to where it began (Kumar et al. 2023, “L2 Init”).
 */
export const shrinkAndPerturb = defineMethod({
  id: 'shrink-and-perturb',
  summary: 'what came from the source is shrunk and mixed with fresh values, then every layer learns',
  schema: z.object({
    shrink: share('what is left of values from the source'),
    perturb: share('of fresh values added to them'),
    l2Init: z.number().min(0).max(1e6).default(0).describe('strength of a pull of all values to where training began'),
  }),
  scale: () => 1,
  describe: ({ l2Init }) => (l2Init > 0 ? `held by ${l2Init}` : 'learning rate x 1'),
  start: ({ shrink, perturb }, { params, fresh, taken }) =>
    mapValues(params, (value, name, i) => (taken[name][i] ? shrink * value + perturb * fresh[name][i] : value)),
  learner(config, inner, { start }) {
    if (config.l2Init === 0) return inner;
    return pulled(
      inner,
      start,
      times(
        mapValues(start, () => 1),
        config.l2Init,
      ),
    );
  },
});

const mapValues = (params: Params, to: (value: number, name: string, i: number) => number): Params =>
  Object.fromEntries(
    Object.entries(params).map(([name, values]) => [name, values.map((value, i) => to(value, name, i))]),
  );
