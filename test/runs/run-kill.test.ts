import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { createRng } from '../../src/core/rng.ts';
import type { RunConfig } from '../../src/runs/config.ts';
import { trainRun } from '../../src/runs/run.ts';
import { outcome, stopAfter, tinyConfig } from './tiny-run.ts';

const program = fileURLToPath(new URL('./run-child.ts', import.meta.url));

let folder: string;
const inside = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-kill-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a training in `run` in a process of its own. */
function start(config: RunConfig): ChildProcess {
  const file = inside('wanted.json');
  writeFileSync(file, JSON.stringify(config));
  return fork(program, [inside('run'), file], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Resolves when the child has reported progress `count` times; to false where it ended before. */
function reported(child: ChildProcess, count: number): Promise<boolean> {
  return new Promise((resolve) => {
    let seen = 0;
    child.on('message', () => ++seen === count && resolve(true));
    child.once('exit', () => resolve(false));
  });
}

describe('a run that is killed', () => {
  it(
    'again and again, at random moments, ends with the same bits as one that was not',
    { timeout: 240_000 },
    async () => {
      const config = await tinyConfig({ seed: 9, totalTimesteps: 160 * 128, evaluations: 16, keepCheckpoints: 3 });
      await trainRun(inside('through'), config, null);
      const rng = createRng(Date.now(), 'kills');
      let kills = 0;
      for (let finished = false; !finished;) {
        const child = start(config);
        const exit = once(child, 'exit');
        // The first kills hit the start, the others some update, evaluation or save.
        if (kills === 0) await once(child, 'spawn');
        else await reported(child, rng.int(5, 50));
        await new Promise((resolve) => setTimeout(resolve, rng.int(0, kills === 0 ? 400 : 12)));
        child.kill('SIGKILL');
        const [code, signal] = await exit;
        finished = existsSync(inside('run/result.json'));
        if (signal === 'SIGKILL') kills++;
        else expect(code).toBe(0);
        expect(kills).toBeLessThan(40);
      }
      expect(kills).toBeGreaterThan(1);
      // The last child may have been killed between its result and its end: what is left of it is taken away.
      await trainRun(inside('run'), config, null);
      expect(outcome(inside('run'))).toEqual(outcome(inside('through')));
    },
  );

  it('lets the next one in, but not while it lives', async () => {
    const config = await tinyConfig({ totalTimesteps: 128 * 4000, evaluations: 1 });
    const child = start(config);
    const exit = once(child, 'exit');
    expect(await reported(child, 3)).toBe(true);
    const second = trainRun(inside('run'), config, null);
    await expect(second).rejects.toThrow(UserError);
    await expect(second).rejects.toThrow(`${inside('run')} is in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await exit;
    await expect(trainRun(inside('run'), config, null, stopAfter(2))).rejects.toThrow('stopped');
  });
});

describe('a full disk', () => {
  it('ends the run with a clear error, and it goes on once there is space (file size limit)', async () => {
    const config = await tinyConfig({ netConfig: { units: 64 } });
    writeFileSync(inside('wanted.json'), JSON.stringify(config));
    // 16 kB: enough for the config, too little for a checkpoint.
    const command = 'ulimit -f 16; exec "$0" --import tsx "$1" "$2" "$3"';
    const args = [program, inside('run'), inside('wanted.json')];
    const run = spawnSync('bash', ['-c', command, process.execPath, ...args], { encoding: 'utf8' });
    const file = inside('run/checkpoints/000000000000.safetensors');
    const expected = `UserError: can't write ${file}: the file would be larger than the limit allows (EFBIG)\n`;
    expect(run.stdout + run.stderr).toBe(expected);
    await trainRun(inside('run'), config, null);
    await trainRun(inside('through'), config, null);
    expect(outcome(inside('run'))).toEqual(outcome(inside('through')));
  });

  it('does so in mid-run (a small file system, where it may be mounted)', async ({ skip }) => {
    const config = await tinyConfig({ keepCheckpoints: 2 });
    mkdirSync(inside('run'));
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', inside('run')]);
    if (mount.status !== 0) skip('mounting is not permitted here');
    try {
      const filler = inside('run/filler');
      let fills = 0;
      for (const step of [6 * 128, 13 * 128, 14 * 128]) {
        const fill = (): void => {
          for (let size = 4096; size >= 1; size = Math.floor(size / 2)) {
            try {
              for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
            } catch {
              fills++;
            }
          }
        };
        const training = trainRun(inside('run'), config, null, { progress: (now) => now.step >= step && fill() });
        await expect(training).rejects.toThrow(UserError);
        await expect(training).rejects.toThrow(/^can't write .*: no space left on the disk \(ENOSPC\)$/);
        expect(statSync(filler).size).toBeGreaterThan(0);
        rmSync(filler);
      }
      expect(fills).toBeGreaterThan(0);
      expect(readdirSync(inside('run')).filter((name) => name.startsWith('.'))).toEqual([]);
      await trainRun(inside('run'), config, null);
      await trainRun(inside('through'), config, null);
      expect(outcome(inside('run'))).toEqual(outcome(inside('through')));
    } finally {
      execFileSync('umount', [inside('run')]);
    }
  });
});
