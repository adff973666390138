import fc from 'fast-check';
import type { Named } from '../../src/core/game.ts';
import { type Axis, axisSize } from '../../src/core/tensors.ts';

const roles = ['self', 'threat', 'target', 'ball', 'wall', 'speed'];

/** Labels of distinct names, with one to three roles. */
const labels: fc.Arbitrary<Named[]> = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    roles: fc.uniqueArray(fc.constantFrom(...roles), { minLength: 1, maxLength: 3 }),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 5 },
);

const labelled = fc.record({ kind: fc.constantFrom('channel', 'feature', 'action'), labels });
const sized = fc.record({
  kind: fc.constantFrom('board-y', 'board-x', 'kernel-y', 'kernel-x', 'unit', 'value'),
  size: fc.integer({ min: 1, max: 4 }),
});
const plain = fc.oneof(labelled, sized) as fc.Arbitrary<Axis>;

const flat = fc.array(plain, { minLength: 2, maxLength: 3 }).map((factors): Axis => ({ kind: 'flat', factors }));
export const axis: fc.Arbitrary<Axis> = fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: flat });

/** An axis that may stand where this one stands in another game: of the same kind, with other labels or another size. */
export const variation = (of: Axis): fc.Arbitrary<Axis> => {
  if (of.kind === 'flat') {
    return fc.tuple(...of.factors.map(variation)).map((factors): Axis => ({ kind: 'flat', factors }));
  }
  const { kind } = of;
  if ('labels' in of) return labels.map((others): Axis => ({ kind, labels: others }) as Axis);
  const size = fc.oneof(fc.constant(of.size), fc.integer({ min: 1, max: 4 }));
  return size.map((other): Axis => ({ kind, size: other }) as Axis);
};

/** All index tuples of a shape, in row-major order. */
export function tuples(shape: readonly number[]): number[][] {
  let all: number[][] = [[]];
  for (const size of shape) all = all.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i]));
  return all;
}

export const shapeOf = (axes: readonly Axis[]): number[] => axes.map(axisSize);
