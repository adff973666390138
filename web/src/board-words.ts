import type { Named, Shape } from '../../src/core/game.ts';
import type { Board, Frame, Stage } from '../../src/live/protocol.ts';
import { score } from './numbers.ts';
import { Planes } from './stage/planes.ts';

type PlanesBoard = Extract<Board, { kind: 'planes' }>;

/** Places of a channel that are named; of more, how many there are. */
const MOST_PLACES = 8;

/** Who plays comes first, then what moves, then what stands. Other roles come between. */
const FIRST = ['self', 'self-part', 'opponent', 'ball', 'threat', 'threat-projectile', 'own-projectile', 'pickup'];
const LAST = ['target', 'trail', 'gauge', 'wall'];

/** A frame in words, for who can't see its board: how the episode stands, and what is where. Rows and columns count from 1. */
export function describeFrame({ board, actions }: Stage, frame: Frame): string {
  const { episode, step, episodeReturn, terminated, truncated, action, picture } = frame;
  const next = terminated || truncated ? 'It is over.' : action === null ? '' : `Next action: ${actions[action].name}.`;
  const standing = `Episode ${episode + 1}, step ${step}, return ${score(Number(episodeReturn.toFixed(2)))}. ${next}`;
  const things =
    picture.kind === 'planes'
      ? describePlanes(board as PlanesBoard, picture.cells)
      : describeFeatures(board, picture.features) || describeShapes(picture.shapes);
  return `${standing.trim()} ${things}`;
}

function describePlanes(board: PlanesBoard, cells: Uint8Array): string {
  const { width, height, channels } = board;
  const planes = new Planes(board, cells);
  const parts = channels
    .map((channel, c) => ({ channel, places: runsOf(planes.list(c)) }))
    .filter(({ places }) => places.length > 0)
    .toSorted((a, b) => rank(a.channel.roles[0]) - rank(b.channel.roles[0]))
    .map(({ channel, places }) => `${nameOf(channel)}: ${placesText(places)}.`);
  return [`${height} rows, ${width} columns.`, ...(parts.length === 0 ? ['Nothing is on the board.'] : parts)].join(
    ' ',
  );
}

/** Neighbours in a row, from column to column. */
interface Run {
  readonly y: number;
  readonly from: number;
  readonly to: number;
}

function runsOf(cells: readonly { readonly x: number; readonly y: number }[]): Run[] {
  const runs: Run[] = [];
  for (const { x, y } of cells) {
    const last = runs.at(-1);
    if (last !== undefined && last.y === y && last.to === x - 1) runs[runs.length - 1] = { ...last, to: x };
    else runs.push({ y, from: x, to: x });
  }
  return runs;
}

function placesText(runs: readonly Run[]): string {
  const named = runs.slice(0, MOST_PLACES).map(({ y, from, to }) => {
    const columns = from === to ? `column ${from + 1}` : `columns ${from + 1} to ${to + 1}`;
    return `row ${y + 1}, ${columns}`;
  });
  const left = runs.slice(MOST_PLACES).reduce((sum, { from, to }) => sum + to - from + 1, 0);
  return [...named, ...(left === 0 ? [] : [`and ${left} more cells`])].join('; ');
}

/** The name of a channel with its main role, where it is another word. */
const nameOf = ({ name, roles: [role] }: Named): string => (name === role ? name : `${name} (${role})`);

function rank(role: string): number {
  if (FIRST.includes(role)) return FIRST.indexOf(role) - FIRST.length;
  return LAST.indexOf(role) + 1;
}

const describeFeatures = (board: Board, values: readonly number[] = []): string =>
  board.kind === 'planes' || board.features === undefined || values.length === 0
    ? ''
    : `${board.features.map(({ name }, i) => `${name} ${score(Number(values[i].toFixed(3)))}`).join(', ')}.`;

const describeShapes = (shapes: readonly Shape[]): string =>
  shapes
    .map(({ role, kind, x, y }) => `${role}, ${kind}: ${percent(x)} from the left, ${percent(y)} from the top.`)
    .join(' ');

const percent = (share: number): string => `${Math.round(100 * share)} %`;
