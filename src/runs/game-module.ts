import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../core/errors.ts';
import type { Game } from '../core/game.ts';
import { games, registerGame } from '../envs/index.ts';

/** A user's file that defines a game. */
export interface GameModule {
  readonly path: string;
  /** Of the file: part of a run's identity. */
  readonly sha256: string;
}

const modules = new Map<string, GameModule>();

/** The module that a registered game came from, or null for the project's own games. */
export const gameModuleOf = (gameId: string): GameModule | null => modules.get(gameId) ?? null;

/**
 * Loads a user's game from a `.ts`, `.js` or `.mjs` file (its default export) and registers it. Loading the same file
 * twice is harmless. @throws UserError where there is no such file, it does not load, or exports no game
 */
export async function loadGameModule(file: string): Promise<Game> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UserError(`there is no game file "${file}"`);
  const game = await importGame(path, file);
  const known = modules.get(game.id);
  if (known?.path === path) return games.find((candidate) => candidate.id === game.id) as Game;
  registerGame(game);
  modules.set(game.id, { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') });
  return game;
}

/** Imports a user's game without registering it. */
export async function importGame(path: string, name: string): Promise<Game> {
  const url = pathToFileURL(resolve(path)).href;
  const module = (await importModule(url, name)) as { default?: Game | { default?: Game } };
  const exported = module.default && 'default' in module.default ? module.default.default : module.default;
  if (!exported || typeof exported !== 'object' || !('id' in exported) || !('step' in exported)) {
    throw new UserError(`${name} has no game as its default export (export default defineGame({ … }))`);
  }
  return exported as Game;
}

async function importModule(url: string, name: string): Promise<unknown> {
  try {
    if (!/\.[cm]?ts$/.test(url)) return await import(url);
    const { tsImport } = await import('tsx/esm/api');
    return await tsImport(url, import.meta.url);
  } catch (error) {
    throw new UserError(`${name} does not load: ${(error as Error).message.split('\n')[0]}`);
  }
}
