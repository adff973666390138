import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What to run as a contender: `ngplus` is ours.ts with these words, `python` a script of bench/peers. */
export type Command =
  | { readonly kind: 'ngplus'; readonly args: readonly string[] }
  | { readonly kind: 'python'; readonly args: readonly string[]; readonly env?: Record<string, string> };

/**
 * A contender in a process of its own, on so many cores. It prints its name when it is ready, and then answers each line
 * `seconds` with the rate that it reached in a window of that length.
 */
export interface Contender {
  readonly name: string;
  rate(seconds: number): Promise<number>;
  /** Peak resident memory so far, in MB (Linux). */
  peakMemoryMb(): number;
  stop(): void;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** @throws where it ends before it is ready, with the last line of what it complained about */
export async function startContender(command: Command, cores: number, python: string | null): Promise<Contender> {
  const child = start(command, cores, python);
  let complaint = '';
  child.stderr?.on('data', (data: Buffer) => (complaint = (complaint + data).slice(-4000)));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const { value, done } = await lines.next();
    const why = complaint.split('\n').findLast((text) => /^\w*Error: /.test(text)) ?? complaint;
    if (done) throw new Error(`${command.args.join(' ')} ended without an answer: ${why}`);
    return value as string;
  };
  return {
    name: await answer(),
    async rate(seconds) {
      child.stdin?.write(`${seconds}\n`);
      return Number(await answer());
    },
    peakMemoryMb: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    stop: () => void child.kill(),
  };
}

function start(command: Command, cores: number, python: string | null): ChildProcess {
  const words =
    command.kind === 'ngplus'
      ? [process.execPath, '--import', 'tsx', `${HERE}ours.ts`, ...command.args]
      : [python as string, `${HERE}peers/${command.args[0]}`, ...command.args.slice(1)];
  const pinned = ['-c', cores === 1 ? '0' : `0-${cores - 1}`, ...words];
  const env = command.kind === 'python' ? { ...process.env, ...command.env } : process.env;
  return spawn('taskset', pinned, { env, stdio: ['pipe', 'pipe', 'pipe'] });
}
