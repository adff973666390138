import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { UserError } from '../core/errors.ts';
import { fileError } from './file-error.ts';
import type { Owner } from './owner.ts';
import { isGone, ownerName, parseOwner, thisProcess } from './owner.ts';

const PREFIX = '.lock-';
/** Writers that start at the same moment see each other and both step back; a random wait lets one be first. */
const ATTEMPTS = 6;
const MAX_WAIT_MS = 60;

export interface Lock {
  /** Lets the next writer in. Releasing twice is no error. */
  release(): void;
}

interface Claim extends Owner {
  readonly file: string;
  readonly thread: string;
}

/**
 * Makes this thread the only writer of `folder` until `release`. Throws a `UserError` naming the writer where there is
 * one already, in this process or another; one that was killed does not count.
 *
 * Every writer first puts a claim there, an empty file named by its host, process and thread, and only then looks for
 * others. So of two writers at least one sees the other. Only claims of the dead are deleted, and no name comes
 * twice, so that taking over from the dead can never take from the living.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  for (let attempt = 1; ; attempt++) {
    const claim = putClaim(folder);
    const others = livingClaims(folder, claim.file);
    if (others.length === 0) return claim;
    claim.release();
    if (attempt === ATTEMPTS) throw inUse(folder, others[0]);
    await sleep(Math.random() * MAX_WAIT_MS);
  }
}

function putClaim(folder: string): Lock & { file: string } {
  const name = `${PREFIX}${ownerName(thisProcess())}-${threadId}-${randomBytes(6).toString('hex')}`;
  const file = join(folder, name);
  let descriptor: number | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    descriptor = openSync(file, 'wx');
  } catch (error) {
    throw fileError(error, 'write', file);
  }
  const release = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
    rmSync(file, { force: true });
  };
  return { file, release };
}

/** The claims of other writers; deletes those of writers that are gone. */
function livingClaims(folder: string, own: string): Claim[] {
  const living: Claim[] = [];
  for (const name of readdirSync(folder)) {
    const owner = name.startsWith(PREFIX) ? parseOwner(name.slice(PREFIX.length)) : undefined;
    const file = join(folder, name);
    if (owner === undefined || file === own) continue;
    if (isGone(owner) || isAbandoned(owner, name)) rmSync(file, { force: true });
    else living.push({ ...owner, file, thread: owner.rest.split('-')[1] });
  }
  return living;
}

/**
 * A worker thread that was terminated leaves its claim while its process lives on. But a claim is kept open, and Node
 * closes what a terminated thread had open: so a claim of this process that it has not open belongs to no one. Only
 * Linux tells what is open; elsewhere such a claim stands until the process ends.
 */
function isAbandoned(owner: Owner, name: string): boolean {
  if (ownerName(owner) !== ownerName(thisProcess()) || process.platform !== 'linux') return false;
  return !readdirSync('/proc/self/fd').some((descriptor) => openFile(descriptor) === name);
}

/** Undefined for a descriptor that was closed in the meantime. */
function openFile(descriptor: string): string | undefined {
  try {
    return basename(readlinkSync(`/proc/self/fd/${descriptor}`));
  } catch {
    return undefined;
  }
}

function inUse(folder: string, { host, pid, thread, file }: Claim): UserError {
  const here = host === thisProcess().host;
  const who = pid === process.pid ? `thread ${thread} of this process (pid ${pid})` : `process ${pid}`;
  return new UserError(
    here
      ? `${folder} is in use by ${who}; wait for it or stop it`
      : `${folder} is in use by process ${pid} on ${host}; if it no longer runs there, delete ${file}`,
  );
}
