import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import type { SourceCheckpoint } from './run.ts';

/**
 * The policy checkpoint a path stands for: a `.safetensors` file, or a run folder (its newest checkpoint).
 * @throws UserError where there is none
 */
export function readSource(path: string): SourceCheckpoint {
  const file = checkpointFile(path);
  return { name: file, bytes: readFileSync(file) };
}

/** The file of `readSource`. */
function checkpointFile(path: string): string {
  if (!existsSync(path)) throw new UserError(`there is no checkpoint or run folder "${path}"`);
  if (!statSync(path).isDirectory()) return path;
  const newest = checkpointFiles(path).at(-1);
  if (!newest) throw new UserError(`"${path}" holds no checkpoint (checkpoints/*.safetensors)`);
  return newest;
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
