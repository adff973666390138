import { Writable } from 'node:stream';
import { commands } from '../../src/cli/commands.ts';
import { type CommandIo, runCommand } from '../../src/cli/flags.ts';

/** Where a command reads and writes, and what it has written. */
export function testIo(): CommandIo & { readonly written: { stdout: string; stderr: string } } {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written): Writable =>
    new Writable({ write: (chunk, _, done) => ((written[name] += String(chunk)), done()) });
  return { stdout: stream('stdout'), stderr: stream('stderr'), env: {}, signal: new AbortController().signal, written };
}

/** Runs a command line in this process. */
export async function ngplus(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = testIo();
  const code = await runCommand({ name: 'ngplus', version: '0', summary: '', commands }, line.split(' '), io);
  return { code, ...io.written };
}
