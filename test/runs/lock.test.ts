import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { lockFolder } from '../../src/runs/lock.ts';

/** Locks the folder it is given, says `locked` or the error's message, and then waits: see lock-holder.ts. */
const holder = fileURLToPath(new URL('./lock-holder.ts', import.meta.url));

/** Node 20 does not pass tsx on to threads: they register it themselves. */
const asThread = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(holder)})));`;

const children: ChildProcess[] = [];
const workers: Worker[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  for (const worker of workers.splice(0)) await worker.terminate();
  rmSync(folder, { recursive: true, force: true });
});

async function startProcess(): Promise<{ child: ChildProcess; says: string }> {
  const child = fork(holder, [folder], { execArgv: ['--import', 'tsx'] });
  children.push(child);
  const [says] = await once(child, 'message');
  return { child, says };
}

async function startThread(): Promise<{ worker: Worker; says: string }> {
  const worker = new Worker(asThread, { eval: true, argv: [folder] });
  workers.push(worker);
  const [says] = await once(worker, 'message');
  return { worker, says };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('a folder lock', () => {
  it('refuses a second writer until it is released', async () => {
    const lock = await lockFolder(folder);
    const second = lockFolder(folder);
    await expect(second).rejects.toThrow(UserError);
    await expect(second).rejects.toThrow(
      `${folder} is in use by thread 0 of this process (pid ${process.pid}); wait for it or stop it`,
    );
    lock.release();
    lock.release();
    (await lockFolder(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('makes the folder', async () => {
    (await lockFolder(join(folder, 'new/run'))).release();
    expect(readdirSync(join(folder, 'new/run'))).toEqual([]);
  });

  it('names the other process, and takes over when that was killed', async () => {
    const { child, says } = await startProcess();
    expect(says).toBe('locked');
    await expect(lockFolder(folder)).rejects.toThrow(`${folder} is in use by process ${child.pid}; wait for it`);
    await kill(child);
    (await lockFolder(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses another thread of the process, and takes over when that was terminated', async () => {
    const { worker, says } = await startThread();
    expect(says).toBe('locked');
    await expect(lockFolder(folder)).rejects.toThrow(`thread ${worker.threadId} of this process`);
    await worker.terminate();
    // Only Linux tells which files are open.
    if (process.platform === 'linux') (await lockFolder(folder)).release();
  });

  it('lets exactly one of several processes and threads in, also over the claim of a dead one', async () => {
    const first = await startProcess();
    await kill(first.child);
    const processes = await Promise.all([startProcess(), startProcess(), startProcess()]);
    const threads = await Promise.all([startThread(), startThread()]);
    const answers = [...processes, ...threads].map(({ says }) => says);
    expect(answers.filter((says) => says === 'locked')).toHaveLength(1);
    expect(answers.filter((says) => says.includes(' is in use by '))).toHaveLength(4);
  });

  it('does not take a process for the owner that only has its number', async () => {
    const host = hostname().replace(/[^A-Za-z0-9.]/g, '_');
    writeFileSync(join(folder, `.lock-${host}-${process.ppid}-1-0-abcdef`), '');
    (await lockFolder(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('believes another host, and says what to delete', async () => {
    const claim = join(folder, '.lock-elsewhere-12-34-0-abcdef');
    writeFileSync(claim, '');
    await expect(lockFolder(folder)).rejects.toThrow(
      `${folder} is in use by process 12 on elsewhere; if it no longer runs there, delete ${claim}`,
    );
  });
});
