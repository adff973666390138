import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildFailure, Plugin } from 'esbuild';
import * as zod from 'zod';
import type { Algorithm } from '../agents/algorithm.ts';
import { registerAlgorithm } from '../agents/index.ts';
import { UserError } from '../core/errors.ts';
import type { Game } from '../core/game.ts';
import { declarationError } from '../envs/check-game.ts';
import type { EnvSpec } from '../envs/env-id.ts';
import { findEnv, games, registerGame } from '../envs/index.ts';
import * as ngplus from '../game.ts';
import { registerNet } from '../nets/index.ts';
import type { Net } from '../nets/net.ts';
import { JOINT } from '../transfer/compose.ts';
import { registerMethod } from '../transfer/index.ts';
import type { Method } from '../transfer/method.ts';

/** A user's file that defines games, nets, algorithms or methods. */
export interface UserModule {
  readonly path: string;
  /** Of the file with all it imports, wherever they lie: part of a run's identity. */
  readonly sha256: string;
}

/** The file with all it imports as one module that runs anywhere: it travels with a job and is kept with a run. */
export interface Bundle extends UserModule {
  readonly code: string;
}

type Kind = 'game' | 'net' | 'algorithm' | 'method';

/** What a module adds, and its kind. */
type Part =
  | { readonly kind: 'game'; readonly value: Game }
  | { readonly kind: 'net'; readonly value: Net }
  | { readonly kind: 'algorithm'; readonly value: Algorithm }
  | { readonly kind: 'method'; readonly value: Method };

/** The fields by which an export is told to be of a kind. */
const MARKS: Readonly<Record<Kind, readonly string[]>> = {
  game: ['step', 'actions'],
  net: ['layers', 'reads'],
  algorithm: ['create', 'heads'],
  method: ['scale', 'describe'],
};

const bundles = new Map<string, { bundle: Bundle; parts: readonly Part[] }>();
/** The bundle that added a part: `game my-game`. */
const owners = new Map<string, Bundle>();
const keyOf = (kind: string, id: string): string => `${kind} ${id}`;

/** The users' modules that define any of these parts, given by their ids (methods also joined). */
export function modulesOf({ method = '', ...ids }: Partial<Record<Kind, string>>): UserModule[] {
  const parts = [...Object.entries(ids), ...method.split(JOINT).map((id) => ['method', id])];
  const found = parts.flatMap(([kind, id]) => owners.get(keyOf(kind, id)) ?? []);
  return [...new Set(found)].map(({ path, sha256 }) => ({ path, sha256 }));
}

/** The bundle of a module that is loaded. */
export function bundleOf({ path, sha256 }: UserModule): Bundle {
  const loaded = bundles.get(sha256);
  if (!loaded) throw new Error(`${path} is not loaded`);
  return loaded.bundle;
}

const BUILT_IN = new Set(games.map(({ id }) => id));

/** @throws UserError for a game that only this thread knows: what is trained on others comes from a file */
export function refuseHomeless(env: string): void {
  const { id } = findEnv(env).game;
  if (BUILT_IN.has(id) || owners.has(keyOf('game', id))) return;
  throw new UserError(
    `the game "${id}" is registered in this thread only; training takes its file: game: './${id}.ts'`,
  );
}

/** Where a run's folder keeps a bundle. */
export const bundleKey = ({ sha256 }: UserModule): string => `module-${sha256.slice(0, 8)}.mjs`;

/**
 * Loads a user's `.ts` or `.js` file and registers the games, nets, algorithms and methods that it exports. Loading the
 * same file twice is harmless. @throws UserError where there is no such file, it does not load, or exports none of them
 */
export async function loadModule(file: string): Promise<readonly Part[]> {
  const bundle = await bundleFile(file);
  const known = [...bundles.values()].find((loaded) => loaded.bundle.path === bundle.path);
  if (known && known.bundle.sha256 !== bundle.sha256) {
    throw new UserError(`${file} has changed since it was loaded; start again`);
  }
  return loadBundle(bundle, file);
}

/** Loads a user's module as `loadModule` does, and opens its game: `./my-game.ts`, `./my-game.ts?basketWidth=3`. */
export async function loadGameModule(text: string): Promise<EnvSpec> {
  const [file, query] = splitQuery(text);
  return findEnv(gameOf(await loadModule(file), file).id + query);
}

/** Registers what a bundle exports, under the name `file` in messages; once loaded, there is nothing to do. */
export async function loadBundle(bundle: Bundle, file = bundle.path): Promise<readonly Part[]> {
  const loaded = bundles.get(bundle.sha256);
  if (loaded) return loaded.parts;
  const parts = await partsOf(bundle, file);
  for (const part of parts) {
    register(part, file);
    owners.set(keyOf(part.kind, part.value.id), bundle);
  }
  bundles.set(bundle.sha256, { bundle, parts });
  return parts;
}

/** Loads what a run needs that is not loaded yet, from its folder. @throws UserError where it is not there as it was */
export async function loadRunModules(folder: string, modules: readonly UserModule[]): Promise<void> {
  for (const module of modules) if (!bundles.has(module.sha256)) await loadBundle(readBundle(folder, module));
}

/**
 * Loads the users' modules that a run (its folder or a checkpoint in it) or the runs of a study were made with, as they
 * were then; nothing happens where there are none. A part that another file has already added stays: the result says so.
 */
export async function loadGameOfRun(path: string): Promise<string[]> {
  const notes = new Set<string>();
  for (const folder of runFolders(path)) {
    for (const module of modulesIn(folder)) {
      if (bundles.has(module.sha256)) continue;
      const bundle = readBundle(folder, module);
      const keys = (await partsOf(bundle, module.path)).map(({ kind, value }) => keyOf(kind, value.id));
      const taken = keys.find((key) => owners.has(key));
      if (taken === undefined) await loadBundle(bundle);
      else notes.add(`the ${taken} is that of ${owners.get(taken)?.path}, not the one that ${folder} was trained with`);
    }
  }
  return [...notes];
}

/** Imports a user's game without registering it. */
export async function importGame(text: string): Promise<{ game: Game; sha256: string }> {
  const [file] = splitQuery(text);
  const bundle = await bundleFile(file);
  return { game: gameOf(await partsOf(bundle, file), file), sha256: bundle.sha256 };
}

/** Tells a file, with or without a variant, from an env id. */
export const isGameFile = (text: string): boolean =>
  (statSync(text, { throwIfNoEntry: false })?.isFile() ?? false) || /^[./]|\.[cm]?[jt]s$/.test(splitQuery(text)[0]);

function splitQuery(text: string): [file: string, query: string] {
  const mark = existsSync(text) ? -1 : text.indexOf('?');
  return mark < 0 ? [text, ''] : [text.slice(0, mark), text.slice(mark)];
}

function gameOf(parts: readonly Part[], file: string): Game {
  const game = parts.find(({ kind }) => kind === 'game');
  if (!game) throw new UserError(`${file} exports no game (export default defineGame({ … }))`);
  return game.value as Game;
}

function register({ kind, value }: Part, file: string): void {
  if (kind === 'net') return registerNet(value);
  if (kind === 'algorithm') return registerAlgorithm(value);
  if (kind === 'method') return registerMethod(value);
  const error = declarationError(value);
  if (error !== undefined) throw new UserError(`${file}: ${error}; all about it: ngplus check-game ${file}`);
  registerGame(value);
}

/** What a bundle exports, its default export first. */
async function partsOf(bundle: Bundle, file: string): Promise<Part[]> {
  const exported = await evaluateModule(bundle.code, file);
  const values = new Set([exported.default, ...Object.values(exported)]);
  const parts = [...values].flatMap((value) => {
    if (typeof value !== 'object' || value === null || !('id' in value)) return [];
    const kind = (Object.keys(MARKS) as Kind[]).find((name) => MARKS[name].every((mark) => mark in value));
    return kind ? [{ kind, value } as Part] : [];
  });
  if (parts.length > 0) return parts;
  throw new UserError(`${file} exports no game, net, algorithm or method (export default defineGame({ … }))`);
}

/** The folders of runs that a path stands for: a run, a checkpoint of one, or a study with its jobs. */
function runFolders(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) {
    const folder = dirname(resolve(path));
    return basename(folder) === 'checkpoints' ? [dirname(folder)] : [];
  }
  const jobs = join(path, 'jobs');
  return [path, ...(existsSync(jobs) ? readdirSync(jobs).map((name) => join(jobs, name)) : [])];
}

function modulesIn(folder: string): readonly UserModule[] {
  const file = join(folder, 'config.json');
  if (!existsSync(file)) return [];
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { modules?: UserModule[] }).modules ?? [];
  } catch {
    throw new UserError(`${file} is not valid JSON`);
  }
}

function readBundle(folder: string, module: UserModule): Bundle {
  const file = join(folder, bundleKey(module));
  if (!existsSync(file)) throw new UserError(`${folder} was made with ${module.path}, but has no ${basename(file)}`);
  const code = readFileSync(file, 'utf8');
  if (shaOf(code) !== module.sha256) throw new UserError(`${file} is not what the run began with; bring it back`);
  return { ...module, code };
}

/** Of the code alone: its source map tells where the files lay. */
const shaOf = (code: string): string =>
  createHash('sha256')
    .update(code.slice(0, code.lastIndexOf('//# sourceMappingURL=')))
    .digest('hex');

/** Where a bundle finds this very `ngplus` and `zod`, so that it needs no files of theirs. */
const SHARED = 'ngplus';
const shared: Plugin = {
  name: 'shared',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(ngplus|zod)$/ }, ({ path }) => ({ path, namespace: 'shared' }));
    onLoad({ filter: /.*/, namespace: 'shared' }, ({ path }) => ({
      contents: `module.exports = globalThis[Symbol.for('${SHARED}')].${path};`,
    }));
  },
};

async function bundleFile(file: string): Promise<Bundle> {
  if (!existsSync(file)) throw new UserError(`there is no game file "${file}"`);
  const { build } = await import('esbuild');
  const path = resolve(file);
  try {
    const { outputFiles } = await build({
      entryPoints: [path],
      outfile: join(dirname(path), 'bundle.mjs'),
      bundle: true,
      // Names and comments that come of where the files lie do not count.
      minify: true,
      legalComments: 'none',
      sourcemap: 'inline',
      sourceRoot: `${pathToFileURL(dirname(path)).href}/`,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'silent',
      plugins: [shared],
    });
    const code = outputFiles[0].text;
    return { path, sha256: shaOf(code), code };
  } catch (error) {
    const [first] = (error as BuildFailure).errors ?? [];
    if (!first) throw error;
    const place = first.location ? `:${first.location.line}:${first.location.column + 1}` : '';
    throw new UserError(`${file}${place} does not load: ${first.text}`);
  }
}

/** Imports a bundle from a file, for stacks that name the user's own lines. */
async function evaluateModule(code: string, file: string): Promise<Record<string, unknown>> {
  Object.assign(globalThis, { [Symbol.for(SHARED)]: { ngplus, zod } });
  process.setSourceMapsEnabled(true);
  const folder = mkdtempSync(join(tmpdir(), 'ngplus-module-'));
  try {
    writeFileSync(join(folder, 'module.mjs'), code);
    return (await import(pathToFileURL(join(folder, 'module.mjs')).href)) as Record<string, unknown>;
  } catch (error) {
    throw new UserError(`${file} does not load: ${(error as Error).message.split('\n')[0]}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
