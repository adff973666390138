import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildFailure, Plugin } from 'esbuild';
import { UserError } from '../core/errors.ts';
import type { Game } from '../core/game.ts';
import { declarationError } from '../envs/check-game.ts';
import { findGame, registerGame } from '../envs/index.ts';

/** A user's file that defines a game. */
export interface GameModule {
  readonly path: string;
  /** Of the file with all it imports: part of a run's identity. */
  readonly sha256: string;
}

const modules = new Map<string, GameModule>();

/** The module that a registered game came from, or null for the project's own games. */
export const gameModuleOf = (gameId: string): GameModule | null => modules.get(gameId) ?? null;

/**
 * Loads a user's game from a `.ts` or `.js` file (its default export) and registers it. Loading the same file twice is
 * harmless. @throws UserError where there is no such file, it does not load, or exports no game
 */
export async function loadGameModule(file: string): Promise<Game> {
  const path = resolve(file);
  const { game, sha256 } = await importGame(file);
  const known = modules.get(game.id);
  if (known?.path === path && known.sha256 === sha256) return findGame(game.id);
  if (known?.path === path) throw new UserError(`${file} has changed since it was loaded; start again`);
  const error = declarationError(game);
  if (error !== undefined) throw new UserError(`${file}: ${error}; all about it: ngplus check-game ${file}`);
  registerGame(game);
  modules.set(game.id, { path, sha256 });
  return game;
}

/** Loads the game of a run. @throws UserError where its file has changed since the run began */
export async function loadRunGame({ path, sha256 }: GameModule): Promise<void> {
  const game = await loadGameModule(path);
  if (gameModuleOf(game.id)?.sha256 === sha256) return;
  throw new UserError(`${path} has changed since the run began; bring it back, or start another run`);
}

/** Loads the user's game that a run folder was trained on; nothing happens where it is one of ours, or no run. */
export async function loadGameOfRun(folder: string): Promise<void> {
  const file = join(folder, 'config.json');
  if (!existsSync(file)) return;
  const { gameModule } = readConfig(file);
  if (gameModule) await loadGameModule(gameModule.path);
}

function readConfig(file: string): { gameModule?: GameModule | null } {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { gameModule?: GameModule | null };
  } catch {
    throw new UserError(`${file} is not valid JSON`);
  }
}

/** Imports a user's game without registering it; `sha256` is that of the file with all it imports. */
export async function importGame(file: string): Promise<{ game: Game; sha256: string }> {
  if (!existsSync(file)) throw new UserError(`there is no game file "${file}"`);
  const module = (await evaluateModule(await bundle(file, ourModules), file)) as { default?: Game };
  const game = module.default;
  if (!game || typeof game !== 'object' || !('id' in game) || !('step' in game)) {
    throw new UserError(`${file} has no game as its default export (export default defineGame({ … }))`);
  }
  // Minified, so that names and comments that come of where the files lie do not count.
  const content = await bundle(file, namedModules, true);
  return { game, sha256: createHash('sha256').update(content).digest('hex') };
}

/** `ngplus` and `zod` are ours, wherever the user's file lies. */
const ourModules: Plugin = {
  name: 'ours',
  setup({ onResolve }) {
    const source = import.meta.url.endsWith('.ts') ? '../game.ts' : '../game.js';
    onResolve({ filter: /^ngplus$/ }, () => ({ path: fileURLToPath(new URL(source, import.meta.url)) }));
    onResolve({ filter: /^zod$/ }, () => ({ path: import.meta.resolve('zod'), external: true }));
  },
};

/** Both stay as they are named. */
const namedModules: Plugin = {
  name: 'named',
  setup({ onResolve }) {
    onResolve({ filter: /^(ngplus|zod)$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** The file with everything it imports as one module. */
async function bundle(file: string, plugin: Plugin, minify = false): Promise<string> {
  const { build } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      entryPoints: [resolve(file)],
      bundle: true,
      minify,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'silent',
      plugins: [plugin],
    });
    return outputFiles[0].text;
  } catch (error) {
    const [first] = (error as BuildFailure).errors ?? [];
    if (!first) throw error;
    const place = first.location ? `:${first.location.line}:${first.location.column + 1}` : '';
    throw new UserError(`${file}${place} does not load: ${first.text}`);
  }
}

async function evaluateModule(text: string, file: string): Promise<unknown> {
  // What stacks name instead of the whole module in base64.
  const named = `${text}\n//# sourceURL=${pathToFileURL(resolve(file))}.bundled.js\n`;
  try {
    return await import(`data:text/javascript;base64,${Buffer.from(named).toString('base64')}`);
  } catch (error) {
    throw new UserError(`${file} does not load: ${(error as Error).message.split('\n')[0]}`);
  }
}
