import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { end } from '../servers/process.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** `ngplus` from its sources, as a process of its own. */
export interface NgplusProcess {
  readonly child: ChildProcess;
  /** All it has said. */
  lines(): string[];
  /** Waits for a line. */
  says(pattern: RegExp): Promise<string>;
  stop(): Promise<void>;
}

export const startWorkerProcess = (url: string): NgplusProcess =>
  startNgplusProcess('worker', '--queue', url, '--threads', '1');

export function startNgplusProcess(...words: readonly string[]): NgplusProcess {
  const args = ['--import', 'tsx', MAIN, ...words];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const lines = (): string[] => said.split('\n');
  return {
    child,
    lines,
    async says(pattern) {
      for (;;) {
        const found = lines().find((line) => pattern.test(line));
        if (found !== undefined) return found;
        if (child.exitCode !== null) throw new Error(`ended before ${pattern}: ${said}`);
        await Promise.race([once(child.stderr, 'data'), once(child, 'exit')]);
      }
    },
    async stop() {
      // One that a test froze hears of nothing.
      child.kill('SIGCONT');
      await end(child);
    },
  };
}
