import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { ROOT } from './build-once.ts';

/** The command line as it is installed. */
export const CLI = join(ROOT, 'dist/cli/main.js');

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
  /** Waits until standard output matches. Rejects where the process ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

export interface ProcessOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const children = new Set<ReturnType<typeof spawn>>();
const folders: string[] = [];

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder, outside of the project, for the tests of one file. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ngplus-e2e-'));
  folders.push(folder);
  return folder;
}

/** Starts a program as a user would, with no terminal. */
export function start(command: string, args: readonly string[], { cwd, env = {} }: ProcessOptions): Running {
  // What vitest sets for itself is nothing that a user has.
  const { NODE_ENV: _, NODE_OPTIONS: _2, ...inherited } = process.env;
  const child = spawn(command, [...args], { cwd, env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => {
      children.delete(child);
      resolve({ code, ...said });
    });
  });
  return {
    ended,
    signal: (signal) => void child.kill(signal),
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(said.stdout);
          if (found === null) return;
          child.stdout!.off('data', look);
          resolve(found);
        };
        child.stdout!.on('data', look);
        look();
        void ended.then(({ code, stderr }) => reject(new Error(`ended with ${code} before ${pattern}: ${stderr}`)));
      }),
  };
}

/** Runs `ngplus` with the words of a line, or with these arguments, to its end. */
export const ngplus = (line: string | readonly string[], options: ProcessOptions): Promise<Ended> =>
  startNgplus(line, options).ended;

export const startNgplus = (line: string | readonly string[], options: ProcessOptions): Running =>
  start(process.execPath, [CLI, ...(typeof line === 'string' ? line.split(' ').filter(Boolean) : line)], options);
