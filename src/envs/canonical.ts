import { UserError } from '../core/errors.ts';
import { observationSize, type ROLES } from '../core/game.ts';
import type { Game, Named, ObservationSpec } from '../core/game.ts';

/**
 * The canonical planes, one for each role that a plane can have, in this order in every game. Another list is another
 * observation: policies trained on the old one do not fit.
 */
const CANONICAL_ROLES: readonly (keyof typeof ROLES.observation)[] = [
  'self',
  'self-part',
  'threat',
  'target',
  'pickup',
  'ball',
  'own-projectile',
  'threat-projectile',
  'trail',
  'wall',
  'gauge',
  'left',
  'right',
  'speed',
  'opponent',
];

const CHANNELS: readonly Named[] = CANONICAL_ROLES.map((role) => ({ name: role, roles: [role] }));

type Planes = Extract<ObservationSpec, { kind: 'planes' }>;

/** Canonical planes on a board of this size. */
export const canonicalPlanes = (height: number, width: number): Planes => ({
  kind: 'planes',
  height,
  width,
  channels: CHANNELS,
});

/**
 * The game, seen on canonical planes in this variant: a cell of a role's plane is set where any of the game's channels
 * with that role, main or not, is set. So all games of one board size show themselves alike.
 * @throws UserError for a game of features, or where a channel has no role with a plane
 */
export function canonicalGame(game: Game, variant: Record<string, unknown>): Game {
  const own = game.observation(variant);
  if (own.kind !== 'planes') throw new UserError(`${game.id}: observation=canonical is for planes, not for features`);
  const canonical = canonicalPlanes(own.height, own.width);
  const size = observationSize(canonical);
  const { indices, each } = canonicalIndices(game, own);
  // What the game itself shows: written whole before each look, so that nothing outlives a call.
  const words = new Uint32Array(Math.ceil(observationSize(own) / 4));
  const seen = new Uint8Array(words.buffer);
  return {
    ...game,
    observation: () => canonical,
    observe(state, player, out, offset) {
      game.observe(state, player, seen, 0);
      out.fill(0, offset, offset + size);
      // Most cells are empty: they are looked at four at a time.
      for (let w = 0; w < words.length; w++) {
        if (words[w] === 0) continue;
        for (let i = 4 * w; i < 4 * w + 4; i++) {
          if (seen[i] === 0) continue;
          for (let k = i * each; k < (i + 1) * each; k++) out[offset + indices[k]] = 1;
        }
      }
    },
  };
}

/**
 * For each value of the game's own observation, which canonical ones it sets: `[value][each]`, where those of fewer
 * planes than others repeat their first.
 */
function canonicalIndices(game: Game, own: Planes): { indices: Int32Array; each: number } {
  const planes = own.channels.map((channel) => planesOf(game, channel));
  const each = Math.max(...planes.map(({ length }) => length));
  const cells = [...Array(own.height * own.width).keys()];
  const indices = cells.flatMap((cell) =>
    planes.flatMap((of) => Array.from({ length: each }, (_, k) => cell * CHANNELS.length + (of[k] ?? of[0]))),
  );
  return { indices: Int32Array.from(indices), each };
}

/** The canonical planes that a channel is part of. */
function planesOf(game: Game, { name, roles }: Named): number[] {
  const planes = CANONICAL_ROLES.flatMap((role, plane) => (roles.includes(role) ? [plane] : []));
  if (planes.length > 0) return planes;
  throw new UserError(
    `${game.id}: the channel "${name}" has no role with a canonical plane; those are ${CANONICAL_ROLES.join(', ')}`,
  );
}
