import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Named } from '../../src/core/game.ts';
import { type Axis, axisSize } from '../../src/core/tensors.ts';
import { alignAxis, type Alignment, ALIGNMENTS, matchLabels, readLabelMap } from '../../src/transfer/align.ts';
import { axis, shapeOf, tuples, variation } from './axes.ts';

const named = (...entries: [name: string, ...roles: string[]][]): Named[] =>
  entries.map(([name, ...roles]) => ({ name, roles }));
const channels = (...entries: [name: string, ...roles: string[]][]): Axis => ({
  kind: 'channel',
  labels: named(...entries),
});
const from = (source: Axis, target: Axis, how: Alignment = 'role'): number[] => [
  ...alignAxis(source, target, how).from,
];
const reason = (source: Axis, target: Axis, how: Alignment = 'role') => alignAxis(source, target, how).reason;

describe('labels by role', () => {
  const freeway = channels(
    ['chicken', 'self'],
    ['car', 'threat'],
    ['slow', 'trail', 'speed'],
    ['fast', 'trail', 'speed'],
  );

  it('match where the main role is the same', () => {
    const asterix = channels(['player', 'self'], ['enemy', 'threat'], ['gold', 'pickup']);
    expect(from(freeway, asterix)).toEqual([0, 1, -1]);
    expect(from(asterix, freeway)).toEqual([0, 1, -1, -1]);
  });

  it('match, where no main role is the same, by a main role that the other has too', () => {
    const source = channels(['brick', 'target', 'threat'], ['wall', 'wall']);
    expect(from(source, channels(['car', 'threat']))).toEqual([0]);
    expect(from(channels(['car', 'threat']), source)).toEqual([0, -1]);
    expect(from(channels(['a', 'wall', 'speed']), channels(['a', 'ball', 'speed']))).toEqual([-1]);
    // The main role comes first, before the name.
    expect(from(channels(['x', 'self', 'threat'], ['y', 'threat']), channels(['x', 'threat']))).toEqual([1]);
  });

  it('prefer the same name, then the most shared roles, then the first', () => {
    const source = channels(
      ['a', 'ball'],
      ['b', 'ball', 'speed'],
      ['c', 'ball', 'speed', 'left'],
      ['d', 'ball', 'right'],
    );
    expect(from(source, channels(['d', 'ball', 'speed']))).toEqual([3]);
    expect(from(source, channels(['x', 'ball', 'speed']))).toEqual([1]);
    expect(from(source, channels(['x', 'ball', 'left', 'speed']))).toEqual([2]);
    expect(from(source, channels(['x', 'ball']))).toEqual([0]);
    expect(from(channels(['p', 'wall'], ['q', 'wall']), channels(['x', 'wall']))).toEqual([0]);
  });

  it('may be taken twice', () => {
    expect(from(channels(['t', 'trail']), channels(['l', 'trail', 'left'], ['r', 'trail', 'right']))).toEqual([0, 0]);
  });

  it('say why where nothing matches', () => {
    expect(reason(channels(['a', 'wall']), channels(['b', 'self']))).toBe('no channel shares a main role');
    expect(reason(freeway, freeway)).toBeUndefined();
  });
});

describe('a match says what decided it', () => {
  const source = named(['ball', 'ball'], ['brick', 'target', 'wall'], ['hen', 'self'], ['man', 'self', 'left']);
  const target = named(['hen', 'self'], ['x', 'self', 'left'], ['y', 'wall'], ['ball', 'threat'], ['z', 'pickup']);
  const matches = (how: Alignment, ...map: string[]) =>
    matchLabels(source, target, how, readLabelMap(map)).map(({ from, rule }) => `${from} ${rule}`);

  it('by role', () => {
    // A name alone is no match.
    expect(matches('role')).toEqual(['2 same name', '3 same role', '1 nearest role', '-1 fresh', '-1 fresh']);
  });

  it('by the map first, also without an alignment', () => {
    const map = ['ball=ball', 'ball=z', 'none=hen'];
    const mapped = ['-1 mapped by you', '0 mapped by you', '0 mapped by you'];
    const [none, ball, z] = mapped;
    expect(matches('role', ...map)).toEqual([none, '3 same role', '1 nearest role', ball, z]);
    expect(matches('fresh', ...map)).toEqual([none, '-1 fresh', '-1 fresh', ball, z]);
    expect(matches('index', ...map)).toEqual([none, '1 same position', '2 same position', ball, z]);
    expect(matches('index')[4]).toBe('-1 fresh');
  });

  it('and names of other kinds leave it as it is', () => {
    expect(matches('role', 'fire=hen')[0]).toBe('2 same name');
  });
});

describe('labels otherwise', () => {
  const [three, two] = [channels(['a', 'x'], ['b', 'x'], ['c', 'x']), channels(['d', 'y'], ['e', 'y'])];

  it('by index match by position', () => {
    expect(from(three, two, 'index')).toEqual([0, 1]);
    expect(from(two, three, 'index')).toEqual([0, 1, -1]);
  });

  it('fresh match nothing, not even themselves', () => {
    expect(from(three, three, 'fresh')).toEqual([-1, -1, -1]);
    expect(reason(three, three, 'fresh')).toBe('alignment "fresh" matches no labels');
  });
});

describe.each(ALIGNMENTS)('axes without labels (%s)', (how) => {
  test.each(['board-y', 'board-x'] as const)('%s aligns by offset', (kind) => {
    expect(from({ kind, size: 4 }, { kind, size: 6 }, how)).toEqual([0, 1, 2, 3, -1, -1]);
    expect(from({ kind, size: 6 }, { kind, size: 4 }, how)).toEqual([0, 1, 2, 3]);
  });

  test.each(['unit', 'kernel-y', 'kernel-x', 'value'] as const)('%s aligns only with its own size', (kind) => {
    expect(from({ kind, size: 3 }, { kind, size: 3 }, how)).toEqual([0, 1, 2]);
    expect(from({ kind, size: 3 }, { kind, size: 2 }, how)).toEqual([-1, -1]);
    expect(reason({ kind, size: 3 }, { kind, size: 2 }, how)).toBe(`3 against 2 along the ${kind} axis`);
  });

  it('never align with another kind', () => {
    expect(from({ kind: 'unit', size: 2 }, { kind: 'value', size: 2 }, how)).toEqual([-1, -1]);
    expect(reason({ kind: 'unit', size: 2 }, { kind: 'value', size: 2 }, how)).toBe('unit axis against value axis');
  });
});

describe('flat axes', () => {
  const flat = (...factors: Axis[]): Axis => ({ kind: 'flat', factors });
  const y = (size: number): Axis => ({ kind: 'board-y', size });
  const unit = (size: number): Axis => ({ kind: 'unit', size });

  it('align factor by factor, the first the slowest', () => {
    // A board of 2 rows to one of 3, with 2 units: rows 0 and 1 are taken.
    expect(from(flat(y(2), unit(2)), flat(y(3), unit(2)))).toEqual([0, 1, 2, 3, -1, -1]);
    const [source, target] = [channels(['a', 'self'], ['b', 'wall']), channels(['c', 'wall'], ['d', 'ball'])];
    expect(from(flat(y(2), source), flat(y(2), target))).toEqual([1, -1, 3, -1]);
  });

  it('align with nothing where a factor does not, or there are fewer', () => {
    expect(reason(flat(y(2), unit(2)), flat(y(2), unit(3)))).toBe('2 against 3 along the unit axis');
    expect(from(flat(y(2), unit(2)), flat(y(2), unit(3)))).toEqual([-1, -1, -1, -1, -1, -1]);
    expect(from(flat(y(2), unit(2)), flat(y(2)))).toEqual([-1, -1]);
    expect(reason(flat(y(2), unit(2)), flat(y(2)))).toBe('flattened from other axes');
    expect(reason(flat(y(2)), y(2))).toBe('flat axis against board-y axis');
  });
});

describe('any axes', () => {
  const pair = axis.chain((source) =>
    fc.tuple(fc.constant(source), fc.oneof({ weight: 4, arbitrary: variation(source) }, axis)),
  );

  it('align with themselves index by index', () => {
    fc.assert(
      fc.property(axis, fc.constantFrom('role' as const, 'index' as const), (any, how) => {
        const map = alignAxis(any, any, how);
        expect([...map.from]).toEqual(Array.from({ length: axisSize(any) }, (_, i) => i));
        expect(map.reason).toBeUndefined();
      }),
    );
  });

  it('map every index of the target to one of the source, or none; and say why where none', () => {
    fc.assert(
      fc.property(pair, fc.constantFrom(...ALIGNMENTS), ([source, target], how) => {
        const map = alignAxis(source, target, how);
        expect(map.from.length).toBe(axisSize(target));
        for (const i of map.from) expect(i >= -1 && i < axisSize(source)).toBe(true);
        if (map.reason !== undefined) expect(map.from.every((i) => i === -1)).toBe(true);
      }),
    );
  });

  it('take labels of the same main role wherever there are any', () => {
    fc.assert(
      fc.property(pair, ([source, target]) => {
        fc.pre('labels' in source && 'labels' in target && source.kind === target.kind);
        if (!('labels' in source && 'labels' in target)) return;
        const map = alignAxis(source, target, 'role');
        target.labels.forEach(({ roles }, i) => {
          const taken = source.labels[map.from[i]];
          const sameMain = source.labels.filter((label) => label.roles[0] === roles[0]);
          const related = source.labels.filter((l) => l.roles.includes(roles[0]) || roles.includes(l.roles[0]));
          if (sameMain.length > 0) expect(sameMain).toContain(taken);
          else if (related.length > 0) expect(related).toContain(taken);
          else expect(map.from[i]).toBe(-1);
        });
      }),
    );
  });

  it('flatten to the product of their maps', () => {
    const factorPairs = fc.array(pair, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(factorPairs, fc.constantFrom(...ALIGNMENTS), (pairs, how) => {
        const [sources, targets] = [pairs.map(([source]) => source), pairs.map(([, target]) => target)];
        const maps = pairs.map(([source, target]) => alignAxis(source, target, how));
        const strides = shapeOf(sources).map((_, i) => shapeOf(sources.slice(i + 1)).reduce((a, b) => a * b, 1));
        const expected = tuples(shapeOf(targets)).map((indices) => {
          const parts = indices.map((index, i) => maps[i].from[index]);
          return parts.some((part) => part < 0) ? -1 : parts.reduce((sum, part, i) => sum + part * strides[i], 0);
        });
        const blocked = maps.some((map) => map.reason !== undefined);
        const flat = alignAxis({ kind: 'flat', factors: sources }, { kind: 'flat', factors: targets }, how);
        expect([...flat.from]).toEqual(blocked ? expected.map(() => -1) : expected);
        expect(flat.reason === undefined).toBe(!blocked);
      }),
    );
  });
});
