import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Board, Frame } from '../../src/live/protocol.ts';
import { type Cell, matchCells } from '../../web/src/stage/matching.ts';
import { follows, Planes } from '../../web/src/stage/planes.ts';

const at = (x: number, y: number): Cell => ({ x, y });
const right = () => at(1, 0);

/** Where each new cell's thing was, as text. */
const origins = (before: Cell[], now: Cell[], heading?: (cell: Cell) => Cell | null): string[] =>
  matchCells(before, now, heading).matches.map(({ was }) => (was ? `${was.x},${was.y}` : 'new'));

describe('matching of cells between two pictures', () => {
  test('a thing that moved is followed', () => {
    expect(origins([at(3, 4)], [at(4, 5)])).toEqual(['3,4']);
  });

  test('a thing that stands still is not taken for its neighbour', () => {
    expect(origins([at(3, 4), at(5, 4)], [at(3, 4), at(4, 4)])).toEqual(['3,4', '5,4']);
  });

  test('further than two cells is another thing: wrapped round, or died and was born elsewhere', () => {
    const { matches, gone } = matchCells([at(9, 4)], [at(0, 4)]);
    expect(matches[0].was).toBeNull();
    expect(gone).toEqual([at(9, 4)]);
    expect(origins([at(3, 4)], [at(5, 6)])).toEqual(['3,4']);
    expect(origins([at(3, 4)], [at(6, 4)])).toEqual(['new']);
  });

  test('a birth takes nobody else’s place, a death leaves the others theirs', () => {
    expect(origins([at(3, 4)], [at(0, 4), at(4, 4)])).toEqual(['new', '3,4']);
    const { matches, gone } = matchCells([at(3, 4), at(6, 4)], [at(4, 4)], right);
    expect(matches[0].was).toEqual(at(3, 4));
    expect(gone).toEqual([at(6, 4)]);
  });

  test('a trail decides where two would do: things come from behind', () => {
    // Two cars in a lane going right; the first leaves the board's cell 3, the second follows from 1 to 2.
    expect(origins([at(1, 4), at(3, 4)], [at(2, 4), at(4, 4)], right)).toEqual(['1,4', '3,4']);
    // Without the trail the nearest would do just as well from ahead.
    expect(origins([at(5, 4)], [at(4, 4)], right)).toEqual(['new']);
    expect(origins([at(4, 3)], [at(4, 4)], right)).toEqual(['new']);
  });

  test('a block that marches keeps every member, also where it overlaps itself', () => {
    const block = [0, 1, 2].flatMap((y) => [2, 3, 4, 5].map((x) => at(x, y)));
    const marched = block.map(({ x, y }) => at(x - 1, y));
    expect(matchCells(block, marched).matches.map(({ was }) => was)).toEqual(block);
    // One was shot in the same step.
    const shot = matchCells(block, marched.slice(1));
    expect(shot.gone).toEqual([block[0]]);
    expect(shot.matches.every(({ cell, was }) => was?.x === cell.x + 1)).toBe(true);
  });

  test('a body of two cells moves as one, unless trails say otherwise', () => {
    expect(origins([at(3, 9), at(4, 9)], [at(4, 9), at(5, 9)])).toEqual(['3,9', '4,9']);
    const apart = (cell: Cell) => at(cell.x === 4 ? 1 : -1, 0);
    expect(origins([at(3, 9), at(4, 9)], [at(4, 9), at(5, 9)], apart)).toEqual(['4,9', 'new']);
  });

  test('a wall that loses bricks stands still', () => {
    const wall = [1, 2, 3].flatMap((y) => Array.from({ length: 10 }, (_, x) => at(x, y)));
    const { matches, gone } = matchCells(wall, wall.slice(1));
    expect(gone).toEqual([wall[0]]);
    expect(matches.every(({ cell, was }) => was === cell)).toBe(true);
  });

  test('what wraps round leaves on one side and comes in on the other, whoever is near', () => {
    const { matches, gone } = matchCells([at(9, 4), at(2, 4)], [at(0, 4), at(3, 4)], right);
    expect(matches.map(({ was }) => was)).toEqual([null, at(2, 4)]);
    expect(gone).toEqual([at(9, 4)]);
  });

  test('the trail of what has wrapped round is on the far side', () => {
    const board: Board & { kind: 'planes' } = {
      kind: 'planes',
      height: 1,
      width: 4,
      channels: [
        { name: 'car', roles: ['threat'] },
        { name: 'trail', roles: ['trail'] },
      ],
    };
    const cells = new Uint8Array(8);
    cells[0] = cells[3 * 2 + 1] = 1;
    expect(new Planes(board, cells).way({ x: 0, y: 0 }, ['threat']).dx).toBe(1);
  });

  test('one missed frame is bridged, more are not, nor is another episode or time that goes back', () => {
    const frame = (number: number, episode = 0) => ({ frame: number, episode }) as Frame;
    expect(follows(frame(1), null)).toBe(false);
    expect([4, 5, 6, 7, 8].map((number) => follows(frame(number), frame(5)))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ]);
    expect(follows(frame(6, 1), frame(5))).toBe(false);
    // Two steps in one: a thing that goes a cell a step is still within reach; two at once keep apart.
    expect(origins([at(1, 4), at(5, 4)], [at(3, 4), at(7, 4)], right)).toEqual(['1,4', '5,4']);
    // A birth and a death in the frame that was missed.
    expect(origins([at(3, 4), at(8, 8)], [at(5, 4), at(0, 0)], right)).toEqual(['3,4', 'new']);
  });

  test('nobody is in two places, nobody is lost, nobody jumps', () => {
    const cells = fc.uniqueArray(fc.record({ x: fc.nat(9), y: fc.nat(9) }), {
      selector: ({ x, y }) => 10 * y + x,
      maxLength: 30,
    });
    fc.assert(
      fc.property(cells, cells, fc.boolean(), (before, now, goesRight) => {
        const { matches, gone } = matchCells(before, now, goesRight ? right : undefined);
        const kept = matches.flatMap(({ was }) => (was === null ? [] : [was]));
        expect(matches.map(({ cell }) => cell)).toEqual(now);
        expect(new Set([...kept, ...gone]).size).toBe(before.length);
        expect(kept.length + gone.length).toBe(before.length);
        for (const { cell, was } of matches) {
          if (was !== null) expect(Math.max(Math.abs(cell.x - was.x), Math.abs(cell.y - was.y))).toBeLessThanOrEqual(2);
        }
      }),
    );
  });
});
