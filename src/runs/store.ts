import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../core/errors.ts';
import { fileError } from './file-error.ts';
import { isGone, ownerName, parseOwner, thisProcess } from './owner.ts';

/**
 * Named pieces of bytes that survive a kill at any moment: a key holds its old content or its new one, whole.
 * Keys are `/`-separated names, e.g. `checkpoints/00012800.safetensors`; names can't start with a dot.
 */
export interface Store {
  /** Writes unless the key is there already; true if written. Of several writers at once exactly one writes. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Undefined where the key is absent. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** All keys that start with `prefix`, sorted by code unit. */
  list(prefix?: string): Promise<string[]>;
  /** Deleting an absent key is no error. */
  delete(key: string): Promise<void>;
}

const TEMPORARY = '.tmp-';
const DAY_MS = 24 * 60 * 60 * 1000;

type Publish = (temporary: string, file: string) => Promise<void>;

/**
 * A store of files under `folder`, which is made when first written to. Every write goes to a temporary file in the
 * same folder, which is synced and renamed; the folder is synced too. Throws a `UserError` naming the file where the
 * disk is full or the file can't be written or read; the old content stays.
 */
export class FolderStore implements Store {
  readonly folder: string;
  /** Folders in which leftovers of killed writers were looked for. */
  private readonly swept = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.write(key, bytes, rename);
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    let written = true;
    await this.write(key, bytes, async (temporary, file) => {
      written = await linkIfAbsent(temporary, file);
      await rm(temporary);
    });
    return written;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const file = fileOf(this.folder, key);
    try {
      return new Uint8Array(await readFile(file));
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw fileError(error, 'read', file);
    }
  }

  async list(prefix = ''): Promise<string[]> {
    // Only the folder that the prefix names needs to be read.
    const within = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const keys = await keysUnder(within === '' ? this.folder : fileOf(this.folder, within.slice(0, -1)), within);
    return keys.filter((key) => key.startsWith(prefix)).sort();
  }

  async delete(key: string): Promise<void> {
    const file = fileOf(this.folder, key);
    try {
      await rm(file);
      await syncFolder(dirname(file));
    } catch (error) {
      if (!isAbsent(error)) throw fileError(error, 'delete', file);
    }
  }

  private async write(key: string, bytes: Uint8Array, publish: Publish): Promise<void> {
    const file = fileOf(this.folder, key);
    const parent = dirname(file);
    const temporary = join(parent, `${TEMPORARY}${ownerName(thisProcess())}-${randomBytes(6).toString('hex')}`);
    try {
      await makeFolder(parent);
      if (!this.swept.has(parent)) await sweep(parent);
      this.swept.add(parent);
      await writeSynced(temporary, bytes);
      await publish(temporary, file);
      await syncFolder(parent);
    } catch (error) {
      // What went wrong first is what matters, not that the leftover could not be deleted.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw fileError(error, 'write', file);
    }
  }
}

/** @throws UserError where a key would leave its folder or hide in it */
export function checkKey(key: string): void {
  // Colons and backslashes mean drives, streams and folders on Windows.
  const isName = (name: string): boolean => name !== '' && !name.startsWith('.') && !/[\\:\0]/.test(name);
  if (!key.split('/').every(isName)) {
    throw new UserError(`bad key ${JSON.stringify(key)}; valid: names joined by "/", none empty or starting with "."`);
  }
}

/** The file of a key. @throws UserError as `checkKey` */
function fileOf(folder: string, key: string): string {
  checkKey(key);
  return join(folder, ...key.split('/'));
}

/** Makes a folder with its parents, and syncs each folder that got an entry. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const end = resolve(first).length;
  for (let made = resolve(folder); made.length >= end; made = dirname(made)) await syncFolder(dirname(made));
}

async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename or link is only safe from a power cut once its folder is synced. Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Deletes temporary files whose writer was killed (or, of another host, that are older than a day). */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = name.startsWith(TEMPORARY) ? parseOwner(name.slice(TEMPORARY.length)) : undefined;
    if (owner === undefined) continue;
    const file = join(folder, name);
    if (isGone(owner) || (await isOlderThan(file, DAY_MS))) await rm(file, { force: true });
  }
}

async function isOlderThan(file: string, ageMs: number): Promise<boolean> {
  const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
  return Date.now() - mtimeMs > ageMs;
}

async function keysUnder(folder: string, prefix: string): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw fileError(error, 'read', folder);
  }
  const visible = entries.filter((entry) => !entry.name.startsWith('.'));
  const nested = visible.map(async (entry) =>
    entry.isDirectory() ? keysUnder(join(folder, entry.name), `${prefix}${entry.name}/`) : [prefix + entry.name],
  );
  return (await Promise.all(nested)).flat();
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
