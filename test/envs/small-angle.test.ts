import { expect, it } from 'vitest';
import { createRng } from '../../src/core/rng.ts';
import { cosOfSmall, sinOfSmall } from '../../src/envs/small-angle.ts';

/* Held against Math.sin and Math.cos, which in V8 are ports of fdlibm (src/base/ieee754.cc). */

const differs = (x: number): boolean => sinOfSmall(x) !== Math.sin(x) || cosOfSmall(x) !== Math.cos(x);

it('sine and cosine of small angles are those of Math, to the last bit', () => {
  const rng = createRng(1);
  const bad: number[] = [];
  for (let i = 0; i < 300_000; i++) {
    const x = 0.6 * rng.float() - 0.3;
    // Over all magnitudes down to 1e-20, too.
    const tiny = x * 10 ** (-20 * rng.float());
    bad.push(...[x, tiny].filter(differs));
  }
  expect(bad).toEqual([]);
});

it('where angles stop being small, Math goes on', () => {
  const edges = [0, -0, 0.3, 0.3 - 2 ** -54, 0.31, Math.PI / 4, 1, 3, 1e9, 5e-324].flatMap((x) => [x, -x]);
  expect(edges.filter(differs)).toEqual([]);
  expect([sinOfSmall(Number.NaN), cosOfSmall(Infinity)]).toEqual([Number.NaN, Number.NaN]);
});
