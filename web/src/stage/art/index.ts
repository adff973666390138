import type { Art, Look, ShapeLook, Sprite } from '../art.ts';
import { asterix } from './asterix.ts';
import { breakout } from './breakout.ts';
import { roleLooks, roleShapes, roleSprites } from './by-role.ts';
import { acrobot, cartpole, mountaincar } from './classic.ts';
import { freeway } from './freeway.ts';
import { seaquest } from './seaquest.ts';
import { spaceInvaders } from './space-invaders.ts';

/** Games with art of their own. */
const arts: readonly Art[] = [breakout, asterix, freeway, seaquest, spaceInvaders, cartpole, mountaincar, acrobot];

/** The art of this game; a game nobody has drawn has none and is drawn by role. */
export const artOf = (game: string): Art => arts.find((art) => art.game === game) ?? { game };

/** How a channel looks: by its name in the game's art, else by its main role. Null where it is not drawn. */
export function lookOf(art: Art, name: string, roles: readonly string[]): Look | null {
  const own = art.looks?.[name];
  if (own !== undefined) return own;
  return roles.map((role) => roleLooks[role]).find((look) => look !== undefined) ?? roleLooks.unknown;
}

export const shapeLookOf = (art: Art, role: string): ShapeLook =>
  art.shapes?.[role] ?? roleShapes[role] ?? roleShapes.unknown;

/** Every sprite there is, by name. */
export const sprites: Readonly<Record<string, Sprite>> = Object.assign(
  {},
  roleSprites,
  ...arts.map((art) => art.sprites ?? {}),
) as Record<string, Sprite>;
