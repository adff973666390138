import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError, unknownValue } from '../core/errors.ts';
import type { SourceCheckpoint } from './training.ts';

/**
 * The policy checkpoint a path stands for: a `.safetensors` file, a run folder (its newest checkpoint), or `zoo:<game>`,
 * one that comes with ngplus. @throws UserError where there is none
 */
export function readSource(path: string): SourceCheckpoint {
  const file = checkpointFile(path);
  return { name: path.startsWith(ZOO) ? path : file, bytes: readFileSync(file) };
}

/** The file of `readSource`. */
function checkpointFile(path: string): string {
  if (path.startsWith(ZOO)) return zooFile(path.slice(ZOO.length));
  if (!existsSync(path)) throw new UserError(`there is no checkpoint or run folder "${path}"`);
  if (!statSync(path).isDirectory()) return path;
  const newest = checkpointFiles(path).at(-1);
  if (!newest) throw new UserError(`"${path}" holds no checkpoint (checkpoints/*.safetensors)`);
  return newest;
}

const ZOO = 'zoo:';
const ZOO_FOLDER = fileURLToPath(new URL('../../zoo/', import.meta.url));

/** The games that a trained policy comes with. */
export const zooGames = (): string[] =>
  existsSync(ZOO_FOLDER)
    ? readdirSync(ZOO_FOLDER)
        .filter((name) => name.endsWith('.safetensors'))
        .map((name) => name.slice(0, -'.safetensors'.length))
        .sort()
    : [];

/** Does the path stand for one policy, not for a folder? */
export const isCheckpoint = (path: string): boolean => path.startsWith(ZOO) || path.endsWith('.safetensors');

function zooFile(game: string): string {
  if (!zooGames().includes(game)) throw unknownValue('policy of the zoo', game, zooGames());
  return join(ZOO_FOLDER, `${game}.safetensors`);
}

/** The checkpoints of a run folder, oldest first. */
export function checkpointFiles(folder: string): string[] {
  const inside = join(folder, 'checkpoints');
  if (!existsSync(inside)) return [];
  return readdirSync(inside)
    .filter((name) => name.endsWith('.safetensors'))
    .sort()
    .map((name) => join(inside, name));
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
