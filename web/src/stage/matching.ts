/** A cell of a board: column and row. */
export interface Cell {
  readonly x: number;
  readonly y: number;
}

/** Where a thing of the new picture was in the one before; null where it was not there. */
export type Match<Thing extends Cell> = { readonly cell: Cell; readonly was: Thing | null };

export interface Matching<Thing extends Cell> {
  /** One for each new cell, in their order. */
  readonly matches: readonly Match<Thing>[];
  /** Things of the old picture that are gone. */
  readonly gone: readonly Thing[];
}

/** How far a thing may have moved, in columns and in rows. */
const REACH = 2;

/**
 * Planes carry no identity: which cell of the new picture is which thing of the old one? First, did all move alike (a
 * marching block)? Else each new cell takes the nearest thing within two cells, those first that fit best. `heading`
 * says which way a cell's thing moves where a trail shows it: then it comes from behind, or has stood still.
 */
export function matchCells<Thing extends Cell>(
  before: readonly Thing[],
  now: readonly Cell[],
  heading: (cell: Cell) => Cell | null = () => null,
): Matching<Thing> {
  const shift = commonShift(before, now, heading);
  const pairs = shift === null ? nearestPairs(before, now, heading) : shiftedPairs(before, now, shift);
  const found = new Map(pairs.map(([cell, thing]) => [cell, thing]));
  const kept = new Set(found.values());
  return {
    matches: now.map((cell) => ({ cell, was: found.get(cell) ?? null })),
    gone: before.filter((thing) => !kept.has(thing)),
  };
}

const keyOf = (x: number, y: number): number => (y + 1024) * 4096 + x + 1024;

/** The shift by which (nearly) all things moved, if one shift explains the picture and standing still does not. */
function commonShift(before: readonly Cell[], now: readonly Cell[], heading: (cell: Cell) => Cell | null): Cell | null {
  const most = Math.max(before.length, now.length);
  if (Math.min(before.length, now.length) < 2) return null;
  const cells = new Set(now.map(({ x, y }) => keyOf(x, y)));
  const fits = (dx: number, dy: number): number => before.filter(({ x, y }) => cells.has(keyOf(x + dx, y + dy))).length;
  // A large block may have lost or won a member or two in the same step; a small one has to fit.
  const enough = most < 4 ? most : most - 2;
  if (fits(0, 0) >= enough) return null;
  const isAllowed = ({ x, y }: Cell): boolean =>
    now.every((cell) => cost({ x: cell.x - x, y: cell.y - y }, cell, heading(cell)) < Infinity);
  return SHIFTS.find((shift) => fits(shift.x, shift.y) >= enough && isAllowed(shift)) ?? null;
}

/** All shifts within reach but none at all, the shortest first. */
const SHIFTS: readonly Cell[] = Array.from({ length: (2 * REACH + 1) ** 2 }, (_, i) => ({
  x: (i % (2 * REACH + 1)) - REACH,
  y: Math.floor(i / (2 * REACH + 1)) - REACH,
}))
  .filter(({ x, y }) => x !== 0 || y !== 0)
  .toSorted((a, b) => Math.hypot(a.x, a.y) - Math.hypot(b.x, b.y));

type Pair<Thing> = [cell: Cell, thing: Thing];

function shiftedPairs<Thing extends Cell>(before: readonly Thing[], now: readonly Cell[], shift: Cell): Pair<Thing>[] {
  const origin = new Map(before.map((thing) => [keyOf(thing.x + shift.x, thing.y + shift.y), thing]));
  return now.flatMap((cell) => {
    const thing = origin.get(keyOf(cell.x, cell.y));
    return thing === undefined ? [] : [[cell, thing] satisfies Pair<Thing>];
  });
}

function nearestPairs<Thing extends Cell>(
  before: readonly Thing[],
  now: readonly Cell[],
  heading: (cell: Cell) => Cell | null,
): Pair<Thing>[] {
  const candidates = now.flatMap((cell) => {
    const way = heading(cell);
    return before
      .filter((thing) => Math.abs(thing.x - cell.x) <= REACH && Math.abs(thing.y - cell.y) <= REACH)
      .map((thing) => ({ cell, thing, cost: cost(thing, cell, way) }))
      .filter((candidate) => candidate.cost < Infinity);
  });
  candidates.sort((a, b) => a.cost - b.cost);
  const takenCells = new Set<Cell>();
  const takenThings = new Set<Thing>();
  const pairs: Pair<Thing>[] = [];
  for (const { cell, thing } of candidates) {
    if (takenCells.has(cell) || takenThings.has(thing)) continue;
    takenCells.add(cell);
    takenThings.add(thing);
    pairs.push([cell, thing]);
  }
  return pairs;
}

/** Distance; what would have moved against its trail is out of the question. */
function cost(thing: Cell, cell: Cell, way: Cell | null): number {
  const [dx, dy] = [cell.x - thing.x, cell.y - thing.y];
  if (way !== null && (dx * way.x + dy * way.y < 0 || dx * way.y - dy * way.x !== 0)) return Infinity;
  return Math.hypot(dx, dy);
}
